#include "controller/webhook/webhooks.h"

#include <stdbool.h>
#include <string.h>
#include <utstring.h>

#include "annotations/kind.h"
#include "annotations/sidecar.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "controller/appliance/annotation.h"

enum {
    MATCH_CONDITIONS_SINCE = 28, /* Kubernetes 1.28 */
    /* Seconds that the API server waits for an answer: fewer if everybody's objects wait. */
    TIMEOUT = 10,
    TIMEOUT_OF_EVERYBODY = 3,
};

struct webhook {
    const char *name; /* in its configuration */
    const char *path; /* below "/" */
    bool mutates;
    bool updates; /* is called on UPDATE too, not only on CREATE */
    bool once; /* is not called again when others have changed the object */
    bool own_keys; /* has the same keys whatever --annotation-key says */
    const struct annotations_kind *kinds; /* of which those from first_kind on are sent to it */
    int first_kind, last_kind;
    const char *label; /* objects must have it, with this value; or NULL */
    const char *label_value;
    const char *keys[9]; /* an object must have one of these annotations; ends with NULL */
};

/* Their keys are annotations of the objects themselves. */
enum { APPLIANCE_KIND_VM, APPLIANCE_KIND_DATA_SOURCE };
static const struct annotations_kind appliance_kinds[] = {
    [APPLIANCE_KIND_VM] = {"VirtualMachine", "kubevirt.io", "virtualmachines", NULL,
        "/metadata/annotations", {NULL}, false},
    [APPLIANCE_KIND_DATA_SOURCE] = {"DataSource", "cdi.kubevirt.io", "datasources", NULL,
        "/metadata/annotations", {NULL}, false},
};

/* The MutatingWebhookConfiguration of KubeVirt, whose webhooks fill in what a VM lacks. The API
 * server calls configurations in the order of their names.
 * Source: KubeVirt, virt-operator/resource/generate/components; Kubernetes, admission/configuration. */
static const char kubevirts[] = "virt-api-mutator";

static const struct webhook webhooks[CONTROLLER_WEBHOOKS] = {
    [CONTROLLER_MUTATE_PODS] = {"pods.hookline.dev", "mutate-pods", .mutates = true,
        .kinds = annotations_kinds, .first_kind = ANNOTATIONS_KIND_POD,
        .last_kind = ANNOTATIONS_KIND_POD, .label = "kubevirt.io", .label_value = "virt-launcher",
        .keys = {ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE}},
    [CONTROLLER_COMPLETE_MACHINES] = {"completions.hookline.dev", "complete-machines",
        .mutates = true, .once = true, .own_keys = true, .kinds = appliance_kinds,
        .first_kind = APPLIANCE_KIND_VM, .last_kind = APPLIANCE_KIND_VM,
        .keys = {CONTROLLER_APPLIANCE_FROM, CONTROLLER_APPLIANCE_OTHER_FROM,
            CONTROLLER_APPLIANCE_AUTHORIZATION, CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION}},
    [CONTROLLER_VALIDATE_MACHINES] = {"machines.hookline.dev", "validate-machines", .updates = true,
        .kinds = annotations_kinds, .first_kind = ANNOTATIONS_KIND_VMI,
        .last_kind = ANNOTATIONS_KIND_CLUSTER_PREFERENCE,
        .keys = {ANNOTATIONS_KEY_KUBEVIRT, ANNOTATIONS_KEY_HOOKLINE}},
    [CONTROLLER_VALIDATE_APPLIANCES] = {"appliances.hookline.dev", "validate-appliances",
        .updates = true, .own_keys = true, .kinds = appliance_kinds,
        .first_kind = APPLIANCE_KIND_VM, .last_kind = APPLIANCE_KIND_DATA_SOURCE,
        .keys = {CONTROLLER_APPLIANCE_FROM, CONTROLLER_APPLIANCE_OTHER_FROM,
            CONTROLLER_APPLIANCE_AUTHORIZATION, CONTROLLER_APPLIANCE_OTHER_AUTHORIZATION,
            CONTROLLER_APPLIANCE_VM, CONTROLLER_APPLIANCE_OTHER_VM, CONTROLLER_APPLIANCE_PARAMETERS,
            CONTROLLER_APPLIANCE_OTHER_PARAMETERS}},
};

