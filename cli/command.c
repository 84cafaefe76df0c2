#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const struct cli_command *cli_command_find(
    const struct cli_command *const *commands, size_t count, const char *name, struct error **err)
{
    auto_free const char **names = xcalloc(count, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = commands[i]->name;
        if (streq(names[i], name))
            return commands[i];
    }
    auto_free char *hint = suggest_hint(name, names, count);
    error_set(err, ERROR_USAGE, "unknown subcommand \"%s\"%s", name, hint);
    return NULL;
}

char *cli_command_title(const struct cli_arguments *arguments)
{
    const struct cli_command *group = arguments->group;
    const struct cli_command *command = arguments->command;
    return xasprintf("%s%s%s%s%s", arguments->program->name, group != NULL ? " " : "",
        group != NULL ? group->name : "", command != NULL ? " " : "",
        command != NULL ? command->name : "");
}

int cli_fail(const struct cli_arguments *arguments, struct error *take_error)
{
    int status = error_exit_status(take_error->class);
    auto_free char *title = cli_command_title(arguments);
    auto_free char *message =
        text_printable(take_error->message, strlen(take_error->message), SIZE_MAX);
    fprintf(stderr, "%s: %s\n", title, message);
    if (take_error->class == ERROR_USAGE)
        fprintf(stderr, "\"%s --help\" shows how it is used.\n", title);
    error_free(take_error);
    return status;
}
