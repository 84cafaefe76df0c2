/* sidecar-shim: runs plain executables as hooks. */
#include <ev.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/flag.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "hooks/protocol.h"
#include "shim/shim.h"

static const char help[] =
    "Usage: sidecar-shim --version VERSION [FLAG]...\n"
    "\n"
    "Serves the hooks of a virtual machine on a socket by running the "
    "executables\n" HOOKS_EXECUTABLES(
        "and") " that it finds in $PATH.\n"
               "\n"
               "  --version VERSION     hook protocol: " HOOKS_VERSIONS_ALL " (required)\n"
               "  --socket-dir DIR      where to make the socket (" HOOKS_SOCKET_DIRECTORY ")\n"
               "  --stdin               give hooks one JSON object on standard input, not "
               "arguments\n"
               "  --timeout DURATION    end a hook after this long (the caller's deadline, or "
               "60s)\n"
               "  --kill-grace DURATION between SIGTERM and SIGKILL to a hook (2s)\n"
               "  --log-format FORMAT   json or text (json; text on a terminal)\n"
               "  --log-level LEVEL     debug, info, warning or error (info)\n"
               "  --build-version       print the version of this program\n"
               "  --help                print this\n"
               "\n"
               "A flag may also be written --flag=value, and with one dash. See sidecar-shim(1).\n";

enum { DEFAULT_KILL_GRACE_MS = 2000 };

enum flag {
    FLAG_VERSION = 1,
    FLAG_SOCKET_DIR,
    FLAG_STDIN,
    FLAG_TIMEOUT,
    FLAG_KILL_GRACE,
    FLAG_LOG_FORMAT,
    FLAG_LOG_LEVEL,
    FLAG_BUILD_VERSION,
    FLAG_HELP,
};

static const struct option flags[] = {
    {"version", required_argument, NULL, FLAG_VERSION},
    {"socket-dir", required_argument, NULL, FLAG_SOCKET_DIR},
    {"stdin", no_argument, NULL, FLAG_STDIN},
    {"timeout", required_argument, NULL, FLAG_TIMEOUT},
    {"kill-grace", required_argument, NULL, FLAG_KILL_GRACE},
    {"log-format", required_argument, NULL, FLAG_LOG_FORMAT},
    {"log-level", required_argument, NULL, FLAG_LOG_LEVEL},
    {"build-version", no_argument, NULL, FLAG_BUILD_VERSION},
    {"help", no_argument, NULL, FLAG_HELP},
    {0},
};

struct settings {
    struct shim_options shim;
    enum log_format log_format;
    enum log_level log_level;
    const char *print; /* instead of serving */
};

static int parse_version(const char *text, struct settings *settings, struct error **err)
{
    enum hooks_version version = hooks_version_find(text);
    if (version < HOOKS_VERSIONS) {
        settings->shim.version = hooks_versions[version];
        return 0;
    }
    auto_free char *hint = suggest_hint(text, hooks_versions, HOOKS_VERSIONS);
    auto_free char *known = text_list(hooks_versions, HOOKS_VERSIONS);
    return error_set(
        err, ERROR_USAGE, "--version: \"%s\" is not a hook protocol: use %s%s", text, known, hint);
}

static int refuse_flag(char **argv, struct error **err)
{
    const char *word = argv[optind - 1];
    const char *name = word + strspn(word, "-");
    auto_free char *bare = xstrndup(name, strcspn(name, "="));
    const char *names[ARRAY_SIZE(flags) - 1];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        names[i] = flags[i].name;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (streq(names[i], bare))
            return error_set(err, ERROR_USAGE, "--%s takes no value", bare);
    }
    const char *nearest = suggest_nearest(bare, names, ARRAY_SIZE(names));
    auto_free char *hint =
        nearest != NULL ? xasprintf(" (did you mean --%s?)", nearest) : xstrdup("");
    return error_set(
        err, ERROR_USAGE, "%s is not a flag of sidecar-shim%s; --help lists them", word, hint);
}

