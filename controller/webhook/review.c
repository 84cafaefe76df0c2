#include "controller/webhook/review.h"

#include <stdlib.h>
#include <string.h>

#include "annotations/kind.h"
#include "annotations/launcher.h"
#include "annotations/parse.h"
#include "annotations/patch.h"
#include "base/json.h"
#include "base/json_build.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/launch/pod_input.h"
#include "controller/webhook/admission.h"
#include "controller/webhook/verdict.h"

enum {
    MOST_PATCH_BYTES = 2 << 20, /* of the text of a patch; the longest annotation takes less */
};

/* One review in progress. Const members without a comment are borrowed from the admission. */
struct review {
    const struct controller_review_options *options;
    struct controller_admission admission; /* owned */
    const struct annotations_kind *kind; /* static; NULL: a kind without hook sidecars */
    const char *key; /* the annotation's key; NULL until it is found */
    const char *text; /* of the annotation, or NULL */
    struct controller_verdict verdict; /* owned */
};

/* The keys under which the annotation may stand. */
static size_t list_keys(const struct review *review, const char *keys[2])
{
    keys[0] = text_or(review->options->annotation_key, ANNOTATIONS_KEY_KUBEVIRT);
    keys[1] = ANNOTATIONS_KEY_HOOKLINE;
    return review->options->annotation_key != NULL ? 1 : 2;
}

/* Whether one of the keys occurs anywhere in the request. */
static bool mentions_key(const struct review *review)
{
    const char *keys[2];
    size_t count = list_keys(review, keys);
    for (size_t i = 0; i < count; i++) {
        if (controller_admission_mentions(&review->admission, keys[i]))
            return true;
    }
    return false;
}

/* Whether the request is about a subresource: status, scale, ephemeralcontainers. */
static bool has_subresource(const struct review *review)
{
    const char *subresource = json_get_string(review->admission.request, "subResource");
    return subresource != NULL && subresource[0] != '\0';
}

/* The path of the annotation with this key, as Kubernetes writes it. Owned by the caller. */
static char *annotation_path(const struct review *review, const char *key)
{
    auto_free char *annotations = finding_path(review->kind->annotations);
    return xasprintf("%s[%s]", annotations, key);
}

/* The path within the object of what a finding is about. Before the annotation is found, pointers
 * are relative to the annotations. Owned by the caller. */
static char *field_path(const struct review *review, const char *pointer)
{
    if (review->key == NULL) {
        auto_free char *key = json_pointer_token(pointer + 1, strlen(pointer + 1));
        return annotation_path(review, key);
    }
    if (text_starts_with(pointer, "/pod"))
        return finding_path(pointer + strlen("/pod"));
    auto_free char *annotation = annotation_path(review, review->key);
    auto_free char *inner = finding_path(pointer);
    return xasprintf("%s%s", annotation, inner);
}

/* Warnings must be short, so they omit the path of the annotation. A long path is cut, not the
 * message. */
static void warn(struct review *review, const char *pointer, const char *message)
{
    enum { LONGEST_PATH = 100 };
    auto_free char *path = finding_path(pointer);
    auto_free char *place = text_printable(path, strlen(path), LONGEST_PATH);
    auto_free char *whole = xasprintf("hookSidecars%s: %s", place, message);
    controller_verdict_warn(&review->verdict, whole);
}

static bool is_denied(const struct review *review)
{
    return controller_verdict_is_denied(&review->verdict);
}

static void deny(struct review *review, const struct finding *finding)
{
    auto_free char *field = field_path(review, finding->pointer);
    auto_free char *message = finding->fault.line > 0
                                  ? xasprintf("line %zu, column %zu: %s", finding->fault.line,
                                        finding->fault.column, finding->message)
                                  : xstrdup(finding->message);
    controller_verdict_deny(&review->verdict, finding->class, field, message);
}

/* Turns findings into causes and warnings, and clears them. */
static void take_findings(struct review *review, struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->severity == FINDING_ERROR)
            deny(review, finding);
        else
            warn(review, finding->pointer, finding->message);
    }
    review->verdict.more_causes += findings_left_out(findings, FINDING_ERROR);
    review->verdict.unsaid += findings_left_out(findings, FINDING_WARNING);
    findings_clear(findings);
}

/* Reads the parts of the objects at keep. Returns whether it could; if not, the request is denied,
 * because it mentions the annotation's key. */
static bool read_objects(struct review *review, const char *const *keep)
{
    auto_error struct error *err = NULL;
    if (controller_admission_read_objects(&review->admission, keep, &err) == 0)
        return true;
    auto_free char *message = xasprintf("the object cannot be checked: %s", err->message);
    controller_verdict_deny(&review->verdict, ERROR_INPUT, "", message);
    return false;
}

