/* Subcommands and their flags as tables: parsing, --help, "did you mean" and the completion of the
 * shells are all made from them. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

enum { CLI_FLAG_FIRST = 256 };

struct cli_flag {
    int id; /* its letter, or a number from CLI_FLAG_FIRST on */
    const char *name; /* the long name, without the dashes */
    const char *argument; /* what its value is called, with "|-" behind it when "-" stands for
                             standard input; NULL without a value or with choices */
    const char *const *choices; /* the values it takes, then NULL; or NULL */
    bool is_path; /* its value is a file or directory, for completion */
    bool repeatable;
    const char *help; /* for --help; lines of at most 60 columns */
};

struct cli_arguments;

struct cli_command {
    const char *name;
    const char *summary; /* one line that begins with a verb */
    const char *description; /* paragraphs of at most 80 columns, for --help */
    const struct cli_flag *flags;
    size_t flag_count;
    const char *operand; /* what its operand is called; NULL: it takes none */
    bool operand_required;
    const char *(*operand_choice)(size_t index); /* what it may be, then NULL; for completion */
    int (*run)(const struct cli_arguments *arguments); /* returns the exit status */
};

struct cli_program {
    const char *name; /* as the user calls it: "hookctl" or "kubectl hookline" */
    const char *summary;
    const struct cli_command *const *commands;
    size_t command_count;
};

/* A command line, parsed. Values are borrowed from argv. */
struct cli_arguments {
    const struct cli_program *program;
    const struct cli_command *command;
    struct cli_given *given; /* the flags in their order; owned by cli_program_run */
    size_t given_count;
    const char *operand; /* or NULL */
};

struct cli_given {
    int id;
    const char *value; /* NULL for a flag that takes none */
};

/* Runs the subcommand that the command line names, or shows help. Returns the exit status. */
int cli_program_run(const struct cli_program *program, int argc, char **argv);

/* The value of a flag (the last one given) or otherwise. Borrowed. */
const char *cli_flag_value(const struct cli_arguments *arguments, int id, const char *otherwise);
bool cli_flag_given(const struct cli_arguments *arguments, int id);

/* The name of the flag that reads standard input, since its value is "-"; NULL when none does. */
const char *cli_flag_for_stdin(const struct cli_arguments *arguments);

/* Writes "NAME SUBCOMMAND: MESSAGE" to standard error, for usage errors also where the help is.
 * Takes the error and returns the exit status for it. */
int cli_fail(const struct cli_arguments *arguments, struct error *take_error);

/* The help of the program and of one subcommand. */
void cli_help_program(const struct cli_program *program, FILE *stream);
void cli_help_command(
    const struct cli_program *program, const struct cli_command *command, FILE *stream);

/* What stands after a flag in the help: "FILE", "text|json", or NULL when it takes no value.
 * Owned by the caller. */
char *cli_flag_argument(const struct cli_flag *flag);

/* The choices of a flag with a separator between them, "" when it has none. Owned by the caller. */
char *cli_flag_choices(const struct cli_flag *flag, const char *separator);

/* What a flag is for, on one line and without the details. Owned by the caller. */
char *cli_flag_brief(const struct cli_flag *flag);

/* The flag that every command has, beside those of its table. */
extern const struct cli_flag cli_help_flag;

/* The flag at an index up to and including flag_count, which is --help. */
const struct cli_flag *cli_command_flag(const struct cli_command *command, size_t index);

/* Completes a command line of the program for kubectl: words are what stands after its name, the
 * last of them the one to complete. Writes the candidates as kubectl's plugin completion wants
 * them, and returns the exit status. */
int cli_kubectl_complete(const struct cli_program *program, int count, char **words);

/* The subcommands, each in a file of its own. */
extern const struct cli_command cli_validate_command;
extern const struct cli_command cli_render_command;
extern const struct cli_command cli_run_command;
extern const struct cli_command cli_explain_command;
extern const struct cli_command cli_schema_command;
extern const struct cli_command cli_completion_command;

#endif
