#include "cli/online/download.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unused.h"
#include "cli/online/http_call.h"
#include "oci/sparse.h"

enum {
    WAITING_LIMIT = 64 << 20, /* bytes that may wait to be written */
    FIRST_DELAY_MS = 500, /* before a further try; doubles each time */
    OK = 200,
    PARTIAL = 206,
    UNAUTHORIZED = 401,
    FORBIDDEN = 403,
    UNAVAILABLE = 503,
};

/* A download that runs. */
struct state {
    const struct cli_download *download;
    struct oci_sparse out; /* what is written */
    uint64_t total; /* bytes; 0: not known */
    bool has_begun; /* the answer of this try */
    struct error *error; /* in writing, or in what the server says */
};

/* The length that a header says after the prefix, or 0. */
static uint64_t number_after(const char *text, char before)
{
    const char *at = before != '\0' && text != NULL ? strrchr(text, before) : text;
    long value = 0;
    if (at == NULL || !text_parse_int(before != '\0' ? at + 1 : at, 0, INT64_MAX, &value))
        return 0;
    return (uint64_t)value;
}

/* Begins the file again. */
static int empty(struct state *state, struct error **err)
{
    state->out.size = 0;
    return oci_sparse_finish(&state->out, err);
}

/* Reads the head of an answer. An answer to a Range that is not partial begins at the start. */
static void begin(struct state *state, const struct http_transfer *transfer)
{
    const char *range = http_transfer_header(transfer, "Content-Range", 0);
    const char *length = http_transfer_header(transfer, "Content-Length", 0);
    auto_free char *expected = xasprintf("bytes %llu-", (unsigned long long)state->out.size);
    state->has_begun = true;
    if (range != NULL && !text_starts_with(range, expected)) {
        error_set(&state->error, ERROR_REMOTE,
            "%s: the server sends another part than was asked for (%s)", state->download->what,
            range);
        return;
    }
    if (range == NULL && state->out.size > 0) {
        empty(state, &state->error);
    }
    uint64_t total = range != NULL ? number_after(range, '/') : number_after(length, '\0');
    if (state->total != 0 && total != 0 && total != state->total)
        error_set(&state->error, ERROR_REMOTE,
            "%s: it has changed since the download began: it had %llu bytes and has %llu",
            state->download->what, (unsigned long long)state->total, (unsigned long long)total);
    if (total != 0)
        state->total = total;
}

static void on_data(void *user, struct http_transfer *transfer, const char *data, size_t length)
{
    struct state *state = user;
    const struct oci_sink sink = oci_sparse_sink(&state->out);
    if (!state->has_begun && state->error == NULL)
        begin(state, transfer);
    if (state->error == NULL && state->total != 0 && length > state->total - state->out.size)
        error_set(&state->error, ERROR_REMOTE,
            "%s: the server sends more than the %llu bytes that it announced",
            state->download->what, (unsigned long long)state->total);
    if (state->error == NULL && sink.take(sink.user, data, length, &state->error) == 0)
        cli_meter_bytes(
            state->download->meter, state->download->what, state->out.size, state->total);
}

/* A cli_http_call's tick. */
static bool is_fine(void *user, UNUSED const struct http_transfer *transfer)
{
    const struct state *state = user;
    return state->error == NULL;
}

static int try_once(struct state *state, struct cli_http_outcome *out, struct error **err)
{
    const struct cli_download *download = state->download;
    auto_free char *range = xasprintf("Range: bytes=%llu-", (unsigned long long)state->out.size);
    const char *headers[] = {download->header, state->out.size > 0 ? range : NULL, NULL};
    const struct cli_http_call transfer = {
        .client = download->client,
        .options = {.method = "GET",
            .path = download->path,
            .headers = headers,
            .limit = WAITING_LIMIT,
            .stall_ms = CLI_DOWNLOAD_STALL_MS},
        .on_data = on_data,
        .tick = is_fine,
        .user = state,
    };
    state->has_begun = false;
    struct error *error = NULL;
    int result = cli_http_call_run(&transfer, out, &error);
    if (state->error != NULL) {
        error_free(error);
        return error_move(err, steal(&state->error));
    }
    return result < 0 ? error_move(err, error) : 0;
}

