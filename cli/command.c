#include "cli/command.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/flag.h"
#include "base/text.h"

enum { FLAG_VERSION = CLI_FLAG_FIRST };

const struct cli_flag cli_help_flag = {'h', "help", .help = "show this help"};

static const struct cli_flag program_flags[] = {
    {FLAG_VERSION, "version", .help = "show the version"},
};

static bool takes_value(const struct cli_flag *flag)
{
    return flag->argument != NULL || flag->choices != NULL;
}

static size_t choice_count(const struct cli_flag *flag)
{
    size_t count = 0;
    while (flag->choices[count] != NULL)
        count++;
    return count;
}

char *cli_flag_choices(const struct cli_flag *flag, const char *separator)
{
    char *choices = xstrdup("");
    for (size_t i = 0; flag->choices != NULL && flag->choices[i] != NULL; i++) {
        char *longer = xasprintf("%s%s%s", choices, i > 0 ? separator : "", flag->choices[i]);
        free(choices);
        choices = longer;
    }
    return choices;
}

char *cli_flag_argument(const struct cli_flag *flag)
{
    if (flag->choices != NULL)
        return cli_flag_choices(flag, "|");
    return flag->argument != NULL ? xstrdup(flag->argument) : NULL;
}

char *cli_flag_brief(const struct cli_flag *flag)
{
    size_t length = strcspn(flag->help, ";(");
    while (length > 0 && strchr(" \n", flag->help[length - 1]) != NULL)
        length--;
    char *brief = xstrndup(flag->help, length);
    for (char *newline = brief; (newline = strchr(newline, '\n')) != NULL;)
        *newline = ' ';
    return brief;
}

const struct cli_flag *cli_command_flag(const struct cli_command *command, size_t index)
{
    return index < command->flag_count ? &command->flags[index] : &cli_help_flag;
}

/* The flags of one level of the command line: those of its table, and --help. */
struct flags {
    const struct cli_flag *table;
    size_t count;
};

/* The flag at an index up to and including count, which is --help. */
static const struct cli_flag *flag_at(const struct flags *flags, size_t index)
{
    return index < flags->count ? &flags->table[index] : &cli_help_flag;
}

static const struct cli_flag *flag_find(const struct flags *flags, int id)
{
    for (size_t i = 0; i <= flags->count; i++) {
        if (flag_at(flags, i)->id == id)
            return flag_at(flags, i);
    }
    return NULL;
}

/* The tables of getopt_long(3). prefix is how its letters begin. */
static struct option *getopt_options(const struct flags *flags)
{
    struct option *options = xcalloc(flags->count + 2, sizeof(*options));
    for (size_t i = 0; i <= flags->count; i++) {
        const struct cli_flag *flag = flag_at(flags, i);
        options[i] = (struct option){
            .name = flag->name,
            .has_arg = takes_value(flag) ? required_argument : no_argument,
            .val = flag->id,
        };
    }
    return options;
}

static char *getopt_letters(const struct flags *flags, const char *prefix)
{
    char *letters = xcalloc(strlen(prefix) + 2 * (flags->count + 1) + 1, 1);
    char *end = stpcpy(letters, prefix);
    for (size_t i = 0; i <= flags->count; i++) {
        const struct cli_flag *flag = flag_at(flags, i);
        if (flag->id < CLI_FLAG_FIRST)
            *end++ = (char)flag->id;
        if (flag->id < CLI_FLAG_FIRST && takes_value(flag))
            *end++ = ':';
    }
    return letters;
}

static int refuse_unknown(const struct flags *flags, const char *word, struct error **err)
{
    auto_free const char **known = xcalloc(flags->count + 1, sizeof(*known));
    for (size_t i = 0; i <= flags->count; i++)
        known[i] = flag_at(flags, i)->name;
    return flag_refuse(word, known, flags->count + 1, err);
}

/* Says what getopt_long(3) did not like: it returned outcome, and word is what it read last. */
static int refuse(const struct flags *flags, int outcome, const char *word, struct error **err)
{
    const struct cli_flag *flag = flag_find(flags, optopt);
    if (optopt == 0)
        return refuse_unknown(flags, word, err);
    if (flag == NULL)
        return error_set(err, ERROR_USAGE, "unknown flag \"-%c\"", optopt);
    if (outcome != ':')
        return error_set(err, ERROR_USAGE, "--%s takes no value", flag->name);
    auto_free char *argument = cli_flag_argument(flag);
    return error_set(err, ERROR_USAGE, "--%s needs a value: %s", flag->name, argument);
}

