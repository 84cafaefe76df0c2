/* The help of hookctl and of its commands, from the tables of commands and flags. */
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/text.h"
#include "cli/command.h"

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
    for (size_t i = 0; i < command->flag_count; i++) {
        const struct cli_flag *flag = &command->flags[i];
        auto_free char *argument = cli_flag_argument(flag);
        auto_free char *name =
            flag->id < CLI_FLAG_FIRST ? xasprintf("-%c", flag->id) : xasprintf("--%s", flag->name);
        auto_free char *word = xasprintf("[%s%s%s]%s", name, argument != NULL ? " " : "",
            argument != NULL ? argument : "", flag->repeatable ? "..." : "");
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

/* "-f, --filename FILE" and below it, indented, what it is for. */
static void print_flag(const struct cli_flag *flag, FILE *stream)
{
    auto_free char *argument = cli_flag_argument(flag);
    if (flag->id < CLI_FLAG_FIRST)
        fprintf(stream, "  -%c, --%s", flag->id, flag->name);
    else
        fprintf(stream, "      --%s", flag->name);
    fprintf(stream, "%s%s\n", argument != NULL ? " " : "", argument != NULL ? argument : "");
    for (const char *line = flag->help; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        fprintf(stream, "          %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void cli_help_command(
    const struct cli_program *program, const struct cli_command *command, FILE *stream)
{
    print_usage(program, command, stream);
    fprintf(stream, "\n%s\n\nFlags:\n", command->description);
    for (size_t i = 0; i < command->flag_count; i++)
        print_flag(&command->flags[i], stream);
    print_flag(&cli_help_flag, stream);
}

void cli_help_program(const struct cli_program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s SUBCOMMAND [FLAG]...\n\n%s\n\nSubcommands:\n", program->name,
        program->summary);
    for (size_t i = 0; i < program->command_count; i++)
        fprintf(stream, "  %-12s %s\n", program->commands[i]->name, program->commands[i]->summary);
    fprintf(stream, "\n\"%s SUBCOMMAND --help\" says more about one of them.\n", program->name);
}
