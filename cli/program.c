#include "cli/program.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/option_line.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/relay.h"

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

/* Those before the subcommand of a group. */
static const struct option_row group_rows[] = {CLI_HELP_ROW};

static const struct option_table group_table = {
    .rows = group_rows,
    .count = ARRAY_SIZE(group_rows),
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

static size_t operand_most(const struct cli_command *command)
{
    size_t names = (command->operand != NULL ? 1 : 0) + (command->operand_next != NULL ? 1 : 0);
    return command->operand_most > 0 ? command->operand_most : names;
}

/* Sets the operands from the words after the options, which end with NULL. */
static int take_operands(struct cli_arguments *arguments, char **words, struct error **err)
{
    const struct cli_command *command = arguments->command;
    size_t most = operand_most(command);
    size_t count = 0;
    while (count < most && words[count] != NULL)
        count++;
    if (words[count] != NULL)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"%s", words[count],
            most == 0 && takes_files(&command->options) ? ": give files with -f" : "");
    arguments->operands = words;
    arguments->operand_count = count;
    arguments->operand = count > 0 ? words[0] : NULL;
    const struct cli_options *options = arguments->options;
    if (count == 0 && command->operand_or_files && options->filenames.count == 0)
        return error_set(err, ERROR_USAGE,
            "%s is missing: give the one of a cluster, or files with -f", command->operand);
    if (count == 0 && command->operand_required)
        return error_set(err, ERROR_USAGE, "%s is missing", command->operand);
    if (count < 2 && command->operand_next_required)
        return error_set(err, ERROR_USAGE, "%s is missing", command->operand_next);
    return 0;
}

/* Runs the subcommand in this program or in hookctl-online. */
static int run_parsed(const struct cli_arguments *arguments)
{
    const struct cli_program *program = arguments->program;
    const struct cli_command *command = arguments->command;
    bool online =
        command->run == NULL || (command->needs_online != NULL && command->needs_online(arguments));
    if (!online)
        return command->run(arguments);
    for (size_t i = 0; i < program->run_count; i++) {
        if (program->runs[i].command == command)
            return program->runs[i].run(arguments);
    }
    struct error *error = NULL;
    if (program->runs != NULL)
        error_set(&error, ERROR_INTERNAL, "is not in this program");
    else
        cli_relay_exec(arguments->words, &error);
    return cli_fail(arguments, error);
}

/* Runs the subcommand with the options that were read into its struct. */
static int run_read(struct cli_arguments *arguments, const struct option_line *line, char **argv)
{
    const struct cli_options *options = arguments->options;
    struct error *error = NULL;
    if (options->help) {
        cli_help(arguments, stdout);
        return 0;
    }
    if (find_stdin(arguments, line, &error) < 0 ||
        take_operands(arguments, argv + line->operands, &error) < 0 ||
        option_line_require(&arguments->command->options, line, NULL, &error) < 0)
        return cli_fail(arguments, error);
    return run_parsed(arguments);
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

/* Sets the command to the one of that name, in the group if there is one. */
static int select_command(struct cli_arguments *arguments, const char *name, struct error **err)
{
    const struct cli_program *program = arguments->program;
    const struct cli_command *group = arguments->command;
    const struct cli_command *command =
        group != NULL ? cli_command_find(group->members, group->member_count, name, err)
                      : cli_command_find(program->commands, program->command_count, name, err);
    if (command == NULL)
        return -1;
    arguments->group = group;
    arguments->command = command;
    return 0;
}

/* "hookctl help", "hookctl help SUBCOMMAND", "hookctl help GROUP SUBCOMMAND"; names end with
 * NULL. */
static int run_help(struct cli_arguments *arguments, char **names)
{
    struct error *error = NULL;
    for (; *names != NULL; names++) {
        if (arguments->command != NULL && arguments->command->members == NULL)
            break;
        if (select_command(arguments, *names, &error) < 0)
            return cli_fail(arguments, error);
    }
    cli_help(arguments, stdout);
    return 0;
}

/* Shows help, or runs what the words after the options of the program, or of the group, say. They
 * end with NULL. */
static int run_words(struct cli_arguments *arguments, bool help, int argc, char **argv)
{
    struct error *error = NULL;
    if (help || argc < 1) {
        cli_help(arguments, help ? stdout : stderr);
        return help ? 0 : error_exit_status(ERROR_USAGE);
    }
    if (streq(argv[0], "help"))
        return run_help(arguments, argv + 1);
    if (select_command(arguments, argv[0], &error) < 0)
        return cli_fail(arguments, error);
    if (arguments->command->members == NULL)
        return run_command(arguments, argc, argv);
    struct cli_options options = {0};
    struct option_line line;
    int result = option_line_read(&group_table, argc, argv, &options, &line, &error);
    int first = line.operands;
    option_line_clear(&line);
    if (result < 0)
        return cli_fail(arguments, error);
    return run_words(arguments, options.help, argc - first, argv + first);
}

/* Everything but the final flush. */
static int run(struct cli_arguments *arguments, int argc, char **argv)
{
    struct program_options options = {0};
    struct option_line line;
    struct error *error = NULL;
    int result = option_line_read(&program_table, argc, argv, &options, &line, &error);
    int first = line.operands;
    option_line_clear(&line);
    if (result < 0)
        return cli_fail(arguments, error);
    if (options.version && !options.common.help) {
        printf("%s %s\n", arguments->program->name, HOOKLINE_VERSION);
        return 0;
    }
    return run_words(arguments, options.common.help, argc - first, argv + first);
}

int cli_program_run(const struct cli_program *program, int argc, char **argv)
{
    /* parsing moves the words of argv */
    auto_free char **words = xmemdup(argv, ((size_t)argc + 1) * sizeof(*argv));
    struct cli_arguments arguments = {.program = program, .words = words};
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