static int check_value(const struct cli_flag *flag, const char *value, struct error **err)
{
    if (value[0] == '\0') {
        auto_free char *argument = cli_flag_argument(flag);
        return error_set(err, ERROR_USAGE, "--%s needs a value: %s", flag->name, argument);
    }
    if (flag->choices == NULL)
        return 0;
    size_t count = choice_count(flag);
    if (text_index(value, flag->choices, count) >= 0)
        return 0;
    auto_free char *known = text_list(flag->choices, count);
    auto_free char *hint = suggest_hint(value, flag->choices, count);
    return error_set(
        err, ERROR_USAGE, "--%s cannot be \"%s\": use %s%s", flag->name, value, known, hint);
}

/* Collects flags into arguments. prefix is how the letters for getopt_long(3) begin: "+:" stops
 * at the first operand, ":" goes on. *operands gets the index of the first operand. Returns 0, or
 * -1 with a usage error. */
static int parse(struct cli_arguments *arguments, const struct flags *flags, const char *prefix,
    int argc, char **argv, int *operands, struct error **err)
{
    auto_free struct option *options = getopt_options(flags);
    auto_free char *letters = getopt_letters(flags, prefix);
    arguments->given = xcalloc((size_t)argc, sizeof(*arguments->given));
    arguments->given_count = 0;
    opterr = 0;
    optind = 0;
    int id = 0;
    while ((id = getopt_long(argc, argv, letters, options, NULL)) >= 0) {
        if (id == '?' || id == ':')
            return refuse(flags, id, argv[optind - 1], err);
        if (optarg != NULL && check_value(flag_find(flags, id), optarg, err) < 0)
            return -1;
        arguments->given[arguments->given_count++] = (struct cli_given){id, optarg};
    }
    *operands = optind;
    return 0;
}

const char *cli_flag_value(const struct cli_arguments *arguments, int id, const char *otherwise)
{
    const char *value = otherwise;
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (arguments->given[i].id == id)
            value = arguments->given[i].value;
    }
    return value;
}

bool cli_flag_given(const struct cli_arguments *arguments, int id)
{
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (arguments->given[i].id == id)
            return true;
    }
    return false;
}

static bool reads_stdin(const struct flags *flags, const struct cli_given *given)
{
    const char *argument = flag_find(flags, given->id)->argument;
    return argument != NULL && text_ends_with(argument, "|-") && streq(given->value, "-");
}

const char *cli_flag_for_stdin(const struct cli_arguments *arguments)
{
    const struct flags flags = {arguments->command->flags, arguments->command->flag_count};
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (reads_stdin(&flags, &arguments->given[i]))
            return flag_find(&flags, arguments->given[i].id)->name;
    }
    return NULL;
}

/* Standard input can be read once. */
static int check_stdin(
    const struct cli_arguments *arguments, const struct flags *flags, struct error **err)
{
    const struct cli_flag *reader = NULL;
    for (size_t i = 0; i < arguments->given_count; i++) {
        const struct cli_given *given = &arguments->given[i];
        const struct cli_flag *flag = flag_find(flags, given->id);
        if (!reads_stdin(flags, given))
            continue;
        if (reader != NULL)
            return error_set(err, ERROR_USAGE,
                "--%s - and --%s -: standard input can be read only once", reader->name,
                flag->name);
        reader = flag;
    }
    return 0;
}

int cli_fail(const struct cli_arguments *arguments, struct error *take_error)
{
    int status = error_exit_status(take_error->class);
    const char *command = arguments->command != NULL ? arguments->command->name : "";
    auto_free char *name =
        xasprintf("%s%s%s", arguments->program->name, command[0] != '\0' ? " " : "", command);
    auto_free char *message =
        text_printable(take_error->message, strlen(take_error->message), SIZE_MAX);
    fprintf(stderr, "%s: %s\n", name, message);
    if (take_error->class == ERROR_USAGE)
        fprintf(stderr, "\"%s --help\" shows how it is used.\n", name);
    error_free(take_error);
    return status;
}

