#include "cli/online/rights.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/appliance/rbac.h"

static const struct kube_resource own_reviews = {
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false};
static const struct kube_resource reviews = {
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};
static const struct kube_resource own_names = {
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false};

static json_t *right_of(const char *namespace)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "namespace", namespace, "verb", "create", "group",
        "cdi.kubevirt.io", "resource", "datavolumes", "subresource", "source");
}

/* Whether the review allows it: 1 or 0; -1 with an error. Takes the reference to spec. */
static int ask(struct cli_cluster *cluster, const struct kube_resource *resource, json_t *take_spec,
    enum kube_reason *reason, struct error **err)
{
    auto_free char *version = kube_resource_api_version(resource);
    auto_json json_t *body = json_pack(
        "{s:s, s:s, s:o}", "apiVersion", version, "kind", resource->kind, "spec", take_spec);
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = resource,
        .body = body,
    };
    auto_json json_t *answer = NULL;
    if (cli_cluster_call(cluster, &request, &answer, reason, err) < 0)
        return -1;
    return json_is_true(json_pointer_get(answer, "/status/allowed")) ? 1 : 0;
}

static int ask_for_user(struct cli_cluster *cluster, const char *namespace, struct error **err)
{
    json_t *spec = json_pack("{s:o}", "resourceAttributes", right_of(namespace));
    return ask(cluster, &own_reviews, spec, NULL, err);
}

static int ask_for_account(struct cli_cluster *cluster, const char *namespace,
    const struct cli_rbac_for *whom, struct error **err)
{
    auto_free char *user =
        xasprintf("system:serviceaccount:%s:%s", whom->namespace, whom->service_account);
    auto_free char *group = xasprintf("system:serviceaccounts:%s", whom->namespace);
    json_t *spec =
        json_pack("{s:s, s:[s, s, s], s:o}", "user", user, "groups", "system:serviceaccounts",
            group, "system:authenticated", "resourceAttributes", right_of(namespace));
    enum kube_reason reason = KUBE_OTHER;
    struct error *error = NULL;
    int allowed = ask(cluster, &reviews, spec, &reason, &error);
    if (allowed >= 0)
        return allowed;
    if (reason != KUBE_FORBIDDEN)
        return error_move(err, error);
    error_free(error);
    return 1;
}

/* The name of the user, owned by the caller, or NULL: clusters before 1.28 do not say. */
static char *user_name(struct cli_cluster *cluster)
{
    auto_json json_t *body = json_pack(
        "{s:s, s:s}", "apiVersion", "authentication.k8s.io/v1", "kind", "SelfSubjectReview");
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = &own_names,
        .body = body,
    };
    auto_json json_t *answer = NULL;
    if (cli_cluster_call(cluster, &request, &answer, NULL, NULL) < 0)
        return NULL;
    const json_t *name = json_pointer_get(answer, "/status/userInfo/username");
    return json_is_string(name) ? xstrdup(json_string_value(name)) : NULL;
}

/* Describes who lacks the right. Owned by the caller. */
static char *describe(bool user, const char *name, bool account, const struct cli_rbac_for *whom)
{
    auto_free char *you =
        user ? xstrdup("") : xasprintf("the user %s", text_or(name, "of this kubeconfig"));
    auto_free char *its = account ? xstrdup("")
                                  : xasprintf("the VM's service account %s/%s", whom->namespace,
                                        whom->service_account);
    return xasprintf("%s%s%s", you, !user && !account ? " and " : "", its);
}

int cli_rights_check(struct cli_cluster *cluster, const struct appliance_completion *completion,
    const char *namespace, json_t **roles, char **who, struct error **err)
{
    struct cli_rbac_for whom = {
        .namespace = namespace,
        .service_account = cli_rbac_service_account(completion->vm),
    };
    bool user = true;
    bool account = true;
    for (size_t i = 0; i < completion->right_count; i++) {
        const char *where = completion->rights[i].namespace;
        int for_user = ask_for_user(cluster, where, err);
        int for_account = for_user >= 0 ? ask_for_account(cluster, where, &whom, err) : -1;
        if (for_user < 0 || for_account < 0)
            return -1;
        user = user && for_user > 0;
        account = account && for_account > 0;
    }
    if (user && account)
        return 0;
    auto_free char *name = user ? NULL : user_name(cluster);
    *who = describe(user, name, account, &whom);
    whom.user = name;
    if (account)
        whom.service_account = NULL;
    *roles = cli_rbac_objects(completion->rights, completion->right_count, &whom);
    return 1;
}
