/* A subcommand as a table: its options and its operand. Parsing, --help, "did you mean" and shell
 * completion all use it. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/option.h"

/* What every subcommand's options begin with. */
struct cli_options {
    bool help;
    struct option_texts filenames; /* of the subcommands with CLI_FILENAME_ROW (cli/manifest.h) */
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
    struct option_table options; /* texts of at most 60 columns */
    size_t options_size; /* of its struct, which begins with a struct cli_options */
    const char *operand; /* the name of its operand; NULL: none */
    bool operand_required;
    const char *(*operand_choice)(size_t index); /* its values, then NULL; for completion */
    int (*run)(const struct cli_arguments *arguments); /* returns the exit status */
};

struct cli_program {
    const char *name; /* as the user calls it: "hookctl" or "kubectl hookline" */
    const char *summary;
    const struct cli_command *const *commands;
    size_t command_count;
};

/* A command line, parsed. Valid while the subcommand runs. */
struct cli_arguments {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL: not known yet */
    const void *options; /* the struct of the subcommand */
    const char *stdin_option; /* the option with the value "-", or NULL */
    const char *operand; /* or NULL */
};

/* The subcommand of that name, or NULL with a usage error. */
const struct cli_command *cli_command_find(
    const struct cli_program *program, const char *name, struct error **err);

/* Writes "NAME SUBCOMMAND: MESSAGE" to standard error, and for usage errors how to get help. Takes
 * ownership of the error and returns its exit status. */
int cli_fail(const struct cli_arguments *arguments, struct error *take_error);

#endif
