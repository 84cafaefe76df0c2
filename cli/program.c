#include "cli/program.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/option_line.h"
#include "base/text.h"
#include "cli/help.h"

/* The options before the subcommand. */
struct program_options {
    struct cli_options common;
    bool version;
};

static const struct option_row program_rows[] = {
    {"version", OPTION_SWITCH, offsetof(struct program_options, version),
        .help = "show the version"},
    CLI_HELP_ROW,
};

static const struct option_table program_table = {
    .rows = program_rows,
    .count = ARRAY_SIZE(program_rows),
    .manner = OPTION_SAY_ARGUMENT | OPTION_STOP,
};

/* Finds the option that reads standard input, which can be read once. */
static int find_stdin(
    struct cli_arguments *arguments, const struct option_line *line, struct error **err)
{
    for (size_t i = 0; i < line->count; i++) {
        const struct option_row *row = line->given[i].row;
        if (!row->dash_is_stdin || !streq(line->given[i].value, "-"))
            continue;
        if (arguments->stdin_option != NULL)
            return error_set(err, ERROR_USAGE,
                "--%s - and --%s -: standard input can be read only once", arguments->stdin_option,
                row->name);
        arguments->stdin_option = row->name;
    }
    return 0;
}

static bool takes_files(const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].letter == 'f')
            return true;
    }
    return false;
}

/* Sets the operand from the words after the options, which end with NULL. */
static int take_operand(struct cli_arguments *arguments, char **words, struct error **err)
{
    const struct cli_command *command = arguments->command;
    if (command->operand != NULL)
        arguments->operand = *words;
    const char *surplus = arguments->operand != NULL ? words[1] : words[0];
    if (surplus != NULL)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"%s", surplus,
            takes_files(&command->options) ? ": give files with -f" : "");
    if (arguments->operand == NULL && command->operand_required)
        return error_set(err, ERROR_USAGE, "%s is missing", command->operand);
    return 0;
}

/* Runs the subcommand with the options that were read into its struct. */
static int run_read(struct cli_arguments *arguments, const struct option_line *line, char **argv)
{
    const struct cli_options *options = arguments->options;
    struct error *error = NULL;
    if (options->help) {
        cli_help_command(arguments->program, arguments->command, stdout);
        return 0;
    }
    if (find_stdin(arguments, line, &error) < 0 ||
        take_operand(arguments, argv + line->operands, &error) < 0)
        return cli_fail(arguments, error);
    return arguments->command->run(arguments);
}

static int run_command(struct cli_arguments *arguments, int argc, char **argv)
{
    const struct option_table *table = &arguments->command->options;
    auto_free void *options = xcalloc(1, arguments->command->options_size);
    struct option_line line;
    struct error *error = NULL;
    option_set_defaults(table, options);
    arguments->options = options;
    int status = option_line_read(table, argc, argv, options, &line, &error) == 0
                     ? run_read(arguments, &line, argv)
                     : cli_fail(arguments, error);
    option_line_clear(&line);
    option_clear(table, options);
    return status;
}

/* "hookctl help" and "hookctl help SUBCOMMAND"; name is NULL for the first. */
static int run_help(struct cli_arguments *arguments, const char *name)
{
    struct error *error = NULL;
    if (name == NULL) {
        cli_help_program(arguments->program, stdout);
        return 0;
    }
    const struct cli_command *command = cli_command_find(arguments->program, name, &error);
    if (command == NULL)
        return cli_fail(arguments, error);
    cli_help_command(arguments->program, command, stdout);
    return 0;
}

/* Everything but the final flush. */
static int run(struct cli_arguments *arguments, int argc, char **argv)
{
    const struct cli_program *program = arguments->program;
    struct program_options options = {0};
    struct option_line line;
    struct error *error = NULL;
    int result = option_line_read(&program_table, argc, argv, &options, &line, &error);
    int first = line.operands;
    option_line_clear(&line);
    if (result < 0)
        return cli_fail(arguments, error);
    if (options.common.help) {
        cli_help_program(program, stdout);
        return 0;
    }
    if (options.version) {
        printf("%s %s\n", program->name, HOOKLINE_VERSION);
        return 0;
    }
    if (first >= argc) {
        cli_help_program(program, stderr);
        return error_exit_status(ERROR_USAGE);
    }
    if (streq(argv[first], "help"))
        return run_help(arguments, argv[first + 1]);
    arguments->command = cli_command_find(program, argv[first], &error);
    if (arguments->command == NULL)
        return cli_fail(arguments, error);
    return run_command(arguments, argc - first, argv + first);
}

int cli_program_run(const struct cli_program *program, int argc, char **argv)
{
    struct cli_arguments arguments = {.program = program};
    int status = run(&arguments, argc, argv);
    bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout))
        return status;
    struct error *error = NULL;
    if (flushed) /* an earlier write failed, and errno has changed since */
        error_set(&error, ERROR_IO, "writing standard output: an earlier write failed");
    else
        error_set_errno(&error, "writing standard output");
    return cli_fail(&arguments, error);
}
