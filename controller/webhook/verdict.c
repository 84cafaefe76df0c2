#include "controller/webhook/verdict.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "tls/base64.h"

enum {
    MOST_CAUSES = 100, /* of a denial; more are counted */
    MOST_MESSAGE_BYTES = 16 << 10, /* of the message of a denial */
};

void controller_verdict_init(struct controller_verdict *verdict, const char *more)
{
    *verdict = (struct controller_verdict){
        .causes = json_array(),
        .warnings = json_array(),
        .more = more,
    };
}

void controller_verdict_clear(struct controller_verdict *verdict)
{
    json_decref(verdict->causes);
    json_decref(verdict->warnings);
}

bool controller_verdict_is_denied(const struct controller_verdict *verdict)
{
    return verdict->outcome == CONTROLLER_REVIEW_DENIED_INPUT ||
           verdict->outcome == CONTROLLER_REVIEW_DENIED_POLICY ||
           verdict->outcome == CONTROLLER_REVIEW_UNAVAILABLE;
}

/* What a denial becomes with a further cause: the stronger one counts. */
static enum controller_review_outcome stronger(
    enum controller_review_outcome before, enum error_class class)
{
    if (before == CONTROLLER_REVIEW_DENIED_INPUT)
        return before;
    if (class == ERROR_REMOTE || class == ERROR_TIMEOUT)
        return CONTROLLER_REVIEW_UNAVAILABLE;
    return class == ERROR_POLICY ? CONTROLLER_REVIEW_DENIED_POLICY : CONTROLLER_REVIEW_DENIED_INPUT;
}

/* A policy's cause is FieldValueForbidden: valid, but not allowed here.
 * Source: Kubernetes API, CauseType. */
void controller_verdict_deny(struct controller_verdict *verdict, enum error_class class,
    const char *field, const char *message)
{
    verdict->outcome = stronger(verdict->outcome, class);
    if (json_array_size(verdict->causes) == MOST_CAUSES) {
        verdict->more_causes++;
        return;
    }
    json_array_append_new(
        verdict->causes, json_pack("{s:s, s:s, s:s}", "reason",
                             class == ERROR_POLICY ? "FieldValueForbidden" : "FieldValueInvalid",
                             "message", message, "field", field));
}

void controller_verdict_deny_anyway(struct controller_verdict *verdict)
{
    if (!controller_verdict_is_denied(verdict))
        verdict->outcome = CONTROLLER_REVIEW_DENIED_INPUT;
}

void controller_verdict_warn(struct controller_verdict *verdict, const char *text)
{
    enum {
        TAIL = 6, /* bytes: for the rest of a cut character, and … */
        LAST = 80, /* bytes: for the last warning, which counts those left out */
    };
    if (verdict->unsaid > 0) {
        verdict->unsaid++;
        return;
    }
    size_t length = strlen(text);
    auto_free char *shown = text_printable(text, length,
        length > CONTROLLER_VERDICT_WARNING_BYTES ? CONTROLLER_VERDICT_WARNING_BYTES - TAIL
                                                  : length);
    verdict->said += strlen(shown);
    if (verdict->said > CONTROLLER_VERDICT_WARNINGS_BYTES - LAST)
        verdict->unsaid++;
    else
        json_array_append_new(verdict->warnings, json_string(shown));
}

/* Every error, one a line, up to a limit. Owned by the caller. */
static char *denial_message(const struct controller_verdict *verdict)
{
    size_t count = json_array_size(verdict->causes);
    size_t more = verdict->more_causes;
    UT_string text;
    if (count == 0)
        return xstrdup("internal error: the annotation could not be used");
    utstring_init(&text);
    if (count > 1)
        utstring_printf(&text, "%zu faults:", count + more);
    for (size_t i = 0; i < count; i++) {
        const json_t *cause = json_array_get(verdict->causes, i);
        const char *field = json_get_string(cause, "field");
        if (utstring_len(&text) > MOST_MESSAGE_BYTES) {
            more += count - i;
            break;
        }
        utstring_printf(&text, "%s%s%s%s", count > 1 ? "\n" : "", field,
            field[0] != '\0' ? ": " : "", json_get_string(cause, "message"));
    }
    if (more > 0)
        utstring_printf(&text, "\nand %zu more", more);
    return utstring_body(&text);
}

/* The Status that kubectl shows for a denial. Source: Kubernetes API reference, Status. */
static json_t *make_status(
    const struct controller_verdict *verdict, const struct controller_admission *admission)
{
    static const struct {
        const char *reason;
        int code;
    } kinds[CONTROLLER_REVIEW_OUTCOMES] = {
        [CONTROLLER_REVIEW_DENIED_INPUT] = {"Invalid", 422},
        [CONTROLLER_REVIEW_DENIED_POLICY] = {"Forbidden", 403},
        [CONTROLLER_REVIEW_UNAVAILABLE] = {"ServiceUnavailable", 503},
    };
    const json_t *kind = json_object_get(admission->request, "kind");
    auto_free char *message = denial_message(verdict);
    return json_pack("{s:s, s:s, s:s, s:i, s:{s:O*, s:O*, s:O*, s:O}}", "status", "Failure",
        "message", message, "reason", kinds[verdict->outcome].reason, "code",
        kinds[verdict->outcome].code, "details", "name",
        json_object_get(admission->request, "name"), "group", json_object_get(kind, "group"),
        "kind", json_object_get(kind, "kind"), "causes", verdict->causes);
}

static json_t *encode_patch(const json_t *patch)
{
    auto_free char *text = json_write(patch);
    auto_free char *encoded = tls_base64_encode(text);
    return json_string(encoded);
}

json_t *controller_verdict_respond(struct controller_verdict *verdict,
    const struct controller_admission *admission, const json_t *patch)
{
    bool denied = controller_verdict_is_denied(verdict);
    json_t *response = json_pack("{s:s, s:b}", "uid", admission->uid, "allowed", !denied);
    if (denied)
        json_object_set_new(response, "status", make_status(verdict, admission));
    if (patch != NULL && !denied) {
        json_object_set_new(response, "patchType", json_string("JSONPatch"));
        json_object_set_new(response, "patch", encode_patch(patch));
    }
    if (verdict->unsaid > 0)
        json_array_append_new(verdict->warnings, json_sprintf(verdict->more, verdict->unsaid));
    if (json_array_size(verdict->warnings) > 0)
        json_object_set(response, "warnings", verdict->warnings);
    return json_pack("{s:s, s:s, s:o}", "apiVersion", "admission.k8s.io/v1", "kind",
        "AdmissionReview", "response", response);
}
