#include "cli/help.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/option_help.h"
#include "base/text.h"

enum { WIDTH = 80 };

/* Appends a word to a usage line, on a new line when it would become too long. */
static void add_word(UT_string *usage, size_t indent, const char *word)
{
    const char *newline = strrchr(utstring_body(usage), '\n');
    size_t column = newline != NULL ? strlen(newline + 1) : utstring_len(usage);
    if (column + 1 + strlen(word) > WIDTH)
        utstring_printf(usage, "\n%*s", (int)indent, "");
    utstring_printf(usage, " %s", word);
}

static void add_operand(UT_string *usage, size_t indent, const char *name, bool required)
{
    auto_free char *word = xasprintf(required ? "%s" : "[%s]", name);
    add_word(usage, indent, word);
}

static void print_usage(const struct cli_arguments *arguments, FILE *stream)
{
    const struct cli_command *command = arguments->command;
    auto_free char *title = cli_command_title(arguments);
    UT_string usage;
    utstring_init(&usage);
    utstring_printf(&usage, "Usage: %s", title);
    size_t indent = utstring_len(&usage);
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *row = &command->options.rows[i];
        if (streq(row->name, "help"))
            continue;
        auto_free char *argument = option_argument(row);
        auto_free char *name =
            row->letter != 0 ? xasprintf("-%c", row->letter) : xasprintf("--%s", row->name);
        auto_free char *word = xasprintf(row->missing != NULL ? "%s%s%s%s" : "[%s%s%s]%s", name,
            argument != NULL ? " " : "", text_or(argument, ""),
            option_is_repeatable(row) ? "..." : "");
        add_word(&usage, indent, word);
    }
    if (command->operand != NULL)
        add_operand(&usage, indent, command->operand, command->operand_required);
    if (command->operand_next != NULL)
        add_operand(&usage, indent, command->operand_next, command->operand_next_required);
    if (command->operand_most > 2)
        add_word(&usage, indent, "...");
    fprintf(stream, "%s\n", utstring_body(&usage));
    utstring_done(&usage);
}

static void help_command(const struct cli_arguments *arguments, FILE *stream)
{
    const struct cli_command *command = arguments->command;
    print_usage(arguments, stream);
    fprintf(stream, "\n%s\n\nFlags:\n", command->description);
    option_help_write(
        stream, &command->options, &(struct option_help_style){.column = 10, .letters = true});
}

/* The help of the program, or of a group. */
static void help_list(const char *title, const char *text,
    const struct cli_command *const *commands, size_t count, FILE *stream)
{
    fprintf(stream, "Usage: %s SUBCOMMAND [FLAG]...\n\n%s\n\nSubcommands:\n", title, text);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(stream, "\nUse \"%s SUBCOMMAND --help\" for more about a subcommand.\n", title);
}

void cli_help(const struct cli_arguments *arguments, FILE *stream)
{
    const struct cli_program *program = arguments->program;
    const struct cli_command *command = arguments->command;
    auto_free char *title = cli_command_title(arguments);
    if (command == NULL)
        help_list(title, program->summary, program->commands, program->command_count, stream);
    else if (command->members != NULL)
        help_list(title, command->description, command->members, command->member_count, stream);
    else
        help_command(arguments, stream);
}
