/* A request to the API server, and its form in HTTP. */
#ifndef KUBE_REQUEST_H
#define KUBE_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "kube/resource.h"

struct kube_exchange;
struct kube_list_sink;

enum kube_verb {
    KUBE_GET,
    KUBE_LIST, /* one page: see limit and continue_token */
    KUBE_CREATE,
    KUBE_UPDATE,
    KUBE_PATCH_JSON, /* RFC 6902 */
    KUBE_PATCH_MERGE, /* RFC 7396 */
    KUBE_APPLY, /* server-side apply: needs field_manager */
    KUBE_DELETE,
};

/* One request. Pointers are borrowed until kube_call_start returns; unset members are zero. */
struct kube_request {
    enum kube_verb verb;
    const struct kube_resource *resource;
    const char *namespace; /* NULL for a cluster-scoped resource, and to list all namespaces */
    const char *name; /* not for list and create */
    const char *subresource; /* "status", or NULL */
    json_t *body; /* the object or the patch; of a delete, DeleteOptions; borrowed */
    const char *label_selector; /* of a list */
    const char *field_selector;
    const char *resource_version; /* of a list */
    const char *continue_token;
    int limit; /* of a page; 0: all in one */
    const char *field_manager;
    bool force; /* of an apply: take fields from other managers */
    const char *precondition_uid; /* of a delete */
    const char *precondition_resource_version;
    int grace_period_seconds; /* of a delete; 0: the object's own. -1: none, at once */
    bool dry_run;
    int64_t timeout_ms; /* of one try; 0: the client's */
    const struct kube_list_sink *each; /* of a list: told of its objects as they arrive, again from
                                          the first when it is tried again; they may not cancel the
                                          call. The answer's body is the list without its items.
                                          NULL: the body has them */
    bool no_body; /* that it went well is all that is to be known: its answer is not decoded */
};

/* Puts method, path, body and the rest of a request into exchange. Returns NULL, or why the request
 * is invalid; static. */
const char *kube_request_fill(const struct kube_request *request, struct kube_exchange *exchange);

/* Whether making a request twice has the same effect as making it once. */
bool kube_request_is_idempotent(const struct kube_request *request);

/* "get pods default/a". Owned by the caller. */
char *kube_request_describe(const char *verb, const struct kube_resource *resource,
    const char *namespace, const char *name, const char *subresource);

/* Appends "?NAME=VALUE", or "&…" if there is a query, percent-encoded; nothing if value is NULL or
 * "". */
void kube_query_add(char **path, const char *name, const char *value);

#endif
