/* hookctl appliance: virtual machines out of DataSources. */
#include "cli/command.h"

/* The members, each in a file of its own, cli/appliance/NAME.c, in the order of the help. */
#define MEMBERS(EACH)                                                                              \
    EACH(check)                                                                                    \
    EACH(show)                                                                                     \
    EACH(create)                                                                                   \
    EACH(publish)                                                                                  \
    EACH(convert)                                                                                  \
    EACH(clone)                                                                                    \
    EACH(snapshot)                                                                                 \
    EACH(restore)                                                                                  \
    EACH(export)                                                                                   \
    EACH(upload)                                                                                   \
    EACH(push)                                                                                     \
    EACH(pull)                                                                                     \
    EACH(import)                                                                                   \
    EACH(seal)

#define DECLARE(name) extern const struct cli_command cli_appliance_##name##_command;
#define POINT_TO(name) &cli_appliance_##name##_command,

MEMBERS(DECLARE)

static const struct cli_command *const members[] = {MEMBERS(POINT_TO)};

const struct cli_command cli_appliance_command = {
    .name = "appliance",
    .summary = "create virtual machines out of DataSources",
    .description = "An appliance is a CDI DataSource that has, in the annotation\n"
                   "appliance.kubevirt.io/vm-spec, the boilerplate of a VirtualMachine. These\n"
                   "subcommands check it and complete it to a machine. A DataSource without the\n"
                   "annotation, a golden image, becomes a machine with one disk.",
    .members = members,
    .member_count = ARRAY_SIZE(members),
};
