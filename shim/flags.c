#include "shim/flags.h"

#include <unistd.h>

#include "base/option_help.h"
#include "base/option_line.h"
#include "base/text.h"
#include "hooks/protocol.h"

static int parse_version(const char *text, void *member, struct error **err)
{
    enum hooks_version version = hooks_version_find(text);
    if (version < HOOKS_VERSIONS) {
        *(const char **)member = hooks_versions[version];
        return 0;
    }
    auto_free char *hint = suggest_hint(text, hooks_versions, HOOKS_VERSIONS);
    auto_free char *known = text_list(hooks_versions, HOOKS_VERSIONS);
    return error_set(
        err, ERROR_USAGE, "\"%s\" is not a hook protocol version: use %s%s", text, known, hint);
}

static int refuse(const char *word, const char *nearest, struct error **err)
{
    auto_free char *hint =
        nearest != NULL ? xasprintf(" (did you mean --%s?)", nearest) : xstrdup("");
    return error_set(
        err, ERROR_USAGE, "%s is not a flag of sidecar-shim%s; --help lists them", word, hint);
}

#define MEMBER(name) offsetof(struct shim_flags, name)

static const struct option_row rows[] = {
    {"version", OPTION_PARSED, MEMBER(version), .argument = "VERSION", .parse = parse_version,
        .help = "hook protocol version: " HOOKS_VERSIONS_ALL " (required)"},
    {"socket-dir", OPTION_TEXT_OR_EMPTY, MEMBER(socket_directory), .argument = "DIR",
        .initial = HOOKS_SOCKET_DIRECTORY, .is_path = true,
        .help = "where to create the socket (" HOOKS_SOCKET_DIRECTORY ")"},
    {"stdin", OPTION_SWITCH, MEMBER(use_stdin),
        .help = "pass hooks one JSON object on standard input, not arguments"},
    {"timeout", OPTION_DURATION, MEMBER(timeout_ms), .argument = "DURATION",
        .help = "end a hook after this long (the caller's deadline, or 60s)"},
    {"kill-grace", OPTION_DURATION, MEMBER(kill_grace_ms), .argument = "DURATION", .initial = "2s",
        .help = "time between SIGTERM and SIGKILL to a hook (2s)"},
    {"log-format", OPTION_PARSED, MEMBER(log_format), .argument = "FORMAT",
        .parse = option_parse_log_format, .names_itself = true,
        .help = "json or text (json; text on a terminal)"},
    {"log-level", OPTION_PARSED, MEMBER(log_level), .argument = "LEVEL", .initial = "info",
        .parse = option_parse_log_level, .names_itself = true,
        .help = "debug, info, warning or error (info)"},
    {"build-version", OPTION_SWITCH, MEMBER(build_version),
        .help = "print the version of this program"},
    {"help", OPTION_SWITCH, MEMBER(help), .help = "print this help"},
};

static const struct option_table table = {
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .manner = OPTION_ONE_DASH,
    .refuse = refuse,
};

int shim_flags_parse(int argc, char **argv, struct shim_flags *out, struct error **err)
{
    struct option_line line;
    *out = (struct shim_flags){.log_format = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON};
    option_set_defaults(&table, out);
    int result = option_line_read(&table, argc, argv, out, &line, err);
    for (size_t i = 0; i < line.count; i++) {
        if (line.given[i].row->member == MEMBER(help))
            out->print = SHIM_PRINT_HELP;
        else if (line.given[i].row->member == MEMBER(build_version))
            out->print = SHIM_PRINT_VERSION;
    }
    out->operands = line.operands;
    option_line_clear(&line);
    return result;
}

void shim_flags_clear(struct shim_flags *flags)
{
    option_clear(&table, flags);
}

void shim_flags_describe(FILE *out)
{
    option_help_write(out, &table, &(struct option_help_style){.column = 24});
}