/* The most different places that annotations_kinds names. */
enum { MOST_PLACES = 4 * ANNOTATIONS_KIND_COUNT };

const char *controller_webhook_name(enum controller_webhook webhook)
{
    return webhooks[webhook].path;
}

static bool is_among(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (streq(text, texts[i]))
            return true;
    }
    return false;
}

/* Adds a pointer to annotations, unless it is among places already. */
static void add_place(const char **places, size_t *count, const char *annotations)
{
    if (!is_among(annotations, places, *count))
        places[(*count)++] = annotations;
}

/* Where objects that are sent to a webhook may have its keys: JSON Pointers to annotations, each
 * once. Returns their number. */
static size_t list_places(const struct webhook *webhook, const char *places[MOST_PLACES])
{
    size_t count = 0;
    for (int i = webhook->first_kind; i <= webhook->last_kind; i++) {
        const struct annotations_kind *kind = &webhook->kinds[i];
        for (const char *const *misplaced = kind->misplaced; *misplaced != NULL; misplaced++)
            add_place(places, &count, *misplaced);
        add_place(places, &count, kind->annotations);
    }
    return count;
}

/* Appends the keys as a list in CEL: ['a', 'b']. */
static void append_keys(UT_string *out, const struct webhook *webhook, const char *only_key)
{
    utstring_printf(out, "[");
    if (only_key != NULL)
        utstring_printf(out, "'%s'", only_key);
    for (const char *const *key = webhook->keys; only_key == NULL && *key != NULL; key++)
        utstring_printf(out, "%s'%s'", key == webhook->keys ? "" : ", ", *key);
    utstring_printf(out, "]");
}

/* Appends a CEL list with the value at a pointer without its last part, empty if there is none. */
static void append_holder(UT_string *out, const char *pointer)
{
    const char *part = pointer + 1;
    const char *slash = strchr(part, '/');
    utstring_printf(out, "[object]");
    for (; slash != NULL; part = slash + 1, slash = strchr(part, '/')) {
        int length = (int)(slash - part);
        utstring_printf(
            out, ".map(o, type(o) == map && has(o.%.*s), o.%.*s)", length, part, length, part);
    }
}

static void append_condition(UT_string *out, const char *name)
{
    utstring_printf(out, "  - name: %s\n    expression: >-\n", name);
}

/* Whether the object has a key in one of the places. A template's metadata may be null or of any
 * type: KubeVirt's schema does not restrict it. */
static void append_has_key(UT_string *out, const struct webhook *webhook, const char *only_key)
{
    const char *places[MOST_PLACES];
    size_t count = list_places(webhook, places);
    append_condition(out, "has-a-key");
    for (size_t i = 0; i < count; i++) {
        utstring_printf(out, "      %s", i == 0 ? "(" : "+ ");
        append_holder(out, places[i]);
        utstring_printf(out, i + 1 == count ? ")\n" : "\n");
    }
    utstring_printf(out, "      .map(o, type(o) == map && has(o.annotations), o.annotations)\n"
                         "      .exists(a, type(a) == map && ");
    append_keys(out, webhook, only_key);
    utstring_printf(out, ".exists(k, k in a))\n");
}

/* Whether an update writes what the webhook checks. All places except the object's own metadata are
 * below spec. */
static void append_is_written(UT_string *out, const struct webhook *webhook, const char *only_key)
{
    static const char spec[] = ".map(o, has(o.spec), o.spec)";
    static const char value[] =
        ".map(o, has(o.metadata.annotations) && k in o.metadata.annotations,"
        " o.metadata.annotations[k])";
    append_condition(out, "is-written");
    utstring_printf(out, "      oldObject == null\n      || [object]%s != [oldObject]%s\n      || ",
        spec, spec);
    append_keys(out, webhook, only_key);
    utstring_printf(out, ".exists(k,\n      [object]%s\n      != [oldObject]%s)\n", value, value);
}

