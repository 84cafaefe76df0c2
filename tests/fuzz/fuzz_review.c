/* The body of a request to a webhook. The answer is an AdmissionReview; its patch applies to the
 * pod, and the patched pod is not patched again. */
#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/json_build.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/webhook/review.h"
#include "hostpath/policy_parse.h"
#include "tests/fuzz/check.h"
#include "tests/unit/rfc6902.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hostpath_policy *policy;

int LLVMFuzzerInitialize(UNUSED int *argc, UNUSED char ***argv)
{
    static const char text[] = "apiVersion: hookline.dev/v1alpha1\n"
                               "kind: HostPathPolicy\n"
                               "rules:\n"
                               "- pathPrefixes: [/var/lib]\n"
                               "images: ['*:v*']\n";
    policy = hostpath_policy_parse("policy", text, sizeof(text) - 1, NULL);
    return 0;
}

/* The patch of a response; new reference. */
static json_t *decode_patch(const json_t *response)
{
    const char *encoded = json_get_string(response, "patch");
    const gnutls_datum_t text = {(unsigned char *)(uintptr_t)encoded, (unsigned)strlen(encoded)};
    gnutls_datum_t plain = {0};
    check(gnutls_base64_decode2(&text, &plain) == 0);
    json_t *patch = json_loadb((const char *)plain.data, plain.size, 0, NULL);
    gnutls_free(plain.data);
    check(json_array_size(patch) > 0);
    return patch;
}

/* Reviews again with the patch applied. */
static void check_patch(
    const json_t *body, const json_t *response, const struct controller_review_options *options)
{
    auto_json json_t *patch = decode_patch(response);
    auto_json json_t *patched_body = json_deep_copy(body);
    json_t *request = json_object_get(patched_body, "request");
    json_t *patched = rfc6902_apply(json_object_get(request, "object"), patch);
    check(patched != NULL);
    json_object_set_new(request, "object", patched);
    auto_free char *text = json_dumps(patched_body, 0);
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_BAD_REQUEST;
    json_decref(
        controller_review(CONTROLLER_MUTATE_PODS, text, strlen(text), options, &outcome, NULL));
    check(outcome == CONTROLLER_REVIEW_UNTOUCHED);
}

static void check_denial(const json_t *response)
{
    const json_t *status = json_object_get(response, "status");
    const char *message = json_get_string(status, "message");
    check(message != NULL && message[0] != '\0');
    check(json_array_size(json_pointer_get(status, "/details/causes")) > 0);
}

static void review(enum controller_webhook webhook, const uint8_t *data, size_t size,
    const struct controller_review_options *options)
{
    enum controller_review_outcome outcome = CONTROLLER_REVIEW_VALID;
    auto_error struct error *error = NULL;
    const char *text = (const char *)data;
    auto_json json_t *answer = controller_review(webhook, text, size, options, &outcome, &error);
    check((answer == NULL) == (outcome == CONTROLLER_REVIEW_BAD_REQUEST));
    check((answer == NULL) == (error != NULL));
    if (answer == NULL)
        return;
    const json_t *response = json_object_get(answer, "response");
    check(json_get_string(response, "uid") != NULL);
    bool denied =
        outcome == CONTROLLER_REVIEW_DENIED_INPUT || outcome == CONTROLLER_REVIEW_DENIED_POLICY;
    check(denied == json_is_false(json_object_get(response, "allowed")));
    if (denied)
        check_denial(response);
    check((outcome == CONTROLLER_REVIEW_PATCHED) == (json_get_string(response, "patch") != NULL));
    if (outcome == CONTROLLER_REVIEW_PATCHED) {
        const struct json_limits limits = {
            .nodes = SIZE_MAX, .bytes = SIZE_MAX, .depth = JSON_BUILD_MAX_DEPTH};
        auto_json json_t *body = json_build(text, size, &limits, NULL, NULL);
        check_patch(body, response, options);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct controller_review_options options = {
        .policy = size % 2 == 0 ? policy : NULL,
        .strict = size % 3 == 0,
    };
    review(CONTROLLER_MUTATE_PODS, data, size, &options);
    review(CONTROLLER_VALIDATE_MACHINES, data, size, &options);
    return 0;
}
