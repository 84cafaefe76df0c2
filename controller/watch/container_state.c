#include "controller/watch/container_state.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum {
    LAST_LINES = 3,
    LINE_MAX_BYTES = 256,
    REPORT_MAX_DEPTH = 4,
    STAGE_MAX_BYTES = 32,
};

/* Source: Kubernetes, pkg/kubelet/images and pkg/kubelet/kuberuntime. */
static const struct {
    const char *reason;
    enum controller_trouble trouble;
} troubles[] = {
    {"ErrImagePull", CONTROLLER_IMAGE_TROUBLE},
    {"ImagePullBackOff", CONTROLLER_IMAGE_TROUBLE},
    {"InvalidImageName", CONTROLLER_IMAGE_TROUBLE},
    {"ErrImageNeverPull", CONTROLLER_IMAGE_TROUBLE},
    {"ImageInspectError", CONTROLLER_IMAGE_TROUBLE},
    {"RegistryUnavailable", CONTROLLER_IMAGE_TROUBLE},
    {"SignatureValidationFailed", CONTROLLER_IMAGE_TROUBLE},
    {"CreateContainerConfigError", CONTROLLER_START_TROUBLE},
    {"CreateContainerError", CONTROLLER_START_TROUBLE},
    {"PreCreateHookError", CONTROLLER_START_TROUBLE},
    {"PreStartHookError", CONTROLLER_START_TROUBLE},
    {"PostStartHookError", CONTROLLER_START_TROUBLE},
    {"RunContainerError", CONTROLLER_START_TROUBLE},
};

const json_t *controller_container_find(const json_t *pod, const char *list, const char *name)
{
    return json_item_named(json_object_get(json_object_get(pod, "status"), list), name, NULL);
}

const json_t *controller_container_state(const json_t *container, const char *state)
{
    const json_t *value = json_object_get(json_object_get(container, "state"), state);
    return json_is_object(value) ? value : NULL;
}

bool controller_container_has_started(const json_t *container)
{
    return json_is_true(json_object_get(container, "ready")) ||
           (controller_container_state(container, "running") != NULL &&
               !json_is_false(json_object_get(container, "started")));
}

enum controller_trouble controller_container_trouble(const json_t *container)
{
    const char *reason =
        json_get_string(controller_container_state(container, "waiting"), "reason");
    for (size_t i = 0; reason != NULL && i < ARRAY_SIZE(troubles); i++) {
        if (streq(reason, troubles[i].reason))
            return troubles[i].trouble;
    }
    return CONTROLLER_NO_TROUBLE;
}

/* The last non-empty lines of text, joined. Owned by the caller. */
static char *last_lines(const char *text)
{
    char *lines = xstrdup("");
    size_t end = strlen(text);
    for (int count = 0; end > 0 && count < LAST_LINES;) {
        size_t begin = end;
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
        size_t length = end - begin;
        while (length > 0 && isspace((unsigned char)text[begin + length - 1]))
            length--;
        end = begin > 0 ? begin - 1 : 0;
        if (length == 0)
            continue;
        auto_free char *line = text_printable(text + begin, length, LINE_MAX_BYTES);
        auto_free char *after = lines;
        lines = xasprintf("%s%s%s", line, after[0] != '\0' ? "; " : "", after);
        count++;
    }
    return lines;
}

char *controller_container_waiting_text(const json_t *container)
{
    const json_t *waiting = controller_container_state(container, "waiting");
    const char *reason = text_or(json_get_string(waiting, "reason"), "waiting");
    const char *message = text_or(json_get_string(waiting, "message"), "");
    auto_free char *lines = last_lines(message);
    return xasprintf("%s%s%s", reason, lines[0] != '\0' ? ": " : "", lines);
}

bool controller_termination_failed(const json_t *terminated)
{
    const json_t *code = json_object_get(terminated, "exitCode");
    return terminated != NULL && !(json_is_integer(code) && json_integer_value(code) == 0);
}

char *controller_termination_text(const json_t *terminated)
{
    const char *reason = text_or(json_get_string(terminated, "reason"), "");
    const char *message = text_or(json_get_string(terminated, "message"), "");
    const json_t *code = json_object_get(terminated, "exitCode");
    bool plain = reason[0] == '\0' || streq(reason, "Error") || streq(reason, "Completed");
    auto_free char *lines = last_lines(message);
    return xasprintf("%s%sexit code %" JSON_INTEGER_FORMAT "%s%s", plain ? "" : reason,
        plain ? "" : ", ", json_integer_value(code), lines[0] != '\0' ? ": " : "", lines);
}

json_t *controller_termination_report(const json_t *terminated)
{
    const char *message = text_or(json_get_string(terminated, "message"), "");
    auto_json json_t *report = json_parse(message, strlen(message), REPORT_MAX_DEPTH, NULL);
    const char *stage = json_get_string(report, "stage");
    if (stage == NULL || json_get_string(report, "message") == NULL ||
        strlen(stage) > STAGE_MAX_BYTES)
        return NULL;
    for (const char *c = stage; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c))
            return NULL;
    }
    return steal(&report);
}
