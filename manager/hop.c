#include "manager/hop.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unused.h"
#include "manager/dial.h"
#include "manager/discovery.h"
#include "manager/info.h"

enum { MAX_FIELDS = 3 };

struct manager_hop {
    struct manager *manager;
    size_t position;
    enum hooks_point hook;
    struct hooks_field fields[MAX_FIELDS];
    size_t field_count;
    int64_t timeout_ms; /* of the whole hop */
    double deadline; /* clock_milliseconds */
    manager_hop_done *done;
    void *user;

    struct rpc_call *call; /* under way, or NULL */
    ev_timer start; /* dials from the loop if there is no connection at the start */

    struct error *lost; /* why the hop reconnects; NULL before */
    struct manager_dial *dial; /* under way, or NULL */
    char **paths; /* the sockets where the sidecar may listen now */
    size_t path_count;
    size_t path_next; /* index of the next one to dial */
};

static struct manager_sidecar *sidecar_of(const struct manager_hop *hop)
{
    return &hop->manager->sidecars[hop->position];
}

static struct manager_link *link_of(const struct manager_hop *hop)
{
    return &hop->manager->links[hop->position];
}

static void hop_free(struct manager_hop *hop)
{
    ev_timer_stop(hop->manager->loop, &hop->start);
    error_free(hop->lost);
    for (size_t i = 0; i < hop->path_count; i++)
        free(hop->paths[i]);
    free(hop->paths);
    free(hop);
}

/* Frees the hop and reports to the caller. */
static void hop_end(
    struct manager_hop *hop, const ProtobufCMessage *response, struct error *take_error, bool gone)
{
    manager_hop_done *done = hop->done;
    void *user = hop->user;
    hop_free(hop);
    done(user, response, take_error, gone);
}

static void redial(struct manager_hop *hop, struct error *take_why);

static void on_response(void *user, const struct rpc_result *result)
{
    struct manager_hop *hop = user;
    struct error *error = NULL;
    hop->call = NULL;
    if (result->code == RPC_OK) {
        hop_end(hop, result->response, NULL, false);
        return;
    }
    manager_status_error(result, hop->timeout_ms, &error);
    if (result->code == RPC_UNAVAILABLE) {
        rpc_channel_free(steal(&link_of(hop)->channel));
        error->class = ERROR_REMOTE;
        if (hop->lost == NULL) {
            redial(hop, error);
            return;
        }
        error_wrap(&error, "%s; reconnecting", hop->lost->message);
    }
    hop_end(hop, NULL, error, result->code == RPC_UNAVAILABLE);
}

/* Milliseconds until the deadline, at least 1. */
static int64_t time_left(const struct manager_hop *hop)
{
    double left = hop->deadline - clock_milliseconds();
    return left > 1 ? (int64_t)left : 1;
}

static void call(struct manager_hop *hop)
{
    const char *version = sidecar_of(hop)->version;
    auto_free ProtobufCMessage *request =
        hooks_message_request(version, hop->hook, hop->fields, hop->field_count);
    hop->call =
        rpc_call_start(link_of(hop)->channel, hooks_version_service(hooks_version_find(version)),
            hooks_point_name(hop->hook), request, time_left(hop), on_response, hop);
}

static void dial_next(struct manager_hop *hop, struct error *take_last);

/* After reconnecting, the new answer to Info counts. */
static void on_dialed(void *user, struct rpc_channel *take_channel,
    const Kubevirt__Hooks__Info__InfoResult *answer, struct error *take_error)
{
    struct manager_hop *hop = user;
    struct manager_sidecar *sidecar = sidecar_of(hop);
    struct error *error = take_error;
    auto_free char *warning = NULL;
    hop->dial = NULL;
    if (error == NULL)
        manager_info_read(answer, sidecar, &warning, &error);
    if (error == NULL && !sidecar->subscribed[hop->hook])
        error_set(&error, ERROR_REMOTE, "it no longer announces %s", hooks_point_name(hop->hook));
    if (error != NULL) {
        rpc_channel_free(take_channel);
        dial_next(hop, error);
        return;
    }
    const char *path = hop->paths[hop->path_next - 1];
    link_of(hop)->channel = take_channel;
    xstrset(&link_of(hop)->socket, path);
    free((char *)sidecar->socket);
    sidecar->socket = text_printable(path, strlen(path), SIZE_MAX);
    manager_warn(
        hop->manager, sidecar, "its connection was lost (%s) and reopened", hop->lost->message);
    call(hop);
}

/* Dials the next of the sidecar's sockets; after the last one, the hop fails. */
static void dial_next(struct manager_hop *hop, struct error *take_last)
{
    struct error *last = take_last;
    while (hop->path_next < hop->path_count) {
        error_free(steal(&last));
        const char *path = hop->paths[hop->path_next++];
        int64_t left = time_left(hop);
        hop->dial = manager_dial_start(hop->manager->rpc, path,
            left < MANAGER_INFO_TIMEOUT_MS ? left : MANAGER_INFO_TIMEOUT_MS, on_dialed, hop, &last);
        if (hop->dial != NULL)
            return;
    }
    if (last == NULL)
        error_set(&last, ERROR_REMOTE, "it no longer has a socket");
    error_wrap(&last, "%s; reconnecting", hop->lost->message);
    last->class = ERROR_REMOTE;
    hop_end(hop, NULL, last, true);
}

/* Lists the sidecar's sockets again: after a restart it may have another. */
static void redial(struct manager_hop *hop, struct error *take_why)
{
    const char *directory = link_of(hop)->directory;
    hop->lost = take_why;
    if (directory != NULL) {
        hop->paths = manager_discovery_list(directory, &hop->path_count);
    } else {
        hop->paths = xcalloc(1, sizeof(*hop->paths));
        hop->paths[hop->path_count++] = xstrdup(link_of(hop)->socket);
    }
    dial_next(hop, NULL);
}

static void on_start(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct error *error = NULL;
    error_set(&error, ERROR_REMOTE, "its connection was lost in an earlier call");
    redial(watcher->data, error);
}

struct manager_hop *manager_hop_start(struct manager *manager, size_t position,
    enum hooks_point hook, const struct hooks_field *fields, size_t count, int64_t timeout_ms,
    manager_hop_done *done, void *user)
{
    assert(count <= MAX_FIELDS);
    struct manager_hop *hop = xmalloc(sizeof(*hop));
    *hop = (struct manager_hop){
        .manager = manager,
        .position = position,
        .hook = hook,
        .field_count = count,
        .timeout_ms = timeout_ms,
        .deadline = clock_milliseconds() + (double)timeout_ms,
        .done = done,
        .user = user,
    };
    if (count > 0)
        memcpy(hop->fields, fields, count * sizeof(*fields));
    ev_timer_init(&hop->start, on_start, 0, 0);
    hop->start.data = hop;
    if (link_of(hop)->channel != NULL)
        call(hop);
    else
        ev_timer_start(manager->loop, &hop->start);
    return hop;
}

void manager_hop_cancel(struct manager_hop *hop)
{
    if (hop == NULL)
        return;
    if (hop->call != NULL)
        rpc_call_cancel(hop->call);
    manager_dial_cancel(hop->dial);
    hop_free(hop);
}
