#include "cli/kubectl_complete.h"

#include <stdio.h>
#include <string.h>

#include "base/option_help.h"
#include "base/text.h"

/* What the shell offers besides the candidates. */
enum directive { DIRECTIVE_FILES = 0, DIRECTIVE_NO_FILES = 4 };

static void offer(const char *before, const char *candidate, const char *meaning, const char *word)
{
    if (text_starts_with(candidate, word))
        printf("%s%s%s%s\n", before, candidate, meaning[0] != '\0' ? "\t" : "", meaning);
}

/* The flag of a command that the first length bytes of a word name: "-f" or "--filename". */
static const struct option_row *flag_named(
    const struct cli_command *command, const char *word, size_t length)
{
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *flag = &command->options.rows[i];
        auto_free char *long_name = xasprintf("--%s", flag->name);
        const char short_name[] = {'-', flag->letter, '\0'};
        const char *name = length == 2 && flag->letter != 0 ? short_name : long_name;
        if (strlen(name) == length && strncmp(word, name, length) == 0)
            return flag;
    }
    return NULL;
}

static enum directive offer_values(
    const struct option_row *flag, const char *before, const char *word)
{
    for (size_t i = 0; flag->choices != NULL && flag->choices[i] != NULL; i++)
        offer(before, flag->choices[i], "", word);
    return flag->is_path ? DIRECTIVE_FILES : DIRECTIVE_NO_FILES;
}

static enum directive offer_flags(const struct cli_command *command, const char *word)
{
    const char *equals = strchr(word, '=');
    if (equals != NULL) {
        const struct option_row *flag = flag_named(command, word, (size_t)(equals - word));
        auto_free char *before = xstrndup(word, (size_t)(equals + 1 - word));
        return flag != NULL ? offer_values(flag, before, equals + 1) : DIRECTIVE_NO_FILES;
    }
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *flag = &command->options.rows[i];
        auto_free char *name = xasprintf("--%s", flag->name);
        auto_free char *meaning = option_help_brief(flag);
        offer("", name, meaning, word);
    }
    return DIRECTIVE_NO_FILES;
}

static enum directive offer_operands(const struct cli_command *command, const char *word)
{
    for (size_t i = 0; command->operand_choice != NULL; i++) {
        const char *choice = command->operand_choice(i);
        if (choice == NULL)
            break;
        offer("", choice, "", word);
    }
    return command->operand_is_path ? DIRECTIVE_FILES : DIRECTIVE_NO_FILES;
}

static enum directive offer_commands(
    const struct cli_command *const *commands, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        offer("", commands[i]->name, commands[i]->summary, word);
    return DIRECTIVE_NO_FILES;
}

/* The flag that takes the last word as its value, or NULL. The words follow the subcommand. */
static const struct option_row *flag_of_last(
    const struct cli_command *command, int count, char **words)
{
    const struct option_row *flag = NULL;
    for (int i = 0; i < count - 1; i++) {
        flag = flag == NULL ? flag_named(command, words[i], strlen(words[i])) : NULL;
        if (flag != NULL && !option_takes_value(flag))
            flag = NULL;
    }
    return flag;
}

static enum directive complete_command(const struct cli_command *command, int count, char **words)
{
    const char *word = words[count - 1];
    const struct option_row *flag = flag_of_last(command, count, words);
    if (flag != NULL)
        return offer_values(flag, "", word);
    return word[0] == '-' ? offer_flags(command, word) : offer_operands(command, word);
}

/* Completes the words after the program, or after a group, whose subcommands these are. */
static enum directive complete(
    const struct cli_command *const *commands, size_t command_count, int count, char **words)
{
    bool is_help = count > 1 && streq(words[0], "help");
    if (count < 2)
        offer("", "help", "show help", count == 1 ? words[0] : "");
    if (count < 2 || (is_help && count == 2))
        return offer_commands(commands, command_count, count > 0 ? words[count - 1] : "");
    const char *name = words[is_help ? 1 : 0];
    int used = is_help ? 2 : 1;
    for (size_t i = 0; i < command_count; i++) {
        const struct cli_command *command = commands[i];
        if (!streq(name, command->name))
            continue;
        if (command->members != NULL)
            return complete(command->members, command->member_count, count - used, words + used);
        return is_help ? DIRECTIVE_NO_FILES : complete_command(command, count - 1, words + 1);
    }
    return DIRECTIVE_NO_FILES;
}

int cli_kubectl_complete(const struct cli_program *program, int count, char **words)
{
    printf(":%d\n", complete(program->commands, program->command_count, count, words));
    return 0;
}
