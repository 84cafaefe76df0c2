#include "manager/flags.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/flag.h"
#include "base/text.h"
#include "domain/schema.h"
#include "manager/manager.h"
#include "manager/options.h"
#include "manager/plugin_socket.h"

/* A flag of the table; its number is what getopt_long(3) returns. */
enum flag {
    FLAG_SIDECARS = 256,
    FLAG_TIMEOUT,
    FLAG_SOCKET_DIRECTORY,
    FLAG_VMI,
    FLAG_ANNOTATION_FILE,
    FLAG_SCHEMA,
    FLAG_WARN_AFTER,
    FLAG_TRACE,
    FLAG_TIMINGS,
    FLAG_PLUGIN_SOCKET,
    FLAG_LAUNCHER_SOCKET,
    FLAG_GRACE,
    FLAG_LOG_FORMAT,
    FLAG_LOG_LEVEL,
    FLAG_HELP = 'h',
};

static const struct {
    int id;
    unsigned sets; /* the subcommands that have it; 0: all */
    const char *name;
    const char *argument; /* NULL: none; "[=X]": optional */
    const char *help;
} table[] = {
    {FLAG_PLUGIN_SOCKET, MANAGER_FLAGS_SERVE, "plugin-socket", "PATH",
        "the socket to serve on; the Plugin's socketPath"},
    {FLAG_SIDECARS, MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_SERVE, "sidecars", "N",
        "how many sidecars to wait for"},
    {FLAG_TIMEOUT, MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_SERVE, "timeout", "TIME",
        "how long to wait for them, as 30s or 2m (default 300s)"},
    {FLAG_SIDECARS, MANAGER_FLAGS_PRESENT, "sidecars", "N",
        "allowed for scripts that give it everywhere, and not\nneeded"},
    {FLAG_TIMEOUT, MANAGER_FLAGS_PRESENT, "timeout", "TIME",
        "how long to wait for what they announce (default 5s)"},
    {FLAG_SOCKET_DIRECTORY, 0, "socket-dir", "DIR",
        "where their sockets are (default " HOOKS_SOCKET_DIRECTORY ")"},
    {FLAG_ANNOTATION_FILE, 0, "annotation-file", "FILE",
        "the text of the hookSidecars annotation, for each sidecar's\n"
        "timeoutSeconds and failurePolicy"},
    {FLAG_VMI, MANAGER_FLAGS_VMI, "vmi", "FILE", "the VMI as JSON, for the hooks (default {})"},
    {FLAG_LAUNCHER_SOCKET, MANAGER_FLAGS_SERVE, "launcher-socket", "PATH",
        "virt-launcher's own socket; when nobody listens there any\n"
        "more, the VM has ended: send Shutdown and exit"},
    {FLAG_GRACE, MANAGER_FLAGS_SERVE, "grace", "TIME",
        "how long a request under way may go on at the end\n(default 10s)"},
    {FLAG_SCHEMA, MANAGER_FLAGS_DOMAIN | MANAGER_FLAGS_SERVE, "schema", "[=FILE]",
        "check each domain with libvirt's schema\n(default " DOMAIN_SCHEMA_PATH ")"},
    {FLAG_WARN_AFTER, MANAGER_FLAGS_VMI | MANAGER_FLAGS_SERVE, "warn-after", "TIME",
        "warn about a chain that runs longer (default 15s)"},
    {FLAG_TRACE, MANAGER_FLAGS_VMI | MANAGER_FLAGS_SERVE, "trace", "DIR",
        "keep each hop's input, output, diff and time there"},
    {FLAG_TIMINGS, MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_PRESENT, "timings", "FILE",
        "append one JSON object with the times of this run"},
    {FLAG_LOG_FORMAT, 0, "log-format", "text|json", "how log lines look (default json)"},
    {FLAG_LOG_LEVEL, 0, "log-level", "LEVEL", "debug, info (default), warning or error"},
    {FLAG_HELP, 0, "help", NULL, "show this help"},
};

static bool has_flag(unsigned sets, size_t i)
{
    return table[i].sets == 0 || (table[i].sets & sets) != 0;
}

static bool is_optional(const char *argument)
{
    return argument != NULL && argument[0] == '[';
}

const char *manager_flags_required(unsigned sets)
{
    if ((sets & MANAGER_FLAGS_SERVE) != 0)
        return "--plugin-socket PATH --sidecars N ";
    return (sets & MANAGER_FLAGS_COLLECT) != 0 ? "--sidecars N " : "";
}

