#include "oci/upload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define TYPE "application/octet-stream"

enum {
    CODE_CREATED = 201,
    CODE_ACCEPTED = 202,
};

struct upload {
    struct oci_client *client;
    const char *digest;
    uint64_t size;
    int fd;
    char *url; /* where the next request goes; owned; NULL: not begun */
};

/* Makes one request of the upload, and remembers where the next one goes. */
static int step(struct upload *upload, const struct oci_request *request, const char *path,
    int expected, struct error **err)
{
    struct oci_answer answer;
    int result = oci_client_call(upload->client, request, path, &answer, err);
    if (result == 0 && answer.code != expected)
        result = oci_answer_refuse(&answer, request->method, err);
    if (result == 0 && expected == CODE_ACCEPTED) {
        char *next = oci_client_follow(upload->client, &answer, err);
        result = next != NULL ? 0 : -1;
        if (next != NULL) {
            free(upload->url);
            upload->url = next;
        }
    }
    oci_answer_clear(&answer);
    return result;
}

static int begin(struct upload *upload, struct error **err)
{
    const struct oci_request request = {.method = "POST", .body = "", .content_type = TYPE};
    return step(upload, &request, "blobs/uploads/", CODE_ACCEPTED, err);
}

/* Sends all but the last chunk. *sent gets how many bytes these have. */
static int send_chunks(struct upload *upload, uint64_t *sent, struct error **err)
{
    uint64_t chunk = oci_client_chunk(upload->client);
    *sent = 0;
    while (chunk > 0 && upload->size - *sent > chunk) {
        auto_free char *range =
            xasprintf("Content-Range: %" PRIu64 "-%" PRIu64, *sent, *sent + chunk - 1);
        const char *const headers[] = {range, NULL};
        const struct http_file file = {upload->fd, (int64_t)*sent};
        const struct oci_request request = {.method = "PATCH",
            .url = upload->url,
            .headers = headers,
            .file = &file,
            .length = chunk,
            .content_type = TYPE};
        if (step(upload, &request, NULL, CODE_ACCEPTED, err) < 0)
            return -1;
        *sent += chunk;
    }
    return 0;
}

/* Sends the rest, with the digest. */
static int complete(struct upload *upload, uint64_t sent, struct error **err)
{
    auto_free char *url = xasprintf(
        "%s%cdigest=%s", upload->url, strchr(upload->url, '?') != NULL ? '&' : '?', upload->digest);
    auto_free char *range = xasprintf(
        "Content-Range: %" PRIu64 "-%" PRIu64, sent, upload->size > 0 ? upload->size - 1 : 0);
    const char *const headers[] = {range, NULL};
    const struct http_file file = {upload->fd, (int64_t)sent};
    const struct oci_request request = {.method = "PUT",
        .url = url,
        .headers = sent > 0 ? headers : NULL,
        .file = upload->size > 0 ? &file : NULL,
        .body = upload->size > 0 ? NULL : "",
        .length = upload->size - sent,
        .content_type = TYPE};
    return step(upload, &request, NULL, CODE_CREATED, err);
}

static void forget(const struct upload *upload)
{
    const struct oci_request request = {.method = "DELETE", .url = upload->url, .once = true};
    struct oci_answer answer;
    if (upload->url == NULL)
        return;
    oci_client_call(upload->client, &request, NULL, &answer, NULL);
    oci_answer_clear(&answer);
}

int oci_upload_blob(
    struct oci_client *client, const char *digest, uint64_t size, int fd, struct error **err)
{
    struct upload upload = {.client = client, .digest = digest, .size = size, .fd = fd};
    struct error *error = NULL;
    uint64_t sent = 0;
    int result = begin(&upload, &error);
    if (result == 0)
        result = send_chunks(&upload, &sent, &error);
    if (result == 0)
        result = complete(&upload, sent, &error);
    if (result < 0) {
        if (error->class != ERROR_TIMEOUT) /* it would only hang again */
            forget(&upload);
        error_wrap(&error, "%s/%s: uploading the blob %s", oci_client_registry(client),
            oci_client_repository(client), digest);
        error_move(err, error);
    }
    free(upload.url);
    return result;
}
