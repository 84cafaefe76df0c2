#include "cli/commands.h"

#include <string.h>

#include "base/text.h"
#include "cli/kubectl_complete.h"
#include "cli/program.h"

/* The subcommands, each in a file of its own, cli/NAME.c, in the order of the help. */
#define SUBCOMMANDS(EACH)                                                                          \
    EACH(validate)                                                                                 \
    EACH(render)                                                                                   \
    EACH(run)                                                                                      \
    EACH(expand)                                                                                   \
    EACH(appliance)                                                                                \
    EACH(explain)                                                                                  \
    EACH(schema)                                                                                   \
    EACH(completion)

#define DECLARE(name) extern const struct cli_command cli_##name##_command;
#define POINT_TO(name) &cli_##name##_command,

SUBCOMMANDS(DECLARE)

static const struct cli_command *const commands[] = {SUBCOMMANDS(POINT_TO)};

static const char summary[] =
    "Works with KubeVirt virtual machines: checks the annotation that lists their\n"
    "hook sidecars, shows the launcher pod with them, and runs the hooks here;\n"
    "creates machines out of appliances.";

/* The last component of a path. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int cli_commands_main(int argc, char **argv, const struct cli_online_run *runs, size_t run_count)
{
    const char *name = argc > 0 ? name_of(argv[0]) : "";
    const struct cli_program program = {
        .name = streq(name, "kubectl-hookline") ? "kubectl hookline" : "hookctl",
        .summary = summary,
        .commands = commands,
        .command_count = ARRAY_SIZE(commands),
        .runs = runs,
        .run_count = run_count,
    };
    if (streq(name, "kubectl_complete-hookline"))
        return cli_kubectl_complete(&program, argc - 1, argv + 1);
    return cli_program_run(&program, argc, argv);
}
