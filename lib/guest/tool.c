#include "guest/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/subprocess.h"
#include "base/text.h"

enum {
    OUTPUT_LIMIT = 64 * 1024,
    ERROR_TAIL_LIMIT = 1024,
    TIMEOUT_MS = 10 * 60 * 1000,
    KILL_GRACE_MS = 1000,
};

struct guest_tool {
    char *name;
    guest_tool_done *done;
    void *user;
    struct subprocess *child;
};

/* The error for how the child ended. Returns NULL if it succeeded. */
static struct error *end_error(
    const struct guest_tool *tool, const struct subprocess_result *result)
{
    struct error *error = NULL;
    if (result->canceled) {
        error_set(&error, ERROR_CANCELED, "%s was canceled", tool->name);
    } else if (result->timed_out) {
        error_set(&error, ERROR_IO, "%s did not finish within %d minutes", tool->name,
            TIMEOUT_MS / 60000);
    } else if (result->wait_status != 0) {
        auto_free char *how = subprocess_describe(result->wait_status);
        auto_free char *words =
            text_printable(result->error_tail, strlen(result->error_tail), ERROR_TAIL_LIMIT);
        error_set(&error, ERROR_IO, "%s %s: %s", tool->name, how, words);
    }
    return error;
}

static void on_end(void *user, struct subprocess_result *result)
{
    struct guest_tool *tool = user;
    tool->done(tool->user, end_error(tool, result));
    free(tool->name);
    free(tool);
}

struct guest_tool *guest_tool_start(const char *const *argv, const char *package,
    guest_tool_done *done, void *user, struct error **err)
{
    struct guest_tool *tool = xmalloc(sizeof(*tool));
    *tool = (struct guest_tool){.name = xstrdup(argv[0]), .done = done, .user = user};
    const struct subprocess_options options = {
        .argv = argv,
        .output_limit = OUTPUT_LIMIT,
        .error_tail_limit = ERROR_TAIL_LIMIT,
        .timeout_ms = TIMEOUT_MS,
        .kill_grace_ms = KILL_GRACE_MS,
        .on_done = on_end,
        .user = tool,
    };
    auto_error struct error *error = NULL;
    tool->child = subprocess_start(&options, &error);
    if (tool->child != NULL)
        return tool;
    if (error->errnum == ENOENT)
        error_set(err, ERROR_IO, "%s is not installed (on Debian, install the package %s)", argv[0],
            package);
    else
        error_move(err, steal(&error));
    free(tool->name);
    free(tool);
    return NULL;
}

void guest_tool_cancel(struct guest_tool *tool)
{
    subprocess_cancel(tool->child);
}
