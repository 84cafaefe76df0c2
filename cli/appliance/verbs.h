/* The options of the subcommands of hookctl appliance that make an object in a cluster and wait for
 * it. Their tables are in cli/appliance/NAME.c, their runs in cli/online/NAME.c. */
#ifndef CLI_APPLIANCE_VERBS_H
#define CLI_APPLIANCE_VERBS_H

#include "cli/cluster_options.h"

/* What the struct of each of them begins with. */
struct cli_verb_options {
    struct cli_cluster_options cluster;
    char *namespace;
    int64_t timeout_ms;
    bool wait;
    bool dry_run;
};

struct cli_clone_options {
    struct cli_verb_options verb;
};

struct cli_snapshot_options {
    struct cli_verb_options verb;
    int64_t deadline_ms; /* 0: KubeVirt's own */
};

struct cli_restore_options {
    struct cli_verb_options verb;
    bool stop;
};

struct cli_export_options {
    struct cli_verb_options verb;
    char *output;
    char *snapshot;
    char *format;
    bool with_identity;
    bool internal;
    char *server;
};

struct cli_upload_options {
    struct cli_verb_options verb;
    char *proxy;
    char *proxy_ca;
    char *proxy_name;
    bool insecure;
    bool data_source;
    bool raw;
    char *size;
    char *storage_class;
    char *access_mode;
    char *volume_mode;
    char *instancetype;
    char *preference;
};

/* Their common rows, with how long each waits by itself. */
#define CLI_VERB_ROWS(timeout)                                                                     \
    {"namespace", OPTION_TEXT, offsetof(struct cli_verb_options, namespace), 'n',                  \
        .argument = "NAMESPACE", .help = "the namespace, if the operand has none"},                \
        CLI_CLUSTER_ROWS,                                                                          \
        {"wait", OPTION_BOOLEAN, offsetof(struct cli_verb_options, wait), .initial = "true",       \
            .bare = "true", .argument = "true|false",                                              \
            .help = "wait until it is done; --wait=false: do not"},                                \
        {"timeout", OPTION_DURATION, offsetof(struct cli_verb_options, timeout_ms),                \
            .initial = (timeout), .argument = "DURATION",                                          \
            .help = "how long to wait (default: " timeout ")"},                                    \
    {                                                                                              \
        "dry-run", OPTION_SWITCH, offsetof(struct cli_verb_options, dry_run),                      \
            .help = "let the API server check the objects, and print\nthem; make nothing"          \
    }

#endif
