#include "oci/remote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/url.h"
#include "oci/verify.h"

enum {
    CODE_OK = 200,
    CODE_CREATED = 201,
    CODE_ACCEPTED = 202,
    CODE_NOT_FOUND = 404,
};

#define ACCEPTED_MANIFESTS                                                                         \
    OCI_INDEX_TYPE ", " OCI_MANIFEST_TYPE ", " OCI_DOCKER_INDEX_TYPE ", " OCI_DOCKER_MANIFEST_TYPE

/* "REGISTRY/REPOSITORY: VERB WHAT", for errors. Owned by the caller. */
static char *say(const struct oci_client *client, const char *verb, const char *what)
{
    return xasprintf(
        "%s/%s: %s %s", oci_client_registry(client), oci_client_repository(client), verb, what);
}

/* Checks a manifest's digest. */
static int check_digest(const char *reference, const struct oci_answer *answer, struct error **err)
{
    char digest[OCI_DIGEST_LENGTH + 1];
    oci_digest_of(answer->body, answer->length, digest);
    if (strchr(reference, ':') != NULL && !streq(digest, reference))
        return error_set(
            err, ERROR_REMOTE, "the manifest has the digest %s, not %s", digest, reference);
    if (answer->digest != NULL && oci_digest_is_valid(answer->digest) &&
        !streq(answer->digest, digest))
        return error_set(err, ERROR_REMOTE,
            "the manifest has the digest %s, not %s, which the registry announces", digest,
            answer->digest);
    return 0;
}

int oci_remote_get_manifest(struct oci_client *client, const char *reference, char **text,
    size_t *length, char **media_type, struct error **err)
{
    auto_free char *path = xasprintf("manifests/%s", reference);
    auto_free char *what = say(client, "reading the manifest of", reference);
    struct oci_request request = {
        .method = "GET", .accept = ACCEPTED_MANIFESTS, .limit = OCI_MANIFEST_MAX_BYTES};
    struct oci_answer answer;
    struct error *error = NULL;
    int result = oci_client_call(client, &request, path, &answer, &error);
    if (result == 0 && answer.code != CODE_OK)
        result = oci_answer_refuse(&answer, what, &error);
    else if (result < 0 || (result = check_digest(reference, &answer, &error)) < 0)
        error_wrap(&error, "%s", what);
    if (result == 0) {
        *text = steal(&answer.body);
        *length = answer.length;
        *media_type = xstrndup(answer.content_type, strcspn(answer.content_type, "; "));
    }
    oci_answer_clear(&answer);
    return result < 0 ? error_move(err, error) : 0;
}

int oci_remote_put_manifest(struct oci_client *client, const char *reference,
    const char *media_type, const char *text, const char *digest, struct error **err)
{
    auto_free char *path = xasprintf("manifests/%s", reference);
    auto_free char *what = say(client, "writing the manifest of", reference);
    struct oci_request request = {
        .method = "PUT", .body = text, .length = strlen(text), .content_type = media_type};
    struct oci_answer answer;
    struct error *error = NULL;
    int result = oci_client_call(client, &request, path, &answer, &error);
    if (result < 0)
        error_wrap(&error, "%s", what);
    else if (answer.code != CODE_CREATED && answer.code != CODE_OK)
        result = oci_answer_refuse(&answer, what, &error);
    else if (answer.digest != NULL && oci_digest_is_valid(answer.digest) &&
             !streq(answer.digest, digest))
        result = error_set(&error, ERROR_REMOTE, "%s: the registry has stored it as %s, not %s",
            what, answer.digest, digest);
    oci_answer_clear(&answer);
    return result < 0 ? error_move(err, error) : 0;
}

