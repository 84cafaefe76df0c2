/* hookctl: validate, render, run and explain hook sidecars. Under the name kubectl-hookline it is
 * "kubectl hookline", and under kubectl_complete-hookline what completes that. */
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

/* The last component of a path. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? name_of(argv[0]) : "";
    const struct cli_program program = {
        .name = streq(name, "kubectl-hookline") ? "kubectl hookline" : "hookctl",
        .summary = summary,
        .commands = commands,
        .command_count = ARRAY_SIZE(commands),
    };
    if (streq(name, "kubectl_complete-hookline"))
        return cli_kubectl_complete(&program, argc - 1, argv + 1);
    return cli_program_run(&program, argc, argv);
}
