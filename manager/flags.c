#include "manager/flags.h"

#include "base/option_help.h"
#include "base/option_line.h"
#include "domain/schema.h"
#include "hooks/protocol.h"
#include "manager/options.h"
#include "manager/plugin_socket.h"

#define MEMBER(name) offsetof(struct manager_flags, name)

static const struct option_row rows[] = {
    {"plugin-socket", OPTION_TEXT, MEMBER(plugin_socket), .sets = MANAGER_FLAGS_SERVE,
        .argument = "PATH", .missing = "where to serve", .check = manager_plugin_socket_check,
        .names_itself = true, .is_path = true,
        .help = "the socket to serve on; the Plugin's socketPath"},
    {"sidecars", OPTION_SIZE, MEMBER(sidecars), .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_SERVE,
        .argument = "N", .most = MANAGER_MAX_SIDECARS, .missing = "how many to wait for",
        .help = "how many sidecars to wait for"},
    {"timeout", OPTION_DURATION, MEMBER(timeout_ms),
        .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_SERVE, .argument = "TIME",
        .initial = "300s", /* KubeVirt waits for 240 to 359 s */
        .help = "how long to wait for them: 30s, 2m, ... (default 300s)"},
    {"sidecars", OPTION_SIZE, MEMBER(sidecars), .sets = MANAGER_FLAGS_PRESENT, .argument = "N",
        .most = MANAGER_MAX_SIDECARS,
        .help = "accepted for scripts that pass it to every command, and\nignored"},
    {"timeout", OPTION_DURATION, MEMBER(timeout_ms), .sets = MANAGER_FLAGS_PRESENT,
        .argument = "TIME", .initial = "5s",
        .help = "how long to wait for their answers to Info (default 5s)"},
    {"socket-dir", OPTION_TEXT, MEMBER(socket_directory), .argument = "DIR", .is_path = true,
        .help = "where their sockets are (default " HOOKS_SOCKET_DIRECTORY ")"},
    {"annotation-file", OPTION_TEXT, MEMBER(annotation_file), .argument = "FILE", .is_path = true,
        .help = "text of the hookSidecars annotation, for each sidecar's\n"
                "timeoutSeconds and failurePolicy"},
    {"vmi", OPTION_TEXT, MEMBER(vmi), .sets = MANAGER_FLAGS_VMI, .argument = "FILE",
        .is_path = true, .help = "the VMI as JSON, for the hooks (default {})"},
    {"launcher-socket", OPTION_TEXT, MEMBER(launcher_socket), .sets = MANAGER_FLAGS_SERVE,
        .argument = "PATH", .is_path = true,
        .help = "virt-launcher's own socket; when nothing listens there any\n"
                "longer, the VM has ended: send Shutdown and exit"},
    {"grace", OPTION_DURATION, MEMBER(grace_ms), .sets = MANAGER_FLAGS_SERVE, .argument = "TIME",
        .initial = "10s", /* with the Shutdown calls, half of a pod's default grace period */
        .help = "how long to let a running request finish on shutdown\n(default 10s)"},
    {"schema", OPTION_TEXT, MEMBER(schema), .sets = MANAGER_FLAGS_DOMAIN | MANAGER_FLAGS_SERVE,
        .argument = "FILE", .bare = DOMAIN_SCHEMA_PATH, .is_path = true,
        .help = "check each domain against libvirt's schema\n(default " DOMAIN_SCHEMA_PATH ")"},
    {"warn-after", OPTION_DURATION, MEMBER(slow_chain_ms),
        .sets = MANAGER_FLAGS_VMI | MANAGER_FLAGS_SERVE, .argument = "TIME",
        .help = "warn about a chain that takes longer (default 15s)"},
    {"trace", OPTION_TEXT, MEMBER(trace), .sets = MANAGER_FLAGS_VMI | MANAGER_FLAGS_SERVE,
        .argument = "DIR", .is_path = true,
        .help = "keep each hop's input, output, diff and time there"},
    {"timings", OPTION_TEXT, MEMBER(timings), .sets = MANAGER_FLAGS_COLLECT | MANAGER_FLAGS_PRESENT,
        .argument = "FILE", .is_path = true,
        .help = "append one JSON object with the times of this run"},
    {"log-format", OPTION_PARSED, MEMBER(log_format), .argument = "text|json", .initial = "json",
        .parse = option_parse_log_format, .names_itself = true,
        .help = "format of log lines (default json)"},
    {"log-level", OPTION_PARSED, MEMBER(log_level), .argument = "LEVEL", .initial = "info",
        .parse = option_parse_log_level, .names_itself = true,
        .help = "debug, info (default), warning or error"},
    {"help", OPTION_SWITCH, MEMBER(help), 'h', .help = "show this help"},
};

static struct option_table table_of(unsigned sets)
{
    return (struct option_table){
        .rows = rows, .count = ARRAY_SIZE(rows), .set = sets, .manner = OPTION_NO_EMPTY};
}

char *manager_flags_required(unsigned sets)
{
    const struct option_table table = table_of(sets);
    return option_help_required(&table);
}

void manager_flags_describe(FILE *out, unsigned sets)
{
    const struct option_table table = table_of(sets);
    option_help_write(out, &table, &(struct option_help_style){.column = 29, .letters = true});
}

/* Checks that the required flags are given. operand is the first word that is not a flag, or
 * NULL. */
static int check(const struct option_table *table, const struct manager_flags *flags,
    const struct option_line *line, const char *operand, struct error **err)
{
    if (operand != NULL)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"%s", operand,
            flags->schema != NULL ? " (give a schema file as --schema=FILE)" : "");
    if (option_line_require(table, line, "sidecars", err) < 0)
        return -1;
    return option_line_require(table, line, "plugin-socket", err);
}

int manager_flags_parse(
    int argc, char **argv, unsigned sets, struct manager_flags *out, struct error **err)
{
    const struct option_table table = table_of(sets);
    struct option_line line;
    *out = (struct manager_flags){0};
    option_set_defaults(&table, out);
    int result = option_line_read(&table, argc, argv, out, &line, err);
    if (result == 0 && !out->help)
        result = check(&table, out, &line, argv[line.operands], err);
    option_line_clear(&line);
    return result;
}

void manager_flags_clear(struct manager_flags *flags)
{
    const struct option_table table = table_of(0);
    option_clear(&table, flags);
}
