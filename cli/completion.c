/* hookctl completion: scripts for bash, zsh and fish, from the tables of the subcommands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/option_help.h"
#include "base/text.h"
#include "cli/command.h"

/* The scripts complete the program under both of its names. */
#define NAMES "hookctl kubectl-hookline"

/* Text with a backslash before each of the special characters. Owned by the caller. */
static char *escaped(const char *text, const char *special)
{
    char *out = xmalloc(2 * strlen(text) + 1);
    char *end = out;
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL)
            *end++ = '\\';
        *end++ = *text;
    }
    *end = '\0';
    return out;
}

/* Text as one word of bash or zsh. Owned by the caller. */
static char *quoted(const char *text)
{
    static const char quote[] = "'\\''";
    char *out = xmalloc(strlen(quote) * strlen(text) + sizeof("''"));
    char *end = stpcpy(out, "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            end = stpcpy(end, quote);
        else
            *end++ = *text;
    }
    stpcpy(end, "'");
    return out;
}

/* What a flag is for, with a backslash before each of the special characters. Owned by the
 * caller. */
static char *brief(const struct option_row *flag, const char *special)
{
    auto_free char *text = option_help_brief(flag);
    return escaped(text, special);
}

/* The values of a command's operand, separated by spaces. Owned by the caller. */
static char *operand_words(const struct cli_command *command)
{
    char *words = xstrdup("");
    for (size_t i = 0; command->operand_choice != NULL; i++) {
        const char *choice = command->operand_choice(i);
        if (choice == NULL)
            break;
        char *longer = xasprintf("%s%s%s", words, i > 0 ? " " : "", choice);
        free(words);
        words = longer;
    }
    return words;
}

/* Calls each with every subcommand, and with every member of a group after the group. group is
 * NULL for those that are in none. */
static void each_command(const struct cli_program *program,
    void (*each)(const struct cli_command *group, const struct cli_command *command))
{
    for (size_t i = 0; i < program->command_count; i++) {
        const struct cli_command *command = program->commands[i];
        each(NULL, command);
        for (size_t k = 0; k < command->member_count; k++)
            each(command, command->members[k]);
    }
}

/* "validate", "appliance create". Owned by the caller. */
static char *full_name(const struct cli_command *group, const struct cli_command *command)
{
    return group != NULL ? xasprintf("%s %s", group->name, command->name) : xstrdup(command->name);
}

/* The names of subcommands, separated by spaces. Owned by the caller. */
static char *names_of(const struct cli_command *const *commands, size_t count)
{
    char *names = xstrdup("");
    for (size_t i = 0; i < count; i++) {
        char *longer = xasprintf("%s%s%s", names, i > 0 ? " " : "", commands[i]->name);
        free(names);
        names = longer;
    }
    return names;
}

/* The value of a flag: "validate -f" | "validate --filename") … */
static void bash_flag_value(const char *command, const struct option_row *flag)
{
    auto_free char *argument = option_argument(flag);
    if (argument == NULL)
        return;
    printf("    ");
    if (flag->letter != 0)
        printf("\"%s -%c\" | ", command, flag->letter);
    printf("\"%s --%s\")\n", command, flag->name);
    if (flag->is_path) {
        printf("        compopt -o filenames 2>/dev/null\n"
               "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n");
    } else if (flag->choices != NULL) {
        auto_free char *words = option_choices(flag, " ");
        printf("        mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\")\n", words);
    }
    printf("        return\n"
           "        ;;\n");
}

static void bash_flag_values(const struct cli_command *group, const struct cli_command *command)
{
    auto_free char *name = full_name(group, command);
    for (size_t i = 0; i < command->options.count; i++)
        bash_flag_value(name, &command->options.rows[i]);
}

static void bash_command(const struct cli_command *group, const struct cli_command *command)
{
    if (command->members != NULL) {
        auto_free char *members = names_of(command->members, command->member_count);
        printf("    '%s' | 'help %s' | '%s help')\n"
               "        flags='-h --help'\n"
               "        words='%s help'\n"
               "        ;;\n",
            command->name, command->name, command->name, members);
        return;
    }
    auto_free char *name = full_name(group, command);
    printf("    '%s')\n"
           "        flags='",
        name);
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option_row *flag = &command->options.rows[i];
        if (flag->letter != 0)
            printf("-%c ", flag->letter);
        printf("--%s ", flag->name);
    }
    auto_free char *words = operand_words(command);
    printf("'\n"
           "        words='%s'\n"
           "%s"
           "        ;;\n",
        words, command->operand_is_path ? "        files=yes\n" : "");
}

