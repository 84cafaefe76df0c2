#include "manager/dial.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/text.h"

enum { MAX_SHOWN = 1024 }; /* bytes of a peer's message */

struct manager_dial {
    struct rpc_channel *channel;
    int64_t timeout_ms;
    manager_dial_done *done;
    void *user;
};

/* A peer's message with its lines joined: `first | second`. Owned by the caller. */
static char *in_one_line(const char *said)
{
    UT_string line;
    utstring_init(&line);
    const char *separator = "";
    for (size_t length = 0; *said != '\0'; said += length + (said[length] == '\n')) {
        length = strcspn(said, "\n");
        if (length == 0)
            continue;
        utstring_printf(&line, "%s%.*s", separator, (int)length, said);
        separator = said[length - 1] == ':' ? " " : " | ";
    }
    char *shown = text_printable(utstring_body(&line), utstring_len(&line), MAX_SHOWN);
    utstring_done(&line);
    return shown;
}

int manager_status_error(const struct rpc_result *result, int64_t timeout_ms, struct error **err)
{
    if (result->timed_out)
        return error_set(err, ERROR_TIMEOUT, "no answer within %g s", (double)timeout_ms / 1e3);
    auto_free char *said = in_one_line(result->message);
    enum error_class class = result->code == RPC_DEADLINE_EXCEEDED ? ERROR_TIMEOUT
                             : result->code == RPC_UNAVAILABLE     ? ERROR_IO
                                                                   : ERROR_REMOTE;
    return error_set(err, class, "%s: %s", rpc_code_name(result->code), said);
}

/* Whether a status may come from a connection or server that is just starting or stopping: gRPC's
 * core also reports broken streams with these. */
static bool may_pass(int code)
{
    return code == RPC_CANCELLED || code == RPC_UNKNOWN || code == RPC_RESOURCE_EXHAUSTED ||
           code == RPC_INTERNAL;
}

static void on_answer(void *user, const struct rpc_result *result)
{
    struct manager_dial *dial = user;
    struct error *error = NULL;
    if (result->code != RPC_OK) {
        manager_status_error(result, dial->timeout_ms, &error);
        if (may_pass(result->code))
            error->class = ERROR_IO;
        error_wrap(&error, "Info");
        rpc_channel_free(steal(&dial->channel));
    }
    const Kubevirt__Hooks__Info__InfoResult *answer = (const void *)result->response;
    dial->done(dial->user, dial->channel, answer, error);
    free(dial);
}

struct manager_dial *manager_dial_start(struct rpc *rpc, const char *path, int64_t timeout_ms,
    manager_dial_done *done, void *user, struct error **err)
{
    struct rpc_channel *channel = rpc_channel_open(rpc, path, err);
    if (channel == NULL)
        return NULL;
    struct manager_dial *dial = xmalloc(sizeof(*dial));
    *dial = (struct manager_dial){
        .channel = channel, .timeout_ms = timeout_ms, .done = done, .user = user};
    Kubevirt__Hooks__Info__InfoParams request = KUBEVIRT__HOOKS__INFO__INFO_PARAMS__INIT;
    rpc_call_start(channel, &kubevirt__hooks__info__info__descriptor, "Info", &request.base,
        timeout_ms, on_answer, dial);
    return dial;
}

void manager_dial_cancel(struct manager_dial *dial)
{
    if (dial == NULL)
        return;
    rpc_channel_free(dial->channel);
    free(dial);
}