/* Finds the annotation; faults of its place become causes. */
static void find_annotation(struct review *review)
{
    struct findings findings = {0};
    const json_t *annotations =
        json_pointer_get(review->admission.object, review->kind->annotations);
    const char *key = NULL;
    review->text = annotations_find(annotations, review->options->annotation_key, &key, &findings);
    take_findings(review, &findings);
    review->key = key;
}

/* Parses the annotation that was found; owned by the caller, or NULL: denied. A cluster-scoped
 * object has no namespace; the policy is applied to the VMIs that are created with it. */
static struct annotations_list *parse_annotation(struct review *review)
{
    struct findings findings = {0};
    const struct annotations_options options = {
        .strict = review->options->strict,
        .policy = review->kind->cluster_scoped ? NULL : review->options->policy,
        .namespace = text_or(json_get_string(review->admission.request, "namespace"), ""),
    };
    struct annotations_list *list =
        annotations_parse(review->text, strlen(review->text), &options, &findings);
    take_findings(review, &findings);
    if (list == NULL)
        controller_verdict_deny_anyway(&review->verdict);
    return list;
}

/* Whether we made the pod: its launcher kind is then detected from it, whatever the option says
 * about KubeVirt's. */
static bool is_ours(const json_t *pod)
{
    const json_t *labels = json_object_get(json_object_get(pod, "metadata"), "labels");
    return json_object_get(labels, CONTROLLER_LAUNCH_LABEL) != NULL;
}

/* Subtracts what is written from the bytes that may still be. */
static int take_bytes(UNUSED const char *text, size_t length, void *user)
{
    size_t *left = user;
    if (length > *left)
        return -1;
    *left -= length;
    return 0;
}

/* Returns the patch, or NULL with an error if its text would be too long. */
static json_t *check_patch(json_t *take_patch, struct findings *findings)
{
    size_t left = MOST_PATCH_BYTES;
    if (json_dump_callback(take_patch, take_bytes, &left, JSON_COMPACT) == 0)
        return take_patch;
    findings_error(findings, "/pod",
        "the pod is too complex: the patch that adds its sidecars would have more than %d bytes",
        MOST_PATCH_BYTES);
    json_decref(take_patch);
    return NULL;
}

/* The patch that adds the sidecars of list to the pod; new reference, or NULL: denied. */
static json_t *render_patch(struct review *review, const struct annotations_list *list)
{
    struct findings findings = {0};
    struct annotations_render_options options = review->options->render;
    options.annotation_key = review->key;
    if (is_ours(review->admission.object))
        options.launcher = ANNOTATIONS_LAUNCHER_AUTO;
    auto_json json_t *pod = annotations_render(review->admission.object, list, &options, &findings);
    auto_json json_t *patch =
        pod != NULL ? check_patch(annotations_patch(review->admission.object, pod), &findings)
                    : NULL;
    take_findings(review, &findings);
    if (patch == NULL)
        controller_verdict_deny_anyway(&review->verdict);
    return is_denied(review) ? NULL : steal(&patch);
}

static bool is_launcher_pod(const json_t *pod)
{
    const char *label = json_string_value(json_pointer_get(pod, "/metadata/labels/kubevirt.io"));
    return label != NULL && streq(label, "virt-launcher");
}

/* Whether a new pod is a launcher pod; reads its metadata for that. */
static bool is_new_launcher_pod(struct review *review)
{
    static const char *const keep[] = {"/request/object/metadata/labels", NULL};
    return review->kind == &annotations_kinds[ANNOTATIONS_KIND_POD] && !has_subresource(review) &&
           streq(review->admission.operation, "CREATE") && read_objects(review, keep) &&
           is_launcher_pod(review->admission.object);
}

/* Returns the patch, new reference, or NULL if the pod is to be left unchanged or denied. */
static json_t *review_pod(struct review *review)
{
    static const char *const keep[] = {"/request/object", NULL};
    if (!is_new_launcher_pod(review) || !read_objects(review, keep))
        return NULL;
    find_annotation(review);
    if (review->text == NULL)
        return NULL;
    auto_annotations_list struct annotations_list *list = parse_annotation(review);
    /* what gets no sidecars is not exempt from the check, or from the policy */
    bool exempt = annotations_pod_is_provisioning(review->admission.object);
    auto_json json_t *patch = list != NULL && !exempt ? render_patch(review, list) : NULL;
    if (json_array_size(patch) == 0)
        return NULL;
    review->verdict.outcome = CONTROLLER_REVIEW_PATCHED;
    return steal(&patch);
}

