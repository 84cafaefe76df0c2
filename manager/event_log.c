#include "manager/event_log.h"

enum { LOGGED_MAX_BYTES = 64 * 1024 }; /* of a document in a log line */

/* The fields of a log line about a sidecar. New reference. */
static json_t *event_fields(const struct manager_event *event)
{
    if (event->sidecar == NULL)
        return NULL;
    json_t *fields = json_pack(
        "{s:s, s:I}", "sidecar", event->sidecar->name, "index", (json_int_t)event->sidecar->index);
    if (event->kind == MANAGER_EVENT_FOUND || event->kind == MANAGER_EVENT_READY)
        json_object_set_new(fields, "socket", json_string(event->sidecar->socket));
    if (event->kind == MANAGER_EVENT_READY)
        json_object_set_new(fields, "version", json_string(event->sidecar->version));
    if (event->kind == MANAGER_EVENT_HOP_START || event->kind == MANAGER_EVENT_HOP_DONE)
        json_object_set_new(fields, "hook", json_string(hooks_point_name(event->hook)));
    if (event->kind == MANAGER_EVENT_READY || event->kind == MANAGER_EVENT_HOP_DONE)
        json_object_set_new(fields, "milliseconds", json_real(event->milliseconds));
    return fields;
}

/* Logs the domain before the hop that failed, for programs that read the log. Unlike cloud-init
 * data, it holds no secrets from those who may read it. */
static void document_log(const struct manager_event *event)
{
    if (hooks_points[event->hook].document == HOOKS_DOMAIN &&
        event->input_length <= LOGGED_MAX_BYTES)
        log_write(LOG_INFO, json_pack("{s:s%}", "domain", event->input, event->input_length),
            "the domain before the hook that failed");
}

void manager_event_log(const struct manager_event *event, enum log_format format)
{
    switch (event->kind) {
    case MANAGER_EVENT_FOUND:
        log_write(LOG_DEBUG, event_fields(event), "found a socket");
        break;
    case MANAGER_EVENT_READY:
        log_write(LOG_INFO, event_fields(event), "sidecar is ready");
        break;
    case MANAGER_EVENT_HOP_START:
        log_write(LOG_DEBUG, event_fields(event), "calling a hook");
        break;
    case MANAGER_EVENT_HOP_DONE:
        if (event->error == NULL)
            log_write(LOG_INFO, event_fields(event), "hook is done");
        else if (event->ignored)
            log_write(LOG_WARNING, event_fields(event),
                "ignored, because failurePolicy is Ignore: %s", event->error->message);
        else if (format == LOG_JSON)
            document_log(event); /* the operation fails with this error */
        break;
    case MANAGER_EVENT_WARNING:
        log_write(LOG_WARNING, event_fields(event), "%s", event->error->message);
        break;
    }
}