int oci_remote_has_blob(
    struct oci_client *client, const char *digest, uint64_t size, struct error **err)
{
    auto_free char *path = xasprintf("blobs/%s", digest);
    struct oci_request request = {.method = "HEAD"};
    struct oci_answer answer;
    struct error *error = NULL;
    int has = oci_client_call(client, &request, path, &answer, &error);
    auto_free char *wanted = xasprintf("%" PRIu64, size);
    auto_free char *what = say(client, "looking for the blob", digest);
    if (has == 0 && answer.code == CODE_OK)
        has = answer.content_length == NULL || streq(answer.content_length, wanted);
    else if (has == 0 && answer.code != CODE_NOT_FOUND)
        has = oci_answer_refuse(&answer, what, &error);
    else if (has < 0)
        error_wrap(&error, "%s", what);
    oci_answer_clear(&answer);
    return has < 0 ? error_move(err, error) : has;
}

/* Ends an upload that nobody will finish. */
static void abandon(struct oci_client *client, const struct oci_answer *begun)
{
    auto_free char *url = oci_client_follow(client, begun, NULL);
    const struct oci_request request = {.method = "DELETE", .url = url, .once = true};
    struct oci_answer answer;
    if (url == NULL)
        return;
    oci_client_call(client, &request, NULL, &answer, NULL);
    oci_answer_clear(&answer);
}

int oci_remote_mount_blob(
    struct oci_client *client, const char *from, const char *digest, struct error **err)
{
    auto_free char *escaped = http_url_escape(from);
    auto_free char *path = xasprintf("blobs/uploads/?mount=%s&from=%s", digest, escaped);
    const struct oci_request request = {
        .method = "POST", .body = "", .content_type = "application/octet-stream"};
    struct oci_answer answer;
    struct error *error = NULL;
    int result = oci_client_call(client, &request, path, &answer, &error);
    if (result == 0 && answer.code == CODE_CREATED)
        result = 1;
    else if (result == 0 && answer.code == CODE_ACCEPTED)
        abandon(client, &answer); /* it has begun an upload instead */
    /* a registry that does not let us read the other repository may refuse: upload, then */
    oci_answer_clear(&answer);
    if (result >= 0)
        return result;
    auto_free char *what = say(client, "taking over the blob", digest);
    error_wrap(&error, "%s", what);
    return error_move(err, error);
}

int oci_remote_get_blob(struct oci_client *client, const struct oci_descriptor *descriptor,
    const struct oci_sink *sink, struct error **err)
{
    struct oci_verify verify;
    oci_verify_init(&verify, descriptor, sink);
    const struct oci_sink inner = oci_verify_sink(&verify);
    auto_free char *path = xasprintf("blobs/%s", descriptor->digest);
    auto_free char *what = say(client, "reading the blob", descriptor->digest);
    const struct oci_request request = {.method = "GET", .sink = &inner};
    struct oci_answer answer;
    struct error *error = NULL;
    int result = oci_client_call(client, &request, path, &answer, &error);
    if (result < 0)
        error_wrap(&error, "%s", what);
    else if (answer.code != CODE_OK)
        result = oci_answer_refuse(&answer, what, &error);
    result = oci_verify_finish(&verify, what, result, &error);
    oci_answer_clear(&answer);
    return result < 0 ? error_move(err, error) : 0;
}

static int read_manifest(void *user, const struct oci_descriptor *descriptor,
    struct oci_manifest *out, struct error **err)
{
    const struct oci_remote *remote = user;
    const char *reference = descriptor != NULL ? descriptor->digest : remote->manifest;
    auto_free char *text = NULL;
    auto_free char *type = NULL;
    size_t length = 0;
    if (oci_remote_get_manifest(remote->client, reference, &text, &length, &type, err) < 0)
        return -1;
    auto_free char *name = say(remote->client, "the manifest of", reference);
    return oci_manifest_read(
        name, text, length, type != NULL && type[0] != '\0' ? type : NULL, out, err);
}

static int read_blob(void *user, const struct oci_descriptor *descriptor,
    const struct oci_sink *sink, struct error **err)
{
    const struct oci_remote *remote = user;
    return oci_remote_get_blob(remote->client, descriptor, sink, err);
}

struct oci_source oci_remote_source(struct oci_remote *remote)
{
    return (struct oci_source){read_manifest, read_blob, remote};
}
