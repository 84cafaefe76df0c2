#include "oci/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/url.h"
#include "oci/login.h"
#include "oci/wire.h"

enum {
    MAX_REDIRECTS = 5,
    MAX_SHOWN = 200, /* bytes of a URL in an error */
    MAX_ANSWER = 1 << 20, /* bytes, of what has no body to speak of */
    CODE_OK = 200,
    CODE_UNAUTHORIZED = 401,
};

struct oci_client {
    struct oci_client_options options;
    char *url; /* "https://registry-1.docker.io" */
    struct oci_wire *wire;
    struct oci_login login;
};

struct oci_client *oci_client_new(const struct oci_client_options *options)
{
    struct oci_client *client = xcalloc(1, sizeof(*client));
    const struct oci_wire_options wire = {
        .ca_file = options->ca_file,
        .plain_http = options->plain_http,
        .stall_ms = options->stall_ms,
        .user_agent = options->user_agent,
        .on_tick = options->on_progress,
        .user = options->user,
    };
    client->options = *options;
    client->wire = oci_wire_new(&wire);
    /* Docker Hub's registry has another name than its references */
    client->url = xasprintf("%s://%s", options->plain_http ? "http" : "https",
        streq(options->registry, "docker.io") ? "registry-1.docker.io" : options->registry);
    client->login =
        (struct oci_login){.registry_url = client->url, .credentials = options->credentials};
    return client;
}

void oci_client_free(struct oci_client *client)
{
    if (client == NULL)
        return;
    oci_login_clear(&client->login);
    oci_wire_free(client->wire);
    free(client->url);
    free(client);
}

void oci_client_cancel(struct oci_client *client)
{
    oci_wire_cancel(client->wire);
}

static bool is_origin_of(const char *registry_url, const char *url)
{
    struct http_url ours = {0};
    struct http_url theirs = {0};
    bool same = http_url_split(registry_url, &ours) == 0 && http_url_split(url, &theirs) == 0 &&
                streq(ours.origin, theirs.origin);
    http_url_clear(&ours);
    http_url_clear(&theirs);
    return same;
}

static bool is_redirect(const struct oci_request *request, int code)
{
    bool has_body = request->body != NULL || request->file != NULL;
    return code == 307 || code == 308 || (!has_body && code >= 301 && code <= 303);
}

/* Where a Location leads. Owned by the caller; NULL with an error: it is no URL, or leaves
 * encryption. */
static char *follow(const char *url, const char *location, struct error **err)
{
    auto_free char *next = location != NULL ? http_url_join(url, location) : NULL;
    if (next == NULL) {
        error_set(err, ERROR_REMOTE, "%s: the answer does not say where to go on", url);
        return NULL;
    }
    if (text_starts_with(url, "https:") && !text_starts_with(next, "https:")) {
        auto_free char *shown = text_printable(next, strlen(next), MAX_SHOWN);
        error_set(err, ERROR_POLICY, "the registry leads from HTTPS to %s, which is not encrypted",
            shown);
        return NULL;
    }
    return steal(&next);
}

/* Makes a request, with the credentials if it goes to the registry itself; answers its challenges,
 * and follows redirects. scope is what a token must be for. */
static int call(struct oci_client *client, const struct oci_request *given, const char *scope,
    struct oci_answer *answer, struct error **err)
{
    struct oci_request request = *given;
    auto_free char *url = xstrdup(given->url);
    bool has_answered = false;
    for (int redirects = 0;; redirects++) {
        bool ours = is_origin_of(client->url, url);
        const struct http_identity identity = oci_login_identity(&client->login);
        request.url = url;
        request.identity = ours ? &identity : NULL;
        if (oci_wire_call(client->wire, &request, answer, err) < 0)
            return -1;
        if (answer->code == CODE_UNAUTHORIZED && ours &&
            (!has_answered || (client->login.basic && client->login.token == NULL))) {
            has_answered = true;
            if (oci_login_answer(&client->login, client->wire, &answer->challenge, scope, err) < 0)
                return -1;
            oci_answer_clear(answer);
            continue;
        }
        if (!is_redirect(&request, answer->code))
            return 0;
        if (redirects >= MAX_REDIRECTS)
            return error_set(
                err, ERROR_REMOTE, "%s: more than %d redirects", given->url, MAX_REDIRECTS);
        char *next = follow(url, answer->location, err);
        if (next == NULL)
            return -1;
        free(url);
        url = next;
        oci_answer_clear(answer);
    }
}

int oci_client_call(struct oci_client *client, const struct oci_request *given, const char *path,
    struct oci_answer *answer, struct error **err)
{
    struct oci_request request = *given;
    bool writes = !streq(request.method, "GET") && !streq(request.method, "HEAD");
    auto_free char *url = request.url != NULL ? xstrdup(request.url)
                                              : xasprintf("%s/v2/%s/%s", client->url,
                                                    client->options.repository, path);
    auto_free char *scope =
        xasprintf("repository:%s:%s", client->options.repository, writes ? "pull,push" : "pull");
    request.url = url;
    request.limit = request.limit != 0 ? request.limit : MAX_ANSWER;
    *answer = (struct oci_answer){0};
    return call(client, &request, scope, answer, err);
}

char *oci_client_follow(
    const struct oci_client *client, const struct oci_answer *answer, struct error **err)
{
    return follow(client->url, answer->location, err);
}

const char *oci_client_registry(const struct oci_client *client)
{
    return client->options.registry;
}

const char *oci_client_repository(const struct oci_client *client)
{
    return client->options.repository;
}

uint64_t oci_client_chunk(const struct oci_client *client)
{
    return client->options.chunk;
}

static int ping_url(struct oci_client *client, struct oci_answer *answer, struct error **err)
{
    auto_free char *url = xasprintf("%s/v2/", client->url);
    const struct oci_request request = {.method = "GET", .url = url, .limit = MAX_ANSWER};
    return oci_wire_call(client->wire, &request, answer, err);
}

int oci_client_ping(struct oci_client *client, struct error **err)
{
    struct oci_answer answer;
    struct error *error = NULL;
    int result = ping_url(client, &answer, &error);
    if (result < 0 && answer.not_sent && client->options.ca_file == NULL &&
        text_starts_with(client->url, "https:") && http_url_is_loopback(client->url)) {
        error_free(steal(&error));
        auto_free char *https = client->url;
        client->url = xasprintf("http%s", https + strlen("https"));
        client->login.registry_url = client->url;
        oci_answer_clear(&answer);
        result = ping_url(client, &answer, &error);
    }
    /* 401 is what a registry answers that wants a token for each repository */
    if (result == 0 && oci_answer_is_busy(&answer))
        result = oci_answer_refuse(&answer, client->url, &error);
    else if (result == 0 && answer.code != CODE_OK && answer.code != CODE_UNAUTHORIZED)
        result = error_set(&error, ERROR_REMOTE,
            "%s is not a registry: GET /v2/ is answered with %d", client->url, answer.code);
    oci_answer_clear(&answer);
    return result < 0 ? error_move(err, error) : 0;
}