static void append_conditions(UT_string *out, const struct webhook *webhook, const char *only_key)
{
    utstring_printf(out, "  matchConditions:\n");
    append_has_key(out, webhook, only_key);
    if (!webhook->updates)
        return;
    append_condition(out, "is-not-being-deleted");
    utstring_printf(out, "      !has(object.metadata.deletionTimestamp)\n");
    append_is_written(out, webhook, only_key);
}

/* Whether a kind is the first of its rule; others are in the rule of an earlier kind. */
static bool begins_rule(const struct webhook *webhook, int i)
{
    const struct annotations_kind *kind = &webhook->kinds[i];
    for (int before = webhook->first_kind; before < i; before++) {
        if (streq(webhook->kinds[before].group, kind->group) &&
            webhook->kinds[before].cluster_scoped == kind->cluster_scoped)
            return false;
    }
    return true;
}

static void append_rule(UT_string *out, const struct webhook *webhook, int first)
{
    const struct annotations_kind *of = &webhook->kinds[first];
    const char *separator = "";
    utstring_printf(out,
        "  - apiGroups: [%s]\n"
        "    apiVersions: [%s]\n"
        "    operations: [CREATE%s]\n"
        "    scope: %s\n"
        "    resources: [",
        of->group[0] != '\0' ? of->group : "\"\"", of->group[0] != '\0' ? "\"*\"" : "v1",
        webhook->updates ? ", UPDATE" : "", of->cluster_scoped ? "Cluster" : "Namespaced");
    for (int i = first; i <= webhook->last_kind; i++) {
        const struct annotations_kind *kind = &webhook->kinds[i];
        if (!streq(kind->group, of->group) || kind->cluster_scoped != of->cluster_scoped)
            continue;
        utstring_printf(out, "%s%s", separator, kind->plural);
        separator = ", ";
    }
    utstring_printf(out, "]\n");
}

static void append_webhook(UT_string *out, const struct webhook *webhook,
    const struct controller_webhooks_options *options, bool conditions)
{
    utstring_printf(out,
        "- name: %s\n"
        "  admissionReviewVersions: [v1]\n"
        "  sideEffects: None\n"
        "  timeoutSeconds: %d\n"
        "  failurePolicy: %s\n",
        webhook->name, conditions ? TIMEOUT : TIMEOUT_OF_EVERYBODY, conditions ? "Fail" : "Ignore");
    if (webhook->mutates)
        utstring_printf(out, "  reinvocationPolicy: %s\n", webhook->once ? "Never" : "IfNeeded");
    utstring_printf(out,
        "  clientConfig:\n"
        "    service: {name: %s, namespace: %s, path: /%s, port: 443}\n"
        "  rules:\n",
        options->service, options->namespace, webhook->path);
    for (int i = webhook->first_kind; i <= webhook->last_kind; i++) {
        if (begins_rule(webhook, i))
            append_rule(out, webhook, i);
    }
    if (webhook->label != NULL)
        utstring_printf(out, "  objectSelector:\n    matchLabels: {%s: %s}\n", webhook->label,
            webhook->label_value);
    utstring_printf(out, "  namespaceSelector:\n"
                         "    matchExpressions:\n"
                         "    - {key: hookline.dev/webhooks, operator: NotIn, values: [ignore]}\n");
    if (conditions)
        append_conditions(out, webhook, webhook->own_keys ? NULL : options->annotation_key);
}

static void append_configuration(UT_string *out, const char *kind, bool mutates,
    const struct controller_webhooks_options *options, bool conditions)
{
    utstring_printf(out,
        "apiVersion: admissionregistration.k8s.io/v1\n"
        "kind: %s\n"
        "metadata:\n"
        "  name: %s\n"
        "  labels:\n"
        "    app.kubernetes.io/name: hookline\n"
        "webhooks:\n",
        kind, options->configuration);
    for (int i = 0; i < CONTROLLER_WEBHOOKS; i++) {
        if (webhooks[i].mutates == mutates)
            append_webhook(out, &webhooks[i], options, conditions);
    }
}

/* Whether a key can be quoted in CEL.
 * Source: Kubernetes, "Annotations", syntax. */
static bool is_key(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._/";
    return text[0] != '\0' && text[strspn(text, allowed)] == '\0';
}

