/* A subcommand as a table: its options and its operands, or its members if it is a group of
 * subcommands. Parsing, --help, "did you mean" and shell completion all use it. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/option.h"

/* What every subcommand's options begin with. */
struct cli_options {
    bool help;
    struct option_texts filenames; /* of the subcommands with CLI_FILENAME_ROW (cli/files.h) */
};

/* The last row of every subcommand. */
#define CLI_HELP_ROW                                                                               \
    {                                                                                              \
        "help", OPTION_SWITCH, offsetof(struct cli_options, help), 'h', .help = "show this help"   \
    }

/* The struct option_table of an array of rows. */
#define CLI_TABLE(array)                                                                           \
    {                                                                                              \
        .rows = (array), .count = ARRAY_SIZE(array), .manner = OPTION_SAY_ARGUMENT                 \
    }

struct cli_arguments;

struct cli_command {
    const char *name;
    const char *summary; /* one line that begins with a verb */
    const char *description; /* paragraphs of at most 80 columns, for --help */
    const struct cli_command *const *members; /* of a group, which has only the first five of these,
                                                 and whose members are no groups; NULL: not a group */
    size_t member_count;
    struct option_table options; /* texts of at most 60 columns */
    size_t options_size; /* of its struct, which begins with a struct cli_options */
    const char *operand; /* the name of its first operand; NULL: none */
    bool operand_required;
    bool operand_is_path; /* it may be a file, for completion */
    bool operand_or_files; /* the operand may only be left out with files (-f) */
    const char *operand_next; /* the name of its second and further operands; NULL: none */
    bool operand_next_required; /* the second one */
    size_t operand_most; /* how many there may be; 0: as many as there are names */
    const char *(*operand_choice)(
        size_t index); /* the values of its first, then NULL; for completion */
    int (*run)(
        const struct cli_arguments *arguments); /* returns the exit status; NULL: it runs only
                                                          in hookctl-online */
    bool (*needs_online)(
        const struct cli_arguments *arguments); /* whether it must run there; NULL: it
                                                                    need not, unless run is NULL */
};

/* A subcommand that runs in hookctl-online, with libraries that hookctl does not load. */
struct cli_online_run {
    const struct cli_command *command;
    int (*run)(const struct cli_arguments *arguments); /* returns the exit status */
};

struct cli_program {
    const char *name; /* as the user calls it: "hookctl" or "kubectl hookline" */
    const char *summary;
    const struct cli_command *const *commands;
    size_t command_count;
    const struct cli_online_run *runs; /* of hookctl-online; NULL: this is hookctl */
    size_t run_count;
};

/* A command line, parsed. Valid while the subcommand runs. */
struct cli_arguments {
    const struct cli_program *program;
    const struct cli_command *group; /* of command; NULL: none */
    const struct cli_command *command; /* NULL: not known yet */
    const void *options; /* the struct of the subcommand */
    const char *stdin_option; /* the option with the value "-", or NULL */
    const char *operand; /* the first; or NULL */
    char *const *operands; /* all of them */
    size_t operand_count;
    char *const *words; /* the whole command line as it was given, then NULL */
};

/* The one of count subcommands with that name, or NULL with a usage error. */
const struct cli_command *cli_command_find(
    const struct cli_command *const *commands, size_t count, const char *name, struct error **err);

/* "hookctl", "hookctl validate", "hookctl appliance create". Owned by the caller. */
char *cli_command_title(const struct cli_arguments *arguments);

/* Writes "TITLE: MESSAGE" to standard error, and for usage errors how to get help. Takes ownership
 * of the error and returns its exit status. */
int cli_fail(const struct cli_arguments *arguments, struct error *take_error);

#endif