/* What an answer other than the file means. Returns 0 if it may change, else -1 with an error. */
static int refuse(
    const struct state *state, const struct cli_http_outcome *outcome, struct error **err)
{
    const char *what = state->download->what;
    if (outcome->fault == HTTP_FAULT_REFUSED)
        return error_set(err, ERROR_REMOTE, "%s: %s", what, outcome->why);
    if (outcome->fault != HTTP_FAULT_NONE || outcome->code == UNAVAILABLE)
        return 0;
    if (outcome->code == UNAUTHORIZED || outcome->code == FORBIDDEN)
        return error_set(
            err, ERROR_REMOTE, "%s: the server refuses the token (status %d)", what, outcome->code);
    auto_free char *body = text_printable(outcome->body, strlen(outcome->body), 200);
    return error_set(err, ERROR_REMOTE, "%s: the server answers with status %d%s%s", what,
        outcome->code, body[0] != '\0' ? ": " : "", body);
}

static bool is_complete(const struct state *state, const struct cli_http_outcome *outcome)
{
    return outcome->fault == HTTP_FAULT_NONE && (outcome->code == OK || outcome->code == PARTIAL) &&
           (state->total == 0 || state->out.size == state->total);
}

/* Gets ready for a further try. Returns 0, or -1 with an error when there were too many. */
static int prepare(
    struct state *state, int tries, const struct cli_http_outcome *outcome, struct error **err)
{
    const struct cli_download *download = state->download;
    bool waits = download->can_wait && outcome->fault == HTTP_FAULT_NOT_SENT;
    if (tries >= CLI_DOWNLOAD_TRIES && !waits)
        return error_set(err, ERROR_REMOTE, "%s: it broke off after %llu bytes, %d times: %s",
            download->what, (unsigned long long)state->out.size, tries,
            outcome->fault != HTTP_FAULT_NONE ? outcome->why : "the server is not available");
    auto_free char *again = xasprintf("%s; trying again",
        outcome->fault != HTTP_FAULT_NONE ? outcome->why : "the server is not available");
    cli_meter_say(download->meter, download->what, again);
    int exponent = tries < CLI_DOWNLOAD_TRIES ? tries : CLI_DOWNLOAD_TRIES;
    if (cli_http_call_pause((int64_t)FIRST_DELAY_MS << (exponent - 1), err) < 0 ||
        (state->out.size > 0 && download->check(download->user, err) < 0))
        return -1;
    if (download->can_resume || state->out.size == 0)
        return 0;
    state->total = 0;
    return empty(state, err);
}

static int run(struct state *state, struct error **err)
{
    int tries = 0;
    for (;;) {
        struct cli_http_outcome outcome = {0};
        uint64_t before = state->out.size;
        int result = try_once(state, &outcome, err);
        bool complete = result == 0 && is_complete(state, &outcome);
        if (result == 0 && !complete)
            result = refuse(state, &outcome, err);
        tries = state->download->can_resume && state->out.size > before ? 1 : tries + 1;
        if (result == 0 && !complete)
            result = prepare(state, tries, &outcome, err);
        cli_http_outcome_clear(&outcome);
        if (result < 0 || complete)
            return result;
    }
}

int cli_download_run(const struct cli_download *download, struct error **err)
{
    const char *file = download->file;
    auto_fd int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct state state = {.download = download, .out = {.fd = fd, .name = file}};
    if (fd < 0)
        return error_set_errno(err, "creating %s", file);
    int result = run(&state, err);
    if (result == 0)
        result = oci_sparse_finish(&state.out, err);
    if (result == 0 && fsync(fd) < 0)
        result = error_set_errno(err, "writing %s", file);
    if (result < 0)
        unlink(file);
    return result;
}
