#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const struct cli_command *cli_command_find(
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
