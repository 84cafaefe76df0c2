#include "cli/online/send.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/online/http_call.h"

enum {
    TRIES = 3, /* of a transfer that breaks, at least */
    DELAY_MS = 1000,
    ANSWER_LIMIT = 64 << 10,
    PROBE_MS = 30000,
    OK = 200,
    UNAUTHORIZED = 401,
    NOT_FOUND = 404,
    NOT_ALLOWED = 405,
    CONFLICT = 409, /* the server has had the file */
    UNAVAILABLE = 503,
    BAD_GATEWAY = 502,
};

/* With the second one, old proxies answer only when the disk is made. */
static const char async_path[] = "/v1beta1/upload-async";
static const char sync_path[] = "/v1beta1/upload";

static bool tick(void *user, const struct http_transfer *transfer)
{
    const struct cli_send *send = user;
    cli_meter_bytes(send->meter, send->what, http_transfer_sent(transfer), send->length);
    return true;
}

/* One request: a HEAD, or the file. */
static int request(const struct cli_send *send, const char *path, bool has_file, const char *token,
    struct cli_http_outcome *out, struct error **err)
{
    const struct http_identity identity = {.token = token};
    const struct http_file file = {.fd = send->fd};
    const struct cli_http_call transfer = {
        .client = send->client,
        .options = {.method = has_file ? "POST" : "HEAD",
            .path = path,
            .identity = &identity,
            .file = has_file ? &file : NULL,
            .length = has_file ? send->length : 0,
            .content_type = "application/octet-stream",
            .limit = ANSWER_LIMIT,
            .timeout_ms = has_file ? 0 : PROBE_MS,
            .stall_ms = has_file ? CLI_SEND_STALL_MS : 0},
        .tick = has_file ? tick : NULL,
        .user = (void *)send,
    };
    return cli_http_call_run(&transfer, out, err);
}

/* The error of an answer, or of none. Returns -1. */
static int fail(
    const struct cli_send *send, const struct cli_http_outcome *outcome, struct error **err)
{
    if (outcome->fault != HTTP_FAULT_NONE)
        return error_set(err, ERROR_REMOTE, "%s: %s", send->what, outcome->why);
    if (outcome->code == UNAUTHORIZED)
        return error_set(err, ERROR_REMOTE, "%s: the proxy refuses the token (status %d)",
            send->what, outcome->code);
    auto_free char *body = text_printable(outcome->body, strlen(outcome->body), 500);
    return error_set(err, ERROR_REMOTE, "%s: the proxy answers with status %d%s%s", send->what,
        outcome->code, body[0] != '\0' ? ": " : "", body);
}

/* Whether a failure may pass. */
static bool may_pass(const struct cli_http_outcome *outcome)
{
    if (outcome->fault != HTTP_FAULT_NONE)
        return outcome->fault == HTTP_FAULT_NOT_SENT || outcome->fault == HTTP_FAULT_BROKEN;
    return outcome->code == UNAVAILABLE || outcome->code == BAD_GATEWAY;
}

/* Waits until the proxy takes an upload. Returns 0 with *path; or -1 with an error. */
static int probe(
    const struct cli_send *send, const char *token, const char **path, struct error **err)
{
    double end = clock_milliseconds() + (double)send->timeout_ms;
    for (;;) {
        struct cli_http_outcome outcome = {0};
        if (request(send, async_path, false, token, &outcome, err) < 0)
            return -1;
        bool answered = outcome.fault == HTTP_FAULT_NONE;
        bool is_old = answered && (outcome.code == NOT_FOUND || outcome.code == NOT_ALLOWED);
        bool is_over = !may_pass(&outcome) || clock_milliseconds() >= end;
        if (answered && (outcome.code == OK || is_old))
            *path = is_old ? sync_path : async_path;
        else if (is_over)
            fail(send, &outcome, err);
        else
            cli_meter_say(send->meter, send->what,
                answered ? "waiting for CDI's upload server" : outcome.why);
        cli_http_outcome_clear(&outcome);
        if (*path != NULL)
            return 0;
        if (is_over || cli_http_call_pause(DELAY_MS, err) < 0)
            return -1;
    }
}

/* Sends the file once. Returns 1 if it was taken, 0 if another try may help, -1 with an error. */
static int try_once(const struct cli_send *send, bool is_last, struct error **err)
{
    const char *path = NULL;
    struct cli_http_outcome outcome = {0};
    char *token = send->token(send->user, err);
    if (token == NULL)
        return -1;
    int result = probe(send, token, &path, err);
    if (result == 0)
        result = request(send, path, true, token, &outcome, err);
    free_secret(token, strlen(token));
    bool answered = result == 0 && outcome.fault == HTTP_FAULT_NONE;
    if (answered && (outcome.code == OK || outcome.code == CONFLICT))
        result = 1;
    else if (result == 0 && (is_last || !may_pass(&outcome)))
        result = fail(send, &outcome, err);
    else if (result == 0)
        cli_meter_say(
            send->meter, send->what, answered ? "CDI's upload server is at work" : outcome.why);
    cli_http_outcome_clear(&outcome);
    return result;
}

int cli_send_run(const struct cli_send *send, struct error **err)
{
    double end = clock_milliseconds() + (double)send->timeout_ms;
    int result = 0;
    for (int i = 1; result == 0; i++) {
        bool is_last = i >= TRIES && clock_milliseconds() >= end;
        result = try_once(send, is_last, err);
        if (result == 0 && cli_http_call_pause(DELAY_MS, err) < 0)
            return -1;
        if (result == 0 && send->is_taken(send->user))
            return 0;
    }
    return result < 0 ? -1 : 0;
}
