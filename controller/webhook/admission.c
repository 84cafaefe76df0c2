#include "controller/webhook/admission.h"

#include <string.h>

#include "base/json.h"
#include "base/json_build.h"
#include "base/text.h"

static const char api_version[] = "admission.k8s.io/v1";

static int refuse(struct error **err, const char *what)
{
    return error_set(err, ERROR_INPUT, "the request is not an AdmissionReview: %s", what);
}

static int read_envelope(struct controller_admission *admission, struct error **err)
{
    static const char *const keep[] = {"/apiVersion", "/kind", "/request/uid", "/request/operation",
        "/request/kind", "/request/namespace", "/request/name", "/request/subResource", NULL};
    static const struct json_limits limits = {
        .nodes = 100, .bytes = 16 << 10, .depth = 8, .keep = keep};
    struct json_fault fault;
    admission->envelope =
        json_build(admission->body.data, admission->body.length, &limits, &fault, err);
    if (admission->envelope != NULL)
        return 0;
    if (fault.line > 0)
        error_wrap(err, "line %zu, column %zu", fault.line, fault.column);
    return error_wrap(err, "the request is not an AdmissionReview");
}

int controller_admission_read(
    struct controller_admission *admission, struct bytes body, struct error **err)
{
    *admission = (struct controller_admission){.body = body};
    if (body.length > CONTROLLER_ADMISSION_MAX_BYTES)
        return error_set(err, ERROR_INPUT, "the request has %zu bytes; at most %d are allowed",
            body.length, CONTROLLER_ADMISSION_MAX_BYTES);
    if (read_envelope(admission, err) < 0)
        return -1;
    const char *version = json_get_string(admission->envelope, "apiVersion");
    const char *kind = json_get_string(admission->envelope, "kind");
    if (version == NULL || !streq(version, api_version))
        return refuse(err, "its apiVersion must be admission.k8s.io/v1");
    if (kind == NULL || !streq(kind, "AdmissionReview"))
        return refuse(err, "its kind must be AdmissionReview");
    admission->request = json_object_get(admission->envelope, "request");
    admission->uid = json_get_string(admission->request, "uid");
    if (admission->uid == NULL || admission->uid[0] == '\0')
        return refuse(err, "it has no request.uid");
    admission->operation = json_get_string(admission->request, "operation");
    if (admission->operation == NULL)
        return refuse(err, "it has no request.operation");
    const json_t *of = json_object_get(admission->request, "kind");
    admission->kind = json_get_string(of, "kind");
    admission->group = text_or(json_get_string(of, "group"), "");
    return admission->kind != NULL ? 0 : refuse(err, "it has no request.kind.kind");
}

bool controller_admission_mentions(const struct controller_admission *admission, const char *key)
{
    return memmem(admission->body.data, admission->body.length, key, strlen(key)) != NULL;
}

int controller_admission_read_objects(
    struct controller_admission *admission, const char *const *keep, struct error **err)
{
    const struct json_limits limits = {
        .nodes = CONTROLLER_ADMISSION_MAX_NODES,
        .bytes = CONTROLLER_ADMISSION_MAX_BYTES,
        .depth = JSON_BUILD_MAX_DEPTH,
        .keep = keep,
    };
    json_decref(admission->objects);
    admission->objects =
        json_build(admission->body.data, admission->body.length, &limits, NULL, err);
    const json_t *request = json_object_get(admission->objects, "request");
    admission->object = json_object_get(request, "object");
    admission->old_object = json_object_get(request, "oldObject");
    return admission->objects != NULL ? 0 : -1;
}

json_t *controller_admission_read_user(
    const struct controller_admission *admission, struct error **err)
{
    static const char *const keep[] = {"/request/userInfo", NULL};
    static const struct json_limits limits = {
        .nodes = 10000, .bytes = 1 << 20, .depth = 8, .keep = keep};
    auto_json json_t *review =
        json_build(admission->body.data, admission->body.length, &limits, NULL, err);
    if (review == NULL)
        return NULL;
    const json_t *info = json_object_get(json_object_get(review, "request"), "userInfo");
    if (json_get_string(info, "username") == NULL) {
        error_set(err, ERROR_INPUT, "the request has no userInfo.username");
        return NULL;
    }
    return json_incref((json_t *)info);
}

void controller_admission_clear(struct controller_admission *admission)
{
    json_decref(admission->envelope);
    json_decref(admission->objects);
}