static int parse_flag(int flag, char **argv, struct settings *settings, struct error **err)
{
    switch (flag) {
    case FLAG_VERSION:
        return parse_version(optarg, settings, err);
    case FLAG_SOCKET_DIR:
        settings->shim.socket_directory = optarg;
        return 0;
    case FLAG_STDIN:
        settings->shim.hook.use_stdin = true;
        return 0;
    case FLAG_TIMEOUT:
        return flag_parse_duration("timeout", optarg, &settings->shim.hook.timeout_ms, err);
    case FLAG_KILL_GRACE:
        return flag_parse_duration("kill-grace", optarg, &settings->shim.hook.kill_grace_ms, err);
    case FLAG_LOG_FORMAT:
        return log_format_parse(optarg, &settings->log_format, err);
    case FLAG_LOG_LEVEL:
        return log_level_parse(optarg, &settings->log_level, err);
    case FLAG_BUILD_VERSION:
        settings->print = "sidecar-shim " HOOKLINE_VERSION "\n";
        return 0;
    case FLAG_HELP:
        settings->print = help;
        return 0;
    case ':':
        return error_set(err, ERROR_USAGE, "%s needs a value", argv[optind - 1]);
    default:
        return refuse_flag(argv, err);
    }
}

/* Parses all flags. Returns 0, or -1 with a usage error for the first that is wrong; what stands
 * before it is set. */
static int parse_flags(int argc, char **argv, struct settings *settings, struct error **err)
{
    opterr = 0;
    for (int flag; (flag = getopt_long_only(argc, argv, ":", flags, NULL)) != -1;) {
        if (parse_flag(flag, argv, settings, err) < 0)
            return -1;
    }
    return 0;
}

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct shim **shim = watcher->data;
    const char *name = watcher->signum == SIGHUP    ? "hangup"
                       : watcher->signum == SIGINT  ? "interrupt"
                       : watcher->signum == SIGQUIT ? "quit"
                                                    : "terminated";
    log_info("sidecar-shim received signal: %s", name);
    shim_stop(*shim);
}

static int serve(const struct settings *settings, struct error **err)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};
    ev_signal watchers[ARRAY_SIZE(numbers)];
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    struct shim *shim = NULL;
    /* From before the socket is there, so that a signal never leaves it behind. */
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ev_signal_init(&watchers[i], on_signal, numbers[i]);
        watchers[i].data = &shim;
        ev_signal_start(loop, &watchers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    shim = shim_start(loop, &settings->shim, err);
    if (shim == NULL)
        return -1;
    ev_run(loop, 0);
    shim_free(shim);
    return 0;
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .shim =
            {
                .socket_directory = HOOKS_SOCKET_DIRECTORY,
                .hook.kill_grace_ms = DEFAULT_KILL_GRACE_MS,
            },
        .log_format = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON,
        .log_level = LOG_INFO,
    };
    auto_error struct error *error = NULL;
    int parsed = parse_flags(argc, argv, &settings, &error);
    log_init("sidecar-shim", settings.log_format, settings.log_level);
    if (parsed == 0 && settings.print != NULL) {
        fputs(settings.print, stdout);
        return EXIT_SUCCESS;
    }
    if (parsed == 0 && settings.shim.version == NULL) {
        log_error(
            "--version is missing: give the sidecar args [\"--version\", \"" HOOKS_VERSION_NEWEST
            "\"] (or " HOOKS_VERSIONS_OLDER ")");
        return EXIT_FAILURE; /* as KubeVirt's shim */
    }
    for (int i = optind; parsed == 0 && i < argc; i++)
        log_warning("the argument \"%s\" is ignored", argv[i]);
    if (parsed < 0 || serve(&settings, &error) < 0) {
        log_error("%s", error->message);
        return error_exit_status(error->class);
    }
    return EXIT_SUCCESS;
}
