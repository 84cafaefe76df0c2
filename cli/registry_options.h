/* The options of the subcommands that may reach a registry. */
#ifndef CLI_REGISTRY_OPTIONS_H
#define CLI_REGISTRY_OPTIONS_H

#include <stdint.h>

#include "cli/command.h"

/* What their structs begin with. */
struct cli_registry_options {
    struct cli_options common;
    char *platform; /* NULL: the only one */
    char *username; /* NULL: from the files of docker and podman */
    char *password_file;
    char *ca_file; /* NULL: the system's CAs */
    bool plain_http;
    int64_t timeout_ms;
};

#define CLI_REGISTRY_MEMBER(name) offsetof(struct cli_registry_options, name)

#define CLI_REGISTRY_ROWS                                                                          \
    {"username", OPTION_TEXT, CLI_REGISTRY_MEMBER(username), .argument = "NAME",                   \
        .heading = "The registry",                                                                 \
        .help = "the user at the registry (default: as docker login and\n"                         \
                "podman login have kept it)"},                                                     \
        {"password-file", OPTION_TEXT, CLI_REGISTRY_MEMBER(password_file), .argument = "FILE|-",   \
            .is_path = true, .dash_is_stdin = true, .help = "a file with the user's password"},    \
        {"ca-file", OPTION_TEXT, CLI_REGISTRY_MEMBER(ca_file), .argument = "FILE",                 \
            .is_path = true,                                                                       \
            .help = "the certificates (PEM) to trust, in place of the\n"                           \
                    "system's"},                                                                   \
        {"plain-http", OPTION_SWITCH, CLI_REGISTRY_MEMBER(plain_http),                             \
            .help = "do not encrypt; needed for HTTP, but on this machine"},                       \
    {                                                                                              \
        "timeout", OPTION_DURATION, CLI_REGISTRY_MEMBER(timeout_ms),                               \
            .argument = "DURATION", .initial = "2m",                                               \
            .help = "how long the registry may be silent (default: 2m)"                            \
    }

#endif
