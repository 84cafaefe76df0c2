/* hookctl: validate, render, run and explain hook sidecars. Installed as kubectl-hookline too, it
 * is "kubectl hookline". */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

static const struct cli_command *const commands[] = {
    &cli_validate_command,
    &cli_render_command,
    &cli_run_command,
    &cli_explain_command,
    &cli_schema_command,
    &cli_completion_command,
};

static const char summary[] =
    "Works with the hook sidecars of KubeVirt virtual machines: checks the annotation\n"
    "that lists them, shows the pod that it makes, and runs the hooks here.";

static const char *name_of(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : path;
    return name != NULL && streq(name, "kubectl-hookline") ? "kubectl hookline" : "hookctl";
}

int main(int argc, char **argv)
{
    const struct cli_program program = {
        .name = name_of(argv[0]),
        .summary = summary,
        .commands = commands,
        .command_count = ARRAY_SIZE(commands),
    };
    return cli_program_run(&program, argc, argv);
}
