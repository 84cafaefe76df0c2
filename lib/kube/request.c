#include "kube/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "kube/exchange.h"

enum { MAX_OBJECT = 16 << 20 }; /* bytes of an answer with one object */

static const struct {
    const char *word; /* for messages and metrics */
    const char *method;
    const char *content_type;
    bool has_name;
} verbs[] = {
    [KUBE_GET] = {"get", "GET", NULL, true},
    [KUBE_LIST] = {"list", "GET", NULL, false},
    [KUBE_CREATE] = {"create", "POST", "application/json", false},
    [KUBE_UPDATE] = {"update", "PUT", "application/json", true},
    [KUBE_PATCH_JSON] = {"patch", "PATCH", "application/json-patch+json", true},
    [KUBE_PATCH_MERGE] = {"patch", "PATCH", "application/merge-patch+json", true},
    [KUBE_APPLY] = {"apply", "PATCH", "application/apply-patch+yaml", true},
    [KUBE_DELETE] = {"delete", "DELETE", "application/json", true},
};

void kube_query_add(char **path, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    auto_free char *before = *path;
    auto_free char *encoded = kube_percent_encode(value);
    *path = xasprintf("%s%c%s=%s", before, strchr(before, '?') != NULL ? '&' : '?', name, encoded);
}

char *kube_request_describe(const char *verb, const struct kube_resource *resource,
    const char *namespace, const char *name, const char *subresource)
{
    bool has_name = name != NULL && name[0] != '\0';
    return xasprintf("%s %s%s%s%s%s%s%s", verb, resource->plural, subresource != NULL ? "/" : "",
        text_or(subresource, ""), namespace != NULL || has_name ? " " : "", text_or(namespace, ""),
        namespace != NULL && has_name ? "/" : "", has_name ? name : "");
}

/* Whether the patch tests the resourceVersion, so that it applies at most once. */
static bool tests_version(const json_t *patch)
{
    size_t index = 0;
    json_t *operation = NULL;
    json_array_foreach (patch, index, operation) {
        if (streq(text_or(json_get_string(operation, "op"), ""), "test") &&
            streq(text_or(json_get_string(operation, "path"), ""), "/metadata/resourceVersion"))
            return true;
    }
    return false;
}

bool kube_request_is_idempotent(const struct kube_request *request)
{
    switch (request->verb) {
    case KUBE_GET:
    case KUBE_LIST:
    case KUBE_APPLY:
        return true;
    case KUBE_UPDATE:
    case KUBE_PATCH_MERGE:
        return request->dry_run || kube_resource_version(request->body)[0] != '\0';
    case KUBE_PATCH_JSON:
        return request->dry_run || tests_version(request->body);
    case KUBE_DELETE:
        return request->dry_run || request->precondition_uid != NULL ||
               request->precondition_resource_version != NULL;
    case KUBE_CREATE:
        break;
    }
    return request->dry_run;
}

/* A name that would change the path to that of the collection, or of what is above it. */
static bool is_no_name(const char *name)
{
    return name == NULL || name[0] == '\0' || streq(name, ".") || streq(name, "..");
}

/* The DeleteOptions of a delete. New reference. */
static json_t *delete_options(const struct kube_request *request)
{
    json_t *options = request->body != NULL
                          ? json_copy(request->body)
                          : json_pack("{s:s, s:s}", "apiVersion", "v1", "kind", "DeleteOptions");
    auto_json json_t *preconditions = json_object();
    if (request->precondition_uid != NULL)
        json_object_set_new(preconditions, "uid", json_string(request->precondition_uid));
    if (request->precondition_resource_version != NULL)
        json_object_set_new(
            preconditions, "resourceVersion", json_string(request->precondition_resource_version));
    if (json_object_size(preconditions) > 0)
        json_object_set(options, "preconditions", preconditions);
    if (request->grace_period_seconds != 0)
        json_object_set_new(options, "gracePeriodSeconds",
            json_integer(request->grace_period_seconds > 0 ? request->grace_period_seconds : 0));
    if (request->dry_run)
        json_object_set_new(options, "dryRun", json_pack("[s]", "All"));
    return options;
}

static char *make_path(const struct kube_request *request)
{
    bool has_name = verbs[request->verb].has_name;
    char *path = kube_resource_path(request->resource, request->namespace,
        has_name ? request->name : NULL, request->subresource);
    if (request->verb == KUBE_LIST) {
        auto_free char *limit = request->limit > 0 ? xasprintf("%d", request->limit) : NULL;
        kube_query_add(&path, "labelSelector", request->label_selector);
        kube_query_add(&path, "fieldSelector", request->field_selector);
        kube_query_add(&path, "resourceVersion", request->resource_version);
        kube_query_add(&path, "limit", limit);
        kube_query_add(&path, "continue", request->continue_token);
    }
    if (request->verb != KUBE_GET && request->verb != KUBE_LIST && request->verb != KUBE_DELETE) {
        kube_query_add(&path, "fieldManager", request->field_manager);
        kube_query_add(&path, "dryRun", request->dry_run ? "All" : NULL);
        kube_query_add(&path, "force", request->force ? "true" : NULL);
    }
    return path;
}

static char *make_body(const struct kube_request *request)
{
    if (verbs[request->verb].content_type == NULL)
        return NULL;
    auto_json json_t *body =
        request->verb == KUBE_DELETE ? delete_options(request) : json_incref(request->body);
    return body != NULL ? json_write(body) : NULL;
}

const char *kube_request_fill(const struct kube_request *request, struct kube_exchange *exchange)
{
    exchange->verb = verbs[request->verb].word;
    exchange->method = verbs[request->verb].method;
    exchange->content_type = verbs[request->verb].content_type;
    exchange->what = kube_request_describe(exchange->verb, request->resource, request->namespace,
        verbs[request->verb].has_name ? request->name : kube_name(request->body),
        request->subresource);
    if (verbs[request->verb].has_name && is_no_name(request->name))
        return "the object has no valid name";
    if (request->namespace != NULL && is_no_name(request->namespace))
        return "the namespace is not valid";
    if (request->namespace == NULL && request->resource->namespaced && request->verb != KUBE_LIST)
        return "the object has no namespace";
    if (request->verb == KUBE_APPLY && request->field_manager == NULL)
        return "the field manager is missing";
    if (request->verb != KUBE_LIST)
        exchange->limit = MAX_OBJECT;
    exchange->path = make_path(request);
    exchange->body = make_body(request);
    if (exchange->content_type != NULL && exchange->body == NULL)
        return "the object to send is missing";
    return NULL;
}
