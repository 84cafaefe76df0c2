#include "launcher/flags.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/flag.h"
#include "base/text.h"
#include "domain/schema.h"
#include "hooks/protocol.h"
#include "manager/manager.h"

enum { MAX_SIDECARS = 256 }; /* the annotation's 64, and network bindings */

/* A flag of the table; its number is what getopt_long(3) returns. */
enum flag {
    FLAG_VMI = 256,
    FLAG_SIDECARS,
    FLAG_TIMEOUT,
    FLAG_SOCKET_DIRECTORY,
    FLAG_ANNOTATION_FILE,
    FLAG_CONNECT,
    FLAG_CONTAINER_DISK,
    FLAG_PVC,
    FLAG_VOLUME_DIRECTORY,
    FLAG_CONSOLE,
    FLAG_TRACE,
    FLAG_TEMPORARY_DIRECTORY,
    FLAG_SCHEMA,
    FLAG_WARN_AFTER,
    FLAG_DRY_RUN,
    FLAG_TERMINATION_LOG,
    FLAG_READY_FILE,
    FLAG_LOG_FORMAT,
    FLAG_LOG_LEVEL,
    FLAG_VERSION,
    FLAG_HELP = 'h',
};

static const struct {
    int id;
    const char *name;
    const char *argument; /* NULL: none */
    const char *help;
} table[] = {
    {FLAG_VMI, "vmi", "FILE",
        "the VirtualMachineInstance or VirtualMachine, as YAML or\nJSON; - is standard input"},
    {FLAG_SIDECARS, "sidecars", "N", "how many hook sidecars to wait for (0 in a dry run)"},
    {FLAG_TIMEOUT, "timeout", "TIME", "how long to wait for them, as 30s or 2m (default 300s)"},
    {FLAG_SOCKET_DIRECTORY, "socket-dir", "DIR",
        "where their sockets are (default " HOOKS_SOCKET_DIRECTORY ")"},
    {FLAG_ANNOTATION_FILE, "annotation-file", "FILE",
        "the text of the hookSidecars annotation, for each sidecar's\n"
        "timeoutSeconds and failurePolicy (default: the VMI's)"},
    {FLAG_CONNECT, "connect", "URI",
        "the libvirt to start it with (default: QEMU's driver in\n"
        "this process, which needs no daemon)"},
    {FLAG_CONTAINER_DISK, "container-disk", "NAME=PATH",
        "the image of the containerDisk volume NAME, which stays as\nit is; repeatable"},
    {FLAG_PVC, "pvc", "NAME=PATH", "the image, device or directory of the claim NAME; repeatable"},
    {FLAG_VOLUME_DIRECTORY, "volume-dir", "NAME=PATH",
        "the files of the configMap, secret, downwardAPI or\ncloud-init volume NAME; repeatable"},
    {FLAG_CONSOLE, "console", "FILE|-", "the guest's serial console goes there"},
    {FLAG_TRACE, "trace", "DIR", "keep each hop's input, output, diff and time there"},
    {FLAG_TEMPORARY_DIRECTORY, "tmp-dir", "DIR",
        "where temporary files are made, a short path (default\n$TMPDIR, or /tmp)"},
    {FLAG_SCHEMA, "schema", "FILE",
        "libvirt's schema of domains\n(default " DOMAIN_SCHEMA_PATH ")"},
    {FLAG_WARN_AFTER, "warn-after", "TIME", "warn about a chain that runs longer (default 15s)"},
    {FLAG_DRY_RUN, "dry-run", NULL,
        "print the domain instead of starting it; images need not\nbe there"},
    {FLAG_TERMINATION_LOG, "termination-log", "FILE",
        "on failure, one JSON object is written there (default\n" LAUNCHER_TERMINATION_LOG
        ", where it exists)"},
    {FLAG_READY_FILE, "ready-file", "FILE",
        "an empty file that is there while the guest runs, for a\nprobe of Kubernetes"},
    {FLAG_LOG_FORMAT, "log-format", "text|json", "how log lines look (default json)"},
    {FLAG_LOG_LEVEL, "log-level", "LEVEL", "debug, info (default), warning or error"},
    {FLAG_VERSION, "version", NULL, "show the version"},
    {FLAG_HELP, "help", NULL, "show this help"},
};

void launcher_flags_describe(FILE *out)
{
    enum { COLUMN = 30 };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        auto_free char *left = xasprintf("%s --%s%s%s", table[i].id == FLAG_HELP ? "-h," : "   ",
            table[i].name, table[i].argument != NULL ? " " : "",
            table[i].argument != NULL ? table[i].argument : "");
        flag_describe(out, COLUMN, left, table[i].help);
    }
}

static int refuse(const char *word, struct error **err)
{
    const char *names[ARRAY_SIZE(table)];
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        names[i] = table[i].name;
    return flag_refuse(word, names, ARRAY_SIZE(names), err);
}

static int parse_sidecars(const char *value, size_t *out, struct error **err)
{
    long count = 0;
    if (!text_parse_int(value, 0, MAX_SIDECARS, &count))
        return error_set(
            err, ERROR_USAGE, "--sidecars: \"%s\" is no number from 0 to %d", value, MAX_SIDECARS);
    *out = (size_t)count;
    return 0;
}