/* Sets the operand from the words that are left after the flags. */
static int take_operand(
    struct cli_arguments *arguments, int count, char **words, struct error **err)
{
    const struct cli_command *command = arguments->command;
    int allowed = command->operand != NULL ? 1 : 0;
    const struct flags flags = {command->flags, command->flag_count};
    if (count > allowed)
        return error_set(err, ERROR_USAGE, "unexpected argument \"%s\"%s", words[allowed],
            flag_find(&flags, 'f') != NULL ? ": give files with -f" : "");
    if (count == 0 && command->operand_required)
        return error_set(err, ERROR_USAGE, "%s is missing", command->operand);
    arguments->operand = count > 0 ? words[0] : NULL;
    return 0;
}

static int run_command(struct cli_arguments *arguments, int argc, char **argv)
{
    const struct cli_command *command = arguments->command;
    const struct flags flags = {command->flags, command->flag_count};
    struct error *error = NULL;
    int operands = 0;
    if (parse(arguments, &flags, ":", argc, argv, &operands, &error) < 0)
        return cli_fail(arguments, error);
    if (cli_flag_given(arguments, cli_help_flag.id)) {
        cli_help_command(arguments->program, command, stdout);
        return 0;
    }
    if (check_stdin(arguments, &flags, &error) < 0 ||
        take_operand(arguments, argc - operands, argv + operands, &error) < 0)
        return cli_fail(arguments, error);
    return command->run(arguments);
}

static const struct cli_command *command_find(
    const struct cli_program *program, const char *name, struct error **err)
{
    auto_free const char **names = xcalloc(program->command_count, sizeof(*names));
    for (size_t i = 0; i < program->command_count; i++) {
        names[i] = program->commands[i]->name;
        if (streq(names[i], name))
            return program->commands[i];
    }
    auto_free char *hint = suggest_hint(name, names, program->command_count);
    error_set(err, ERROR_USAGE, "unknown subcommand \"%s\"%s", name, hint);
    return NULL;
}

/* "hookctl help" and "hookctl help SUBCOMMAND". */
static int run_help(struct cli_arguments *arguments, int count, char **words)
{
    struct error *error = NULL;
    if (count == 0) {
        cli_help_program(arguments->program, stdout);
        return 0;
    }
    const struct cli_command *command = command_find(arguments->program, words[0], &error);
    if (command == NULL)
        return cli_fail(arguments, error);
    cli_help_command(arguments->program, command, stdout);
    return 0;
}

/* Everything but the final flush. */
static int run(struct cli_arguments *arguments, int argc, char **argv)
{
    const struct cli_program *program = arguments->program;
    const struct flags flags = {program_flags, ARRAY_SIZE(program_flags)};
    struct error *error = NULL;
    int first = 0;
    if (parse(arguments, &flags, "+:", argc, argv, &first, &error) < 0)
        return cli_fail(arguments, error);
    if (cli_flag_given(arguments, cli_help_flag.id)) {
        cli_help_program(program, stdout);
        return 0;
    }
    if (cli_flag_given(arguments, FLAG_VERSION)) {
        printf("%s %s\n", program->name, HOOKLINE_VERSION);
        return 0;
    }
    if (first >= argc) {
        cli_help_program(program, stderr);
        return error_exit_status(ERROR_USAGE);
    }
    if (streq(argv[first], "help"))
        return run_help(arguments, argc - first - 1, argv + first + 1);
    arguments->command = command_find(program, argv[first], &error);
    if (arguments->command == NULL)
        return cli_fail(arguments, error);
    free(arguments->given);
    return run_command(arguments, argc - first, argv + first);
}

int cli_program_run(const struct cli_program *program, int argc, char **argv)
{
    struct cli_arguments arguments = {.program = program};
    int status = run(&arguments, argc, argv);
    free(arguments.given);
    bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout))
        return status;
    struct error *error = NULL;
    if (flushed) /* it failed earlier, and errno has been something else since */
        error_set(&error, ERROR_IO, "writing standard output: it failed");
    else
        error_set_errno(&error, "writing standard output");
    return cli_fail(&arguments, error);
}