void manager_flags_describe(FILE *out, unsigned sets)
{
    enum { COLUMN = 26 };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (!has_flag(sets, i))
            continue;
        const char *argument = table[i].argument != NULL ? table[i].argument : "";
        auto_free char *left =
            xasprintf("%s --%s%s%s", table[i].id == FLAG_HELP ? "-h," : "   ", table[i].name,
                table[i].argument != NULL && !is_optional(argument) ? " " : "", argument);
        flag_describe(out, COLUMN, left, table[i].help);
    }
}

static int refuse(const char *word, unsigned sets, struct error **err)
{
    const char *names[ARRAY_SIZE(table)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (has_flag(sets, i))
            names[count++] = table[i].name;
    }
    return flag_refuse(word, names, count, err);
}

static int parse_sidecars(const char *value, struct manager_flags *out, struct error **err)
{
    long count = 0;
    if (!text_parse_int(value, 0, MANAGER_MAX_SIDECARS, &count))
        return error_set(err, ERROR_USAGE, "--sidecars: \"%s\" is no number from 0 to %d", value,
            MANAGER_MAX_SIDECARS);
    out->sidecars = (size_t)count;
    out->sidecars_given = true;
    return 0;
}

static int flag_take(int id, const char *value, struct manager_flags *out, struct error **err)
{
    switch (id) {
    case FLAG_SIDECARS:
        return parse_sidecars(value, out, err);
    case FLAG_TIMEOUT:
        return flag_parse_duration("timeout", value, &out->timeout_ms, err);
    case FLAG_WARN_AFTER:
        return flag_parse_duration("warn-after", value, &out->slow_chain_ms, err);
    case FLAG_LOG_FORMAT:
        return log_format_parse(value, &out->log_format, err);
    case FLAG_LOG_LEVEL:
        return log_level_parse(value, &out->log_level, err);
    case FLAG_SOCKET_DIRECTORY:
        out->socket_directory = value;
        break;
    case FLAG_PLUGIN_SOCKET:
        out->plugin_socket = value;
        return manager_plugin_socket_check(value, err);
    case FLAG_GRACE:
        return flag_parse_duration("grace", value, &out->grace_ms, err);
    case FLAG_LAUNCHER_SOCKET:
        out->launcher_socket = value;
        break;
    case FLAG_VMI:
        out->vmi = value;
        break;
    case FLAG_ANNOTATION_FILE:
        out->annotation_file = value;
        break;
    case FLAG_SCHEMA:
        out->schema = value != NULL ? value : DOMAIN_SCHEMA_PATH;
        break;
    case FLAG_TRACE:
        out->trace = value;
        break;
    case FLAG_TIMINGS:
        out->timings = value;
        break;
    default:
        out->help = true;
        break;
    }
    return 0;
}

/* The table for getopt_long(3), of the flags that the subcommand has. */
static void fill_options(struct option *options, unsigned sets)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (!has_flag(sets, i))
            continue;
        *options++ = (struct option){
            .name = table[i].name,
            .has_arg = table[i].argument == NULL        ? no_argument
                       : is_optional(table[i].argument) ? optional_argument
                                                        : required_argument,
            .val = table[i].id,
        };
    }
}

int manager_flags_parse(
    int argc, char **argv, unsigned sets, struct manager_flags *out, struct error **err)
{
    bool collects = (sets & (MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_SERVE)) != 0;
    *out = (struct manager_flags){
        .timeout_ms = collects ? MANAGER_COLLECT_TIMEOUT_MS : MANAGER_PRESENT_TIMEOUT_MS,
        .grace_ms = MANAGER_GRACE_MS,
        .log_format = LOG_JSON,
        .log_level = LOG_INFO,
    };
    struct option options[ARRAY_SIZE(table) + 1] = {0};
    fill_options(options, sets);
    opterr = 0;
    optind = 0;
    for (;;) {
        int position = 0;
        int id = getopt_long(argc, argv, ":h", options, &position);
        if (id < 0)
            break;
        if (id == ':')
            return error_set(err, ERROR_USAGE, "%s needs a value", argv[optind - 1]);
        if (id == '?')
            return refuse(argv[optind - 1], sets, err);
        if (optarg != NULL && optarg[0] == '\0')
            return error_set(err, ERROR_USAGE, "--%s: its value is empty", options[position].name);
        if (flag_take(id, optarg, out, err) < 0)
            return -1;
    }
    if (out->help)
        return 0;
    if (optind < argc)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"%s", argv[optind],
            out->schema != NULL ? " (a schema's file is given as --schema=FILE)" : "");
    if (collects && !out->sidecars_given)
        return error_set(err, ERROR_USAGE, "--sidecars N is missing: how many to wait for");
    if ((sets & MANAGER_FLAGS_SERVE) != 0 && out->plugin_socket == NULL)
        return error_set(err, ERROR_USAGE, "--plugin-socket PATH is missing: where to serve");
    return 0;
}
