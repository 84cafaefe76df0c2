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

static void print_usage(
    const struct cli_program *program, const struct cli_command *command, FILE *stream)
{
    UT_string usage;
    utstring_init(&usage);
    utstring_printf(&usage, "Usage: %s %s", program->name, command->name);
    size_t indent = utstring_len(&usage);
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *row = &command->options.rows[i];
        if (streq(row->name, "help"))
            continue;
        auto_free char *argument = option_argument(row);
        auto_free char *name =
            row->letter != 0 ? xasprintf("-%c", row->letter) : xasprintf("--%s", row->name);
        auto_free char *word = xasprintf("[%s%s%s]%s", name, argument != NULL ? " " : "",
            text_or(argument, ""), option_is_repeatable(row) ? "..." : "");
        add_word(&usage, indent, word);
    }
    if (command->operand != NULL) {
        auto_free char *word =
            xasprintf(command->operand_required ? "%s" : "[%s]", command->operand);
        add_word(&usage, indent, word);
    }
    fprintf(stream, "%s\n", utstring_body(&usage));
    utstring_done(&usage);
}

void cli_help_command(
    const struct cli_program *program, const struct cli_command *command, FILE *stream)
{
    print_usage(program, command, stream);
    fprintf(stream, "\n%s\n\nFlags:\n", command->description);
    option_help_write(
        stream, &command->options, &(struct option_help_style){.column = 10, .letters = true});
}

void cli_help_program(const struct cli_program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s SUBCOMMAND [FLAG]...\n\n%s\n\nSubcommands:\n", program->name,
        program->summary);
    for (size_t i = 0; i < program->command_count; i++)
        fprintf(stream, "  %-12s %s\n", program->commands[i]->name, program->commands[i]->summary);
    fprintf(stream, "\nUse \"%s SUBCOMMAND --help\" for more about a subcommand.\n", program->name);
}