static int parse_mapping(
    const char *flag, const char *value, struct machine_mappings *mappings, struct error **err)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value || equals[1] == '\0')
        return error_set(
            err, ERROR_USAGE, "--%s: \"%s\" is not of the form NAME=PATH", flag, value);
    auto_free char *name = xstrndup(value, (size_t)(equals - value));
    for (size_t i = 0; i < mappings->count; i++) {
        if (streq(mappings->items[i].name, name))
            return error_set(err, ERROR_USAGE, "--%s: %s is given twice", flag, name);
    }
    mappings->items = xreallocarray(mappings->items, mappings->count + 1, sizeof(*mappings->items));
    mappings->items[mappings->count++] =
        (struct machine_mapping){.name = steal(&name), .path = xstrdup(equals + 1)};
    return 0;
}

static int parse_directory(
    const char *name, const char *value, const char **out, struct error **err)
{
    if (value[0] != '/')
        return error_set(err, ERROR_USAGE, "--%s: \"%s\" is no absolute path", name, value);
    *out = value;
    return 0;
}

/* Takes a flag whose value has to be understood. Returns 1 for any other. */
static int take_parsed(int id, const char *value, struct launcher_flags *out, struct error **err)
{
    switch (id) {
    case FLAG_SIDECARS:
        return parse_sidecars(value, &out->sidecars, err);
    case FLAG_TIMEOUT:
        return flag_parse_duration("timeout", value, &out->timeout_ms, err);
    case FLAG_WARN_AFTER:
        return flag_parse_duration("warn-after", value, &out->slow_chain_ms, err);
    case FLAG_CONTAINER_DISK:
        return parse_mapping("container-disk", value, &out->container_disks, err);
    case FLAG_PVC:
        return parse_mapping("pvc", value, &out->pvcs, err);
    case FLAG_VOLUME_DIRECTORY:
        return parse_mapping("volume-dir", value, &out->directories, err);
    case FLAG_TEMPORARY_DIRECTORY:
        return parse_directory("tmp-dir", value, &out->temporary_directory, err);
    case FLAG_LOG_FORMAT:
        return log_format_parse(value, &out->log_format, err);
    case FLAG_LOG_LEVEL:
        return log_level_parse(value, &out->log_level, err);
    default:
        return 1;
    }
}

/* Takes a flag as it is. */
static void take_plain(int id, const char *value, struct launcher_flags *out)
{
    switch (id) {
    case FLAG_VMI:
        out->vmi = value;
        break;
    case FLAG_SOCKET_DIRECTORY:
        out->socket_directory = value;
        break;
    case FLAG_ANNOTATION_FILE:
        out->annotation_file = value;
        break;
    case FLAG_CONNECT:
        out->connect = value;
        break;
    case FLAG_CONSOLE:
        out->console = value;
        break;
    case FLAG_TRACE:
        out->trace = value;
        break;
    case FLAG_SCHEMA:
        out->schema = value;
        break;
    case FLAG_TERMINATION_LOG:
        out->termination_log = value;
        break;
    case FLAG_READY_FILE:
        out->ready_file = value;
        break;
    case FLAG_DRY_RUN:
        out->dry_run = true;
        break;
    case FLAG_VERSION:
        out->version = true;
        break;
    default:
        out->help = true;
        break;
    }
}

/* Takes the words one after another. *given tells which flags were there, by their place in the
 * table. */
static int take_all(
    int argc, char **argv, struct launcher_flags *out, bool *given, struct error **err)
{
    struct option options[ARRAY_SIZE(table) + 1] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        options[i] = (struct option){
            .name = table[i].name,
            .has_arg = table[i].argument != NULL ? required_argument : no_argument,
            .val = table[i].id,
        };
    opterr = 0;
    optind = 0;
    int id = 0;
    while ((id = getopt_long(argc, argv, ":h", options, NULL)) >= 0) {
        if (id == ':')
            return error_set(err, ERROR_USAGE, "%s needs a value", argv[optind - 1]);
        if (id == '?')
            return refuse(argv[optind - 1], err);
        int taken = take_parsed(id, optarg, out, err);
        if (taken < 0)
            return -1;
        if (taken > 0)
            take_plain(id, optarg, out);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
            given[i] |= table[i].id == id;
    }
    if (optind < argc)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"", argv[optind]);
    return 0;
}

static bool was_given(const bool *given, int id)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (table[i].id == id)
            return given[i];
    }
    return false;
}

int launcher_flags_parse(int argc, char **argv, struct launcher_flags *out, struct error **err)
{
    *out = (struct launcher_flags){
        .timeout_ms = LAUNCHER_COLLECT_TIMEOUT_MS,
        .schema = DOMAIN_SCHEMA_PATH,
        .log_format = LOG_JSON,
        .log_level = LOG_INFO,
    };
    bool given[ARRAY_SIZE(table)] = {0};
    if (take_all(argc, argv, out, given, err) < 0)
        return -1;
    if (out->help || out->version)
        return 0;
    if (out->vmi == NULL)
        return error_set(err, ERROR_USAGE, "--vmi FILE is missing: the machine to launch");
    if (!was_given(given, FLAG_SIDECARS) && !out->dry_run)
        return error_set(err, ERROR_USAGE, "--sidecars N is missing: how many to wait for");
    return 0;
}

static void mappings_clear(struct machine_mappings *mappings)
{
    for (size_t i = 0; i < mappings->count; i++) {
        free(mappings->items[i].name);
        free(mappings->items[i].path);
    }
    free(mappings->items);
}

void launcher_flags_clear(struct launcher_flags *flags)
{
    mappings_clear(&flags->container_disks);
    mappings_clear(&flags->pvcs);
    mappings_clear(&flags->directories);
}
