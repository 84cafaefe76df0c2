#include "manager/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annotations/parse.h"
#include "base/file.h"
#include "base/json.h"
#include "domain/schema.h"
#include "manager/event_log.h"
#include "manager/timings.h"

enum {
    VMI_MAX_BYTES = 4 << 20, /* etcd keeps objects up to 1.5 MiB */
    VMI_MAX_DEPTH = 100,
};

static void on_event(void *user, const struct manager_event *event)
{
    struct manager_session *session = user;
    if (session->flags->timings != NULL)
        manager_timings_note(session->timings, event);
    manager_event_log(event, session->flags->log_format);
}

/* Logs the warnings, and sets one error from all errors among the findings. */
static int report_findings(const char *path, const struct findings *findings, struct error **err)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].severity != FINDING_WARNING)
            continue;
        auto_free char *text = finding_text(&findings->items[i]);
        log_warning("%s: %s", path, text);
    }
    size_t more = findings_left_out(findings, FINDING_WARNING);
    if (more > 0)
        log_warning("%s: and %zu more warnings", path, more);
    return findings_to_error(findings, NULL, NULL, err) < 0 ? error_wrap(err, "%s", path) : 0;
}

static int read_annotation(struct manager_session *session, struct error **err)
{
    const char *path = session->flags->annotation_file;
    if (path == NULL)
        return 0;
    auto_free char *text = NULL;
    size_t length = 0;
    if (file_read(path, ANNOTATIONS_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    struct findings findings = {0};
    session->list = annotations_parse(text, length, NULL, &findings);
    int result = report_findings(path, &findings, err);
    findings_clear(&findings);
    return result;
}

/* Hooks get the bytes of the file, which must hold a JSON object. */
static int read_vmi(struct manager_session *session, struct error **err)
{
    const char *path = session->flags->vmi;
    if (path == NULL) {
        session->vmi = xstrdup("{}");
        session->vmi_length = strlen(session->vmi);
        return 0;
    }
    if (file_read(path, VMI_MAX_BYTES, &session->vmi, &session->vmi_length, err) < 0)
        return -1;
    auto_json json_t *value = json_parse(session->vmi, session->vmi_length, VMI_MAX_DEPTH, err);
    if (value == NULL)
        return error_wrap(err, "reading the VMI in %s", path);
    if (!json_is_object(value))
        return error_set(err, ERROR_INPUT, "reading the VMI in %s: it must be an object, not %s",
            path, json_kind(value));
    return 0;
}

int manager_session_read(struct manager_session *session, const char *command,
    const struct manager_flags *flags, struct manager_options *options, struct error **err)
{
    *session = (struct manager_session){
        .flags = flags,
        .timings = manager_timings_new(command),
    };
    log_init("hook-manager", flags->log_format, flags->log_level);
    if (read_annotation(session, err) < 0 || read_vmi(session, err) < 0)
        return -1;
    if (flags->schema != NULL) {
        session->schema = domain_schema_load(flags->schema, err);
        if (session->schema == NULL)
            return -1;
    }
    *options = (struct manager_options){
        .directory = flags->socket_directory,
        .sidecars = flags->sidecars,
        .timeout_ms = flags->timeout_ms,
        .slow_chain_ms = flags->slow_chain_ms,
        .list = session->list,
        .schema = session->schema,
        .trace_directory = flags->trace,
        .observer = on_event,
        .user = session,
    };
    return 0;
}

int manager_session_begin(struct manager_session *session, const char *command,
    const struct manager_flags *flags, bool present_only, struct error **err)
{
    struct manager_options options;
    if (manager_session_read(session, command, flags, &options, err) < 0)
        return -1;
    options.present_only = present_only;
    session->blocking = manager_blocking_new(&options, err);
    return session->blocking != NULL ? 0 : -1;
}

int manager_session_collect(struct manager_session *session, struct error **err)
{
    if (manager_blocking_collect(session->blocking, err) < 0)
        return -1;
    manager_timings_collected(session->timings);
    return 0;
}

int manager_session_chain(
    struct manager_session *session, enum hooks_point hook, const char *name, struct error **err)
{
    auto_free char *document = NULL;
    size_t length = 0;
    if (file_read("-", hooks_points[hook].limit, &document, &length, err) < 0)
        return error_wrap(err, "reading %s", name);
    if (manager_session_collect(session, err) < 0)
        return -1;
    auto_free char *result = NULL;
    size_t result_length = 0;
    if (manager_blocking_chain(session->blocking, hook, (struct bytes){document, length},
            (struct bytes){session->vmi, session->vmi_length}, &result, &result_length, err) < 0)
        return -1;
    manager_timings_finished(session->timings);
    return manager_session_print(result, result_length, err);
}

int manager_session_print(const char *data, size_t length, struct error **err)
{
    if (file_write_all(STDOUT_FILENO, data, length, err) < 0)
        return error_wrap(err, "standard output");
    return 0;
}

int manager_session_end(struct manager_session *session, struct error *take_error)
{
    struct error *error = take_error;
    int status = error != NULL ? error_exit_status(error->class) : 0;
    if (session->flags->timings != NULL) {
        auto_error struct error *failure = NULL;
        if (manager_timings_append(
                session->timings, session->flags->timings, status, error, &failure) < 0)
            log_warning("%s", failure->message);
    }
    if (error != NULL)
        log_write(LOG_ERROR, json_pack("{s:s}", "class", error_class_name(error->class)), "%s",
            error->message);
    error_free(error);
    return status;
}