/* Whether a version of Kubernetes has match conditions. Returns -1 with a usage error if it is not
 * a version. */
static int has_conditions(const char *version, struct error **err)
{
    enum { MOST = 9999 };
    long major = 0, minor = 0;
    const char *digits = version[0] == 'v' ? version + 1 : version;
    size_t length = strcspn(digits, ".");
    const char *rest = digits[length] == '.' ? digits + length + 1 : "";
    auto_free char *first = xstrndup(digits, length);
    auto_free char *second = xstrndup(rest, strspn(rest, "0123456789"));
    if (!text_parse_int(first, 0, MOST, &major) || !text_parse_int(second, 0, MOST, &minor))
        return error_set(
            err, ERROR_USAGE, "\"%s\" is not a version of Kubernetes, such as 1.34", version);
    return major > 1 || minor >= MATCH_CONDITIONS_SINCE;
}

char *controller_webhooks_manifest(
    const struct controller_webhooks_options *options, struct error **err)
{
    int conditions = has_conditions(options->version, err);
    if (conditions < 0)
        return NULL;
    if (options->annotation_key != NULL && !is_key(options->annotation_key)) {
        error_set(
            err, ERROR_USAGE, "\"%s\" is not the key of an annotation", options->annotation_key);
        return NULL;
    }
    UT_string out;
    utstring_init(&out);
    append_configuration(&out, "MutatingWebhookConfiguration", true, options, conditions);
    utstring_printf(&out, "---\n");
    append_configuration(&out, "ValidatingWebhookConfiguration", false, options, conditions);
    return utstring_body(&out);
}

/* Whether one of a webhook's conditions names the key. */
static bool names_key(const json_t *conditions, const char *key)
{
    size_t i = 0;
    json_t *condition = NULL;
    json_array_foreach (conditions, i, condition) {
        if (strstr(text_or(json_get_string(condition, "expression"), ""), key) != NULL)
            return true;
    }
    return false;
}

/* Whether a webhook of a configuration is one of ours that has its own keys. */
static bool has_own_keys(const char *name)
{
    for (size_t i = 0; i < CONTROLLER_WEBHOOKS; i++) {
        if (webhooks[i].own_keys && streq(webhooks[i].name, name))
            return true;
    }
    return false;
}

/* The same as controller_webhooks_complaint, about one webhook of the configuration. */
static char *complain(
    const json_t *configuration, const json_t *webhook, const char *annotation_key)
{
    const json_t *conditions = json_object_get(webhook, "matchConditions");
    const char *name = text_or(json_get_string(webhook, "name"), "");
    const char *policy = text_or(json_get_string(webhook, "failurePolicy"), "");
    const char *of =
        text_or(json_get_string(json_object_get(configuration, "metadata"), "name"), "");
    if (json_array_size(conditions) == 0 && streq(policy, "Fail"))
        return xasprintf("the webhook %s has failurePolicy Fail and no matchConditions: every "
                         "virtual machine depends on Hookline; before Kubernetes 1.28 install "
                         "an overlay without since-1.28",
            name);
    if (json_array_size(conditions) > 0 && annotation_key != NULL && !has_own_keys(name) &&
        !names_key(conditions, annotation_key))
        return xasprintf("the matchConditions of the webhook %s do not name the annotation %s, "
                         "so objects with it are not sent: apply what hook-controller "
                         "--print-webhooks=VERSION --annotation-key=%s prints",
            name, annotation_key, annotation_key);
    if (streq(name, webhooks[CONTROLLER_COMPLETE_MACHINES].name) && strcmp(of, kubevirts) > 0)
        return xasprintf("the webhook %s is called after KubeVirt's, because the name of its "
                         "configuration comes after %s: choose a smaller one "
                         "(--webhook-configuration)",
            name, kubevirts);
    return NULL;
}

char *controller_webhooks_complaint(const json_t *configuration, const char *annotation_key)
{
    size_t i = 0;
    json_t *webhook = NULL;
    json_array_foreach (json_object_get(configuration, "webhooks"), i, webhook) {
        char *complaint = complain(configuration, webhook, annotation_key);
        if (complaint != NULL)
            return complaint;
    }
    return NULL;
}
