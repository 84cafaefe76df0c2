#include "manager/cmd_collect.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "manager/session.h"

/* The hooks that a sidecar announces, with their priorities. New reference. */
static json_t *hooks_json(const struct manager_sidecar *sidecar)
{
    json_t *hooks = json_object();
    for (int hook = 0; hook < HOOKS_POINTS; hook++) {
        if (sidecar->subscribed[hook])
            json_object_set_new(
                hooks, hooks_point_name(hook), json_integer(sidecar->priority[hook]));
    }
    return hooks;
}

static int print_sidecars(const struct manager *manager, struct error **err)
{
    size_t count = 0;
    const struct manager_sidecar *sidecars = manager_sidecars(manager, &count);
    auto_json json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:s, s:s, s:o, s:i, s:s}", "name", sidecars[i].name,
                      "index", (json_int_t)sidecars[i].index, "socket", sidecars[i].socket,
                      "version", sidecars[i].version, "hooks", hooks_json(&sidecars[i]),
                      "timeoutSeconds", sidecars[i].timeout_seconds, "failurePolicy",
                      sidecars[i].failure_policy == ANNOTATIONS_IGNORE ? "Ignore" : "Fail"));
    auto_free char *text = json_dumps(list, JSON_INDENT(2));
    auto_free char *line = xasprintf("%s\n", text);
    return manager_session_print(line, strlen(line), err);
}

static int run(const struct manager_command *command, const struct manager_flags *flags)
{
    struct manager_session session;
    struct error *error = NULL;
    if (manager_session_begin(&session, command->name, flags, false, &error) == 0 &&
        manager_session_collect(&session, &error) == 0)
        print_sidecars(manager_blocking_manager(session.blocking), &error);
    return manager_session_end(&session, error);
}

const struct manager_command manager_command_collect = {
    .name = "collect",
    .summary = "Wait for the sidecars and show what they announce",
    .description =
        "Waits until N sidecars have answered Info, and prints them as a JSON array in index\n"
        "order. A sidecar is a directory with a socket in it, or a socket directly in the\n"
        "socket directory.\n",
    .sets = MANAGER_FLAGS_COLLECT,
    .run = run,
};