/* Whether the request writes the annotation among the annotations at pointer and must be checked;
 * see the header for the rule. */
static bool is_written(const struct review *review, const char *pointer)
{
    if (streq(review->admission.operation, "CREATE"))
        return true;
    if (!streq(review->admission.operation, "UPDATE"))
        return false;
    const json_t *old = json_pointer_get(review->admission.old_object, pointer);
    const json_t *new = json_pointer_get(review->admission.object, pointer);
    const char *keys[2];
    size_t count = list_keys(review, keys);
    for (size_t i = 0; i < count; i++) {
        const json_t *before = json_object_get(old, keys[i]);
        const json_t *after = json_object_get(new, keys[i]);
        if (before != after && !json_equal(before, after))
            return true;
    }
    return false;
}

/* Warns of the annotation at a pointer where KubeVirt does not look for it. */
static void check_misplaced(struct review *review, const char *pointer)
{
    const char *keys[2];
    size_t count = list_keys(review, keys);
    const json_t *annotations = json_pointer_get(review->admission.object, pointer);
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(annotations, keys[i]) == NULL)
            continue;
        auto_free char *right = finding_path(review->kind->annotations);
        auto_free char *message = xasprintf("KubeVirt reads them only in %s", right);
        warn(review, "", message);
    }
}

/* Reads the annotation wherever it may stand, before and after, under each of its keys: other
 * annotations, however many there are, make no difference. */
static bool read_machine(struct review *review)
{
    static const char *const roots[] = {"/request/object", "/request/oldObject"};
    char *keep[JSON_BUILD_MAX_KEPT + 1] = {NULL};
    const char *keys[2];
    size_t key_count = list_keys(review, keys);
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(roots) * key_count; i++) {
        const char *root = roots[i / key_count];
        const char *key = keys[i % key_count];
        auto_free char *right = xasprintf("%s%s", root, review->kind->annotations);
        keep[count++] = json_pointer_join(right, key);
        for (const char *const *place = review->kind->misplaced; *place != NULL; place++) {
            auto_free char *wrong = xasprintf("%s%s", root, *place);
            keep[count++] = json_pointer_join(wrong, key);
        }
    }
    bool done = read_objects(review, (const char *const *)keep);
    for (size_t i = 0; i < count; i++)
        free(keep[i]);
    return done;
}

/* Whether the request updates an object that is being deleted. */
static bool is_leaving(struct review *review)
{
    static const char pointer[] = "/metadata/deletionTimestamp";
    static const char *const keep[] = {"/request/object/metadata/deletionTimestamp", NULL};
    return streq(review->admission.operation, "UPDATE") && read_objects(review, keep) &&
           json_pointer_get(review->admission.object, pointer) != NULL;
}

static void review_machine(struct review *review)
{
    if (review->kind == NULL || review->kind == &annotations_kinds[ANNOTATIONS_KIND_POD] ||
        has_subresource(review) || is_leaving(review) || is_denied(review) || !read_machine(review))
        return;
    for (const char *const *pointer = review->kind->misplaced; *pointer != NULL; pointer++) {
        if (is_written(review, *pointer))
            check_misplaced(review, *pointer);
    }
    if (!is_written(review, review->kind->annotations))
        return;
    find_annotation(review);
    if (review->text == NULL)
        return;
    annotations_list_free(parse_annotation(review));
    if (!is_denied(review))
        review->verdict.outcome = CONTROLLER_REVIEW_VALID;
}

json_t *controller_review(enum controller_webhook webhook, const char *body, size_t length,
    const struct controller_review_options *options, enum controller_review_outcome *outcome,
    struct error **err)
{
    json_t *answer = NULL;
    struct review review = {.options = options};
    controller_verdict_init(
        &review.verdict, "hookSidecars: %zu more warnings; hookctl validate shows all");
    const struct bytes bytes = {body, length};
    *outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    if (controller_admission_read(&review.admission, bytes, err) == 0) {
        review.kind = annotations_kind_find(review.admission.kind, review.admission.group);
        auto_json json_t *patch = NULL;
        if (mentions_key(&review) && webhook == CONTROLLER_MUTATE_PODS)
            patch = review_pod(&review);
        else if (mentions_key(&review))
            review_machine(&review);
        answer = controller_verdict_respond(&review.verdict, &review.admission, patch);
        *outcome = review.verdict.outcome;
    }
    controller_verdict_clear(&review.verdict);
    controller_admission_clear(&review.admission);
    return answer;
}
