/* Subcommands and their flags as tables: --help, shell completion, parsing and "did you mean" are
 * all made from them. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* What a flag's value is, for the shells' completion. */
enum cli_value { CLI_VALUE_TEXT, CLI_VALUE_FILE, CLI_VALUE_DIRECTORY };

struct cli_flag {
    int id; /* its letter, or a number from CLI_FLAG_FIRST on when it has none */
    const char *name; /* the long name, without the dashes */
    const char *argument; /* what its value is called in the help; NULL: it takes none */
    enum cli_value value;
    const char *const *choices; /* the only values allowed, then NULL; or NULL */
    bool repeatable;
    const char *help; /* lines of at most 50 columns */
};

enum { CLI_FLAG_FIRST = 256 };

struct cli_arguments;

struct cli_command {
    const char *name;
    const char *summary; /* one line, begins with a verb */
    const char *description; /* paragraphs of at most 80 columns, for its --help */
    const char *examples; /* lines in which %s is the name of the program; or NULL */
    const struct cli_flag *flags;
    size_t flag_count;
    const char *operand; /* what the operand is called in the help; NULL: it takes none */
    bool operand_required;
    const char *(*operand_choice)(size_t index); /* the values of the operand, then NULL; or NULL */
    int (*run)(const struct cli_arguments *arguments); /* returns the exit status */
};

struct cli_program {
    const char *name; /* as the user calls it: "hookctl", or "kubectl hookline" */
    const char *summary;
    const struct cli_command *const *commands;
    size_t command_count;
};

/* A parsed command line. */
struct cli_given {
    int id;
    const char *value; /* borrowed from argv; NULL for a flag without a value */
};

struct cli_arguments {
    const struct cli_program *program;
    const struct cli_command *command;
    struct cli_given *given; /* the flags in their order; owned */
    size_t given_count;
    const char *operand; /* or NULL */
};

/* The value of a flag (the last one given), or NULL; and whether it was given at all. */
const char *cli_flag_value(const struct cli_arguments *arguments, int id);
bool cli_flag_given(const struct cli_arguments *arguments, int id);

/* Runs the program: finds the subcommand, parses its flags, shows help where that is asked for.
 * Returns the exit status. */
int cli_program_run(const struct cli_program *program, int argc, char **argv);

/* Writes "NAME: MESSAGE" to standard error and returns the exit status for the error. */
int cli_fail(const struct cli_arguments *arguments, const struct error *error);

/* The subcommands, each in a file of its own. */
extern const struct cli_command cli_validate_command;
extern const struct cli_command cli_render_command;
extern const struct cli_command cli_explain_command;
extern const struct cli_command cli_schema_command;
extern const struct cli_command cli_completion_command;

#endif
