#include "controller/appliance/access.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "tls/sha256.h"

static const struct kube_resource reviews = {
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};

/* The digest of a question, which may be long: users can be in many groups. */
struct digest {
    char digits[TLS_SHA256_DIGITS + 1];
};

/* An allowance that is remembered. */
struct allowance {
    struct digest question;
    double until; /* clock_seconds */
    UT_hash_handle hh;
};

struct controller_access {
    struct kube_client *client;
    struct allowance *allowances; /* by question, the oldest first; owned */
};

struct controller_access_asked {
    struct controller_access *access;
    struct digest question;
    struct kube_call *call;
    controller_access_done *done;
    void *user;
};

struct controller_access *controller_access_new(struct kube_client *client)
{
    struct controller_access *access = xcalloc(1, sizeof(*access));
    access->client = client;
    return access;
}

static void forget(struct controller_access *access, struct allowance *allowance)
{
    HASH_DEL(access->allowances, allowance);
    free(allowance);
}

void controller_access_free(struct controller_access *access)
{
    if (access == NULL)
        return;
    struct allowance *allowance = NULL;
    struct allowance *next = NULL;
    HASH_ITER (hh, access->allowances, allowance, next)
        forget(access, allowance);
    free(access);
}

/* Source: Kubernetes API reference, SubjectAccessReviewSpec and UserInfo. */
json_t *controller_access_question(
    const json_t *user_info, const struct controller_access_deed *deed)
{
    return json_pack("{s:O*, s:O*, s:O*, s:O*, s:{s:s, s:s, s:s, s:s*, s:s*, s:s*}}", "user",
        json_object_get(user_info, "username"), "uid", json_object_get(user_info, "uid"), "groups",
        json_object_get(user_info, "groups"), "extra", json_object_get(user_info, "extra"),
        "resourceAttributes", "verb", deed->verb, "group", deed->group, "resource", deed->resource,
        "subresource", deed->subresource, "namespace", deed->namespace, "name", deed->name);
}

/* Source: Kubernetes, "Authenticating", service account tokens. */
json_t *controller_access_service_account(const char *namespace, const char *name)
{
    auto_free char *user = xasprintf("system:serviceaccount:%s:%s", namespace, name);
    auto_free char *group = xasprintf("system:serviceaccounts:%s", namespace);
    return json_pack("{s:s, s:[s, s, s]}", "username", user, "groups", "system:serviceaccounts",
        group, "system:authenticated");
}

static struct digest digest_of(const json_t *question)
{
    struct digest digest;
    auto_free char *text = json_write_sorted(question);
    tls_sha256(text, strlen(text), digest.digits);
    return digest;
}

static struct allowance *find(const struct controller_access *access, const struct digest *question)
{
    struct allowance *allowance = NULL;
    HASH_FIND_STR(access->allowances, question->digits, allowance);
    return allowance;
}

bool controller_access_is_allowed(struct controller_access *access, const json_t *question)
{
    const struct digest digest = digest_of(question);
    const struct allowance *allowance = find(access, &digest);
    return allowance != NULL && clock_seconds() < allowance->until;
}

static void remember(struct controller_access *access, const struct digest *question)
{
    struct allowance *allowance = find(access, question);
    if (allowance != NULL)
        forget(access, allowance);
    else if (HASH_COUNT(access->allowances) >= CONTROLLER_ACCESS_MOST)
        forget(access, access->allowances);
    allowance = xcalloc(1, sizeof(*allowance));
    allowance->question = *question;
    allowance->until = clock_seconds() + CONTROLLER_ACCESS_SECONDS;
    HASH_ADD_STR(access->allowances, question.digits, allowance);
}

static void on_answer(void *user, const struct kube_answer *answer)
{
    struct controller_access_asked *asked = user;
    asked->call = NULL;
    const json_t *status = json_object_get(answer->body, "status");
    bool allowed = json_is_true(json_object_get(status, "allowed"));
    if (answer->failure != NULL) {
        asked->done(asked->user, CONTROLLER_ACCESS_UNKNOWN, answer->failure->message);
    } else if (allowed) {
        remember(asked->access, &asked->question);
        asked->done(asked->user, CONTROLLER_ACCESS_ALLOWED, NULL);
    } else {
        asked->done(asked->user, CONTROLLER_ACCESS_DENIED, json_get_string(status, "reason"));
    }
    controller_access_cancel(asked);
}

struct controller_access_asked *controller_access_ask(struct controller_access *access,
    const json_t *question, controller_access_done *done, void *user)
{
    struct controller_access_asked *asked = xcalloc(1, sizeof(*asked));
    auto_json json_t *body = json_pack("{s:s, s:s, s:O}", "apiVersion", "authorization.k8s.io/v1",
        "kind", "SubjectAccessReview", "spec", question);
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = &reviews,
        .body = body,
    };
    asked->access = access;
    asked->question = digest_of(question);
    asked->done = done;
    asked->user = user;
    asked->call = kube_call_start(access->client, &request, on_answer, asked);
    return asked;
}

void controller_access_cancel(struct controller_access_asked *asked)
{
    if (asked->call != NULL)
        kube_call_cancel(asked->call);
    free(asked);
}