/* The words after which another one belongs to the name of the subcommand, too. */
static void bash_group(const struct cli_command *group, const struct cli_command *command)
{
    if (group == NULL && command->members != NULL)
        printf(" | '%s' | 'help %s' | '%s help'", command->name, command->name, command->name);
}

static void complete_bash(const struct cli_program *program)
{
    printf(
        "# bash completion for hookctl; load it with: source <(hookctl completion bash)\n"
        "_hookctl()\n"
        "{\n"
        "    local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
        "    local command='' flags='-h --help --version' words='help' files='' i\n"
        "    COMPREPLY=()\n"
        "    # --flag=value comes as three words\n"
        "    if [[ $current == '=' ]]; then\n"
        "        current=''\n"
        "    elif [[ $previous == '=' ]]; then\n"
        "        previous=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
        "    fi\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        [[ ${COMP_WORDS[i]} == -* ]] && continue\n"
        "        command+=\"${command:+ }${COMP_WORDS[i]}\"\n"
        "        case $command in\n"
        "        'help'");
    each_command(program, bash_group);
    printf(") ;;\n"
           "        *) break ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$command $previous\" in\n");
    each_command(program, bash_flag_values);
    auto_free char *names = names_of(program->commands, program->command_count);
    printf("    esac\n"
           "    case $command in\n"
           "    '' | 'help')\n"
           "        words='%s help'\n"
           "        ;;\n",
        names);
    each_command(program, bash_command);
    printf("    *) return ;;\n"
           "    esac\n"
           "    [[ $current == -* ]] && words=$flags\n"
           "    if [[ -n $files && $current != -* ]]; then\n"
           "        compopt -o filenames 2>/dev/null\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
           "        return\n"
           "    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -F _hookctl " NAMES "\n");
}

/* One specification of _arguments: '*'{-f,--filename}'[a manifest]:FILE:_files' */
static void zsh_flag(const struct option_row *flag)
{
    auto_free char *help = brief(flag, "[]:\\");
    auto_free char *choices = option_choices(flag, " ");
    auto_free char *tail = NULL;
    if (flag->choices != NULL)
        tail = xasprintf("[%s]:value:(%s)", help, choices);
    else if (flag->argument != NULL)
        tail = xasprintf("[%s]:%s:%s", help, flag->argument, flag->is_path ? "_files" : " ");
    else
        tail = xasprintf("[%s]", help);
    auto_free char *word = quoted(tail);
    printf(" \\\n            ");
    if (option_is_repeatable(flag))
        printf("'*'");
    if (flag->letter != 0 && !option_is_repeatable(flag))
        printf("'(-%c --%s)'", flag->letter, flag->name);
    if (flag->letter != 0)
        printf("{-%c,--%s}%s", flag->letter, flag->name, word);
    else
        printf("--%s%s", flag->name, word);
}

static void zsh_command(const struct cli_command *command)
{
    printf("        %s)\n", command->name);
    if (command->members != NULL) {
        printf("            _hookctl_%s\n            ;;\n", command->name);
        return;
    }
    printf("            _arguments");
    for (size_t i = 0; i < command->options.count; i++)
        zsh_flag(&command->options.rows[i]);
    if (command->operand_choice != NULL) {
        auto_free char *operands = operand_words(command);
        auto_free char *special = escaped(operands, "[]");
        auto_free char *tail = xasprintf("1:%s:(%s)", command->operand, special);
        auto_free char *word = quoted(tail);
        printf(" \\\n            %s", word);
    }
    if (command->operand_is_path)
        printf(" \\\n            '1:FILE:_files'");
    printf("\n            ;;\n");
}

/* The body of a function that completes one of the subcommands; flags are the program's own. */
static void zsh_commands(const struct cli_command *const *commands, size_t count, const char *flags)
{
    printf("{\n"
           "    local curcontext=$curcontext state line\n"
           "    typeset -A opt_args\n"
           "    local -a commands\n"
           "    commands=(\n");
    for (size_t i = 0; i < count; i++) {
        auto_free char *text = xasprintf("%s:%s", commands[i]->name, commands[i]->summary);
        auto_free char *word = quoted(text);
        printf("        %s\n", word);
    }
    printf("    )\n"
           "    _arguments -C '(- *)'{-h,--help}'[show this help]' \\\n"
           "        %s'1: :->command' '*:: :->flags'\n"
           "    case $state in\n"
           "    command) _describe -t commands subcommand commands ;;\n"
           "    flags)\n"
           "        case $words[1] in\n",
        flags);
    for (size_t i = 0; i < count; i++)
        zsh_command(commands[i]);
    printf("        esac\n"
           "        ;;\n"
           "    esac\n"
           "}\n");
}

