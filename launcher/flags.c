#include "launcher/flags.h"

#include "base/option_help.h"
#include "base/option_line.h"
#include "domain/schema.h"
#include "hooks/protocol.h"
#include "manager/manager.h"

static int check_absolute(const char *path, struct error **err)
{
    return path[0] == '/' ? 0 : error_set(err, ERROR_USAGE, "\"%s\" is not an absolute path", path);
}

#define MEMBER(name) offsetof(struct launcher_flags, name)

static const struct option_row rows[] = {
    {"vmi", OPTION_TEXT_OR_EMPTY, MEMBER(vmi), .argument = "FILE",
        .missing = "the machine to launch", .is_path = true, .dash_is_stdin = true,
        .help =
            "the VirtualMachineInstance or VirtualMachine, as YAML or\nJSON; - is standard input"},
    {"sidecars", OPTION_SIZE, MEMBER(sidecars), .argument = "N", .most = MANAGER_MAX_SIDECARS,
        .missing = "how many to wait for",
        .help = "how many hook sidecars to wait for (0 in a dry run)"},
    {"timeout", OPTION_DURATION, MEMBER(timeout_ms), .argument = "TIME",
        .initial = "300s", /* KubeVirt waits for 240 to 359 s */
        .help = "how long to wait for them: 30s, 2m, ... (default 300s)"},
    {"socket-dir", OPTION_TEXT_OR_EMPTY, MEMBER(socket_directory), .argument = "DIR",
        .is_path = true, .help = "where their sockets are (default " HOOKS_SOCKET_DIRECTORY ")"},
    {"annotation-file", OPTION_TEXT_OR_EMPTY, MEMBER(annotation_file), .argument = "FILE",
        .is_path = true,
        .help = "text of the hookSidecars annotation, for each sidecar's\n"
                "timeoutSeconds and failurePolicy (default: the VMI's)"},
    {"connect", OPTION_TEXT_OR_EMPTY, MEMBER(connect), .argument = "URI",
        .help = "the libvirt that starts it (default: QEMU's driver in this\n"
                "process, which needs no daemon)"},
    {"container-disk", OPTION_PAIRS, MEMBER(container_disks), .argument = "NAME=PATH",
        .is_path = true,
        .help =
            "the image of the containerDisk volume NAME, which is never\nwritten to; repeatable"},
    {"pvc", OPTION_PAIRS, MEMBER(pvcs), .argument = "NAME=PATH", .is_path = true,
        .help = "the image, device or directory of the claim NAME; repeatable"},
    {"overlay", OPTION_PAIRS, MEMBER(overlays), .argument = "NAME=PATH", .is_path = true,
        .help = "a qcow2 overlay over the image of the claim NAME: it keeps\n"
                "what the guest writes, and the image is never written to;\nrepeatable"},
    {"volume-dir", OPTION_PAIRS, MEMBER(directories), .argument = "NAME=PATH", .is_path = true,
        .help = "the files of the configMap, secret, downwardAPI, sysprep,\n"
                "serviceAccount or cloud-init volume NAME; repeatable"},
    {"port", OPTION_PAIRS, MEMBER(ports), .argument = "GUEST=HERE",
        .help = "forward the port HERE of this machine to the port GUEST (22,\n"
                "53/udp) of the guest, of an interface that lists it, else\n"
                "of its first one; repeatable"},
    {"console", OPTION_TEXT_OR_EMPTY, MEMBER(console), .argument = "FILE|-", .is_path = true,
        .help = "write the guest's serial console there"},
    {"trace", OPTION_TEXT_OR_EMPTY, MEMBER(trace), .argument = "DIR", .is_path = true,
        .help = "keep each hop's input, output, diff and time there"},
    {"tmp-dir", OPTION_TEXT_OR_EMPTY, MEMBER(temporary_directory), .argument = "DIR",
        .check = check_absolute, .is_path = true,
        .help = "where to create temporary files, a short path (default\n$TMPDIR, or /tmp)"},
    {"schema", OPTION_TEXT_OR_EMPTY, MEMBER(schema), .argument = "FILE",
        .initial = DOMAIN_SCHEMA_PATH, .is_path = true,
        .help = "libvirt's domain schema\n(default " DOMAIN_SCHEMA_PATH ")"},
    {"warn-after", OPTION_DURATION, MEMBER(slow_chain_ms), .argument = "TIME",
        .help = "warn about a chain that takes longer (default 15s)"},
    {"dry-run", OPTION_SWITCH, MEMBER(dry_run),
        .help = "print the domain instead of starting it; images need not\nexist"},
    {"twice", OPTION_SWITCH, MEMBER(twice),
        .help = "call the OnDefineDomain hooks twice, as KubeVirt does: first\n"
                "with the domain in which it counts PCI slots, for nothing\n"
                "but their errors"},
    {"termination-log", OPTION_TEXT_OR_EMPTY, MEMBER(termination_log), .argument = "FILE",
        .is_path = true,
        .help = "on failure, write one JSON object there (default\n" LAUNCHER_TERMINATION_LOG
                ", if it exists)"},
    {"ready-file", OPTION_TEXT_OR_EMPTY, MEMBER(ready_file), .argument = "FILE", .is_path = true,
        .help = "an empty file that exists while the guest runs, for a\nKubernetes probe"},
    {"log-format", OPTION_PARSED, MEMBER(log_format), .argument = "text|json", .initial = "json",
        .parse = option_parse_log_format, .names_itself = true,
        .help = "format of log lines (default json)"},
    {"log-level", OPTION_PARSED, MEMBER(log_level), .argument = "LEVEL", .initial = "info",
        .parse = option_parse_log_level, .names_itself = true,
        .help = "debug, info (default), warning or error"},
    {"version", OPTION_SWITCH, MEMBER(version), .help = "show the version"},
    {"help", OPTION_SWITCH, MEMBER(help), 'h', .help = "show this help"},
};

static const struct option_table table = {.rows = rows, .count = ARRAY_SIZE(rows)};

void launcher_flags_describe(FILE *out)
{
    option_help_write(out, &table, &(struct option_help_style){.column = 33, .letters = true});
}

/* Checks that the required flags are given. operand is the first word that is not a flag, or
 * NULL. */
static int check(const struct launcher_flags *flags, const struct option_line *line,
    const char *operand, struct error **err)
{
    if (operand != NULL)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"", operand);
    if (flags->help || flags->version)
        return 0;
    if (option_line_require(&table, line, "vmi", err) < 0)
        return -1;
    return flags->dry_run ? 0 : option_line_require(&table, line, "sidecars", err);
}

int launcher_flags_parse(int argc, char **argv, struct launcher_flags *out, struct error **err)
{
    struct option_line line;
    *out = (struct launcher_flags){0};
    option_set_defaults(&table, out);
    int result = option_line_read(&table, argc, argv, out, &line, err);
    if (result == 0)
        result = check(out, &line, argv[line.operands], err);
    option_line_clear(&line);
    return result;
}

void launcher_flags_clear(struct launcher_flags *flags)
{
    option_clear(&table, flags);
}