static void zsh_group(const struct cli_command *group, const struct cli_command *command)
{
    if (group != NULL || command->members == NULL)
        return;
    printf("_hookctl_%s()\n", command->name);
    zsh_commands(command->members, command->member_count, "");
}

static void complete_zsh(const struct cli_program *program)
{
    printf("#compdef " NAMES "\n"
           "# zsh completion for hookctl; save it as _hookctl in a directory of $fpath\n");
    each_command(program, zsh_group);
    printf("_hookctl()\n");
    zsh_commands(program->commands, program->command_count, "'(- *)--version[show the version]' ");
    printf("if [[ $funcstack[1] == _hookctl ]]; then\n"
           "    _hookctl \"$@\"\n"
           "else\n"
           "    compdef _hookctl " NAMES "\n"
           "fi\n");
}

/* The condition that a subcommand is on the line. Owned by the caller. */
static char *fish_seen(const struct cli_command *group, const struct cli_command *command)
{
    if (group == NULL)
        return xasprintf("__fish_seen_subcommand_from %s", command->name);
    return xasprintf("__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s",
        group->name, command->name);
}

/* The condition that it is to be offered. Owned by the caller. */
static char *fish_due(const struct cli_command *group)
{
    if (group == NULL)
        return xstrdup("__fish_use_subcommand");
    auto_free char *members = names_of(group->members, group->member_count);
    return xasprintf("__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s",
        group->name, members);
}

/* One flag of a subcommand, for fish. */
static void fish_flag(const char *seen, const struct option_row *flag)
{
    auto_free char *help = brief(flag, "\\'");
    printf("    complete -c $program -n '%s' -l %s", seen, flag->name);
    if (flag->letter != 0)
        printf(" -s %c", flag->letter);
    if (flag->is_path)
        printf(" -r -F");
    else if (option_takes_value(flag))
        printf(" -x");
    if (flag->choices != NULL) {
        auto_free char *words = option_choices(flag, " ");
        printf(" -a '%s'", words);
    }
    printf(" -d '%s'\n", help);
}

static void fish_command(const struct cli_command *group, const struct cli_command *command)
{
    auto_free char *summary = escaped(command->summary, "\\'");
    auto_free char *due = fish_due(group);
    auto_free char *seen = fish_seen(group, command);
    printf("    complete -c $program -n '%s' -a %s -d '%s'\n", due, command->name, summary);
    for (size_t i = 0; i < command->options.count; i++)
        fish_flag(seen, &command->options.rows[i]);
    if (command->operand_choice != NULL) {
        auto_free char *words = operand_words(command);
        printf("    complete -c $program -n '%s' -a '%s'\n", seen, words);
    }
    if (command->operand_is_path)
        printf("    complete -c $program -n '%s' -F\n", seen);
}

static void complete_fish(const struct cli_program *program)
{
    printf("# fish completion for hookctl; save it as\n"
           "# ~/.config/fish/completions/hookctl.fish\n"
           "for program in " NAMES "\n"
           "    complete -c $program -f\n"
           "    complete -c $program -n __fish_use_subcommand -l version -d 'show the version'\n"
           "    complete -c $program -n __fish_use_subcommand -s h -l help -d 'show this help'\n");
    each_command(program, fish_command);
    printf("end\n");
}

static const struct {
    const char *name;
    void (*write)(const struct cli_program *program);
} shells[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};

static const char *shell_choice(size_t index)
{
    return index < ARRAY_SIZE(shells) ? shells[index].name : NULL;
}

static int completion(const struct cli_arguments *arguments)
{
    const char *names[ARRAY_SIZE(shells)];
    for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
        names[i] = shells[i].name;
        if (!streq(arguments->operand, shells[i].name))
            continue;
        shells[i].write(arguments->program);
        return 0;
    }
    auto_free char *known = text_list(names, ARRAY_SIZE(names));
    auto_free char *hint = suggest_hint(arguments->operand, names, ARRAY_SIZE(names));
    struct error *error = NULL;
    error_set(&error, ERROR_USAGE, "there is no completion for \"%s\": use %s%s",
        arguments->operand, known, hint);
    return cli_fail(arguments, error);
}

static const struct option_row rows[] = {CLI_HELP_ROW};

const struct cli_command cli_completion_command = {
    .name = "completion",
    .summary = "print the completion script of a shell",
    .description = "Prints a script that makes bash, zsh or fish complete subcommands, flags and\n"
                   "their values. The comment at its top says how to load it.",
    .options = CLI_TABLE(rows),
    .options_size = sizeof(struct cli_options),
    .operand = "SHELL",
    .operand_required = true,
    .operand_choice = shell_choice,
    .run = completion,
};
