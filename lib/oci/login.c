#include "oci/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "http/url.h"

enum { MAX_TOKEN_ANSWER = 1 << 20, MAX_DEPTH = 16 };

int oci_login_trust_realm(const char *registry_url, const char *realm, struct error **err)
{
    struct http_url from;
    struct http_url to;
    if (http_url_split(registry_url, &from) < 0)
        return error_set(err, ERROR_INTERNAL, "%s is not a URL", registry_url);
    if (http_url_split(realm, &to) < 0) {
        http_url_clear(&from);
        auto_free char *shown = text_printable(realm, strlen(realm), 200);
        return error_set(
            err, ERROR_POLICY, "the token realm \"%s\" is not a URL of HTTP without a user", shown);
    }
    bool from_is_safe = streq(from.scheme, "https");
    bool to_is_safe = streq(to.scheme, "https");
    bool same_host = streq(from.host, to.host);
    int result = 0;
    if (from_is_safe && !to_is_safe)
        result = error_set(err, ERROR_POLICY,
            "the token realm %s is not encrypted, unlike the registry: it gets no credentials",
            to.origin);
    else if (!same_host && !from_is_safe)
        result = error_set(err, ERROR_POLICY,
            "the token realm %s is on another host than the registry, whose answer was not "
            "encrypted: it gets no credentials",
            to.origin);
    http_url_clear(&from);
    http_url_clear(&to);
    return result;
}

/* The URL that gives a token. A scope may have several, separated by spaces. Owned by the caller.
 * Source: distribution, docs/spec/auth/token.md. */
static char *token_url(const struct oci_challenge *challenge, const char *scope)
{
    char *url = xasprintf("%s%cclient_id=hookctl", challenge->realm,
        strchr(challenge->realm, '?') != NULL ? '&' : '?');
    auto_free char *rest = xstrdup(text_or(challenge->scope, scope));
    char *state = NULL;
    if (challenge->service != NULL) {
        auto_free char *service = http_url_escape(challenge->service);
        auto_free char *before = url;
        url = xasprintf("%s&service=%s", before, service);
    }
    for (char *one = strtok_r(rest, " ", &state); one != NULL; one = strtok_r(NULL, " ", &state)) {
        auto_free char *escaped = http_url_escape(one);
        auto_free char *before = url;
        url = xasprintf("%s&scope=%s", before, escaped);
    }
    return url;
}

/* Takes the token out of the answer. */
static int keep_token(struct oci_login *login, const struct oci_answer *answer, struct error **err)
{
    auto_json json_t *root = json_parse(answer->body, answer->length, MAX_DEPTH, NULL);
    const char *token = json_get_string(root, "token");
    if (token == NULL || token[0] == '\0')
        token = json_get_string(root, "access_token");
    if (token == NULL || token[0] == '\0' || strpbrk(token, " \r\n\t") != NULL)
        return error_set(err, ERROR_REMOTE, "its answer has no token");
    if (login->token != NULL)
        free_secret(login->token, strlen(login->token));
    login->token = xstrdup(token);
    return 0;
}

static int fetch_token(struct oci_login *login, struct oci_wire *wire,
    const struct oci_challenge *challenge, const char *scope, struct error **err)
{
    const struct oci_credentials *credentials = login->credentials;
    if (credentials->username != NULL &&
        oci_login_trust_realm(login->registry_url, challenge->realm, err) < 0)
        return -1;
    auto_free char *url = token_url(challenge, scope);
    const struct http_identity identity = {
        .username = credentials->username, .password = credentials->password};
    const struct oci_request request = {
        .method = "GET", .url = url, .identity = &identity, .limit = MAX_TOKEN_ANSWER};
    struct oci_answer answer;
    struct error *error = NULL;
    int result = oci_wire_call(wire, &request, &answer, &error);
    if (result == 0 && answer.code == 200)
        result = keep_token(login, &answer, &error);
    else if (result == 0)
        result = oci_answer_refuse(&answer,
            credentials->username != NULL ? "with the credentials" : "without credentials", &error);
    oci_answer_clear(&answer);
    if (result == 0)
        return 0;
    auto_free char *realm = text_printable(challenge->realm, strlen(challenge->realm), 200);
    if (credentials->username == NULL && credentials->elsewhere != NULL)
        error_wrap(&error, "%s", credentials->elsewhere);
    error_wrap(&error, "asking %s for a token", realm);
    return error_move(err, error);
}

int oci_login_answer(struct oci_login *login, struct oci_wire *wire,
    const struct oci_challenge *challenge, const char *scope, struct error **err)
{
    const struct oci_credentials *credentials = login->credentials;
    if (challenge->bearer && challenge->realm != NULL)
        return fetch_token(login, wire, challenge, scope, err);
    if (!challenge->basic)
        return error_set(err, ERROR_REMOTE,
            "the registry asks for credentials in a way that is not known (neither Bearer nor "
            "Basic)");
    if (credentials->username == NULL)
        return error_set(err, ERROR_POLICY, "the registry asks for a user name and a password: %s",
            text_or(credentials->elsewhere, "give --username and --password-file"));
    if (login->basic)
        return error_set(
            err, ERROR_POLICY, "the registry does not accept the user name and password");
    login->basic = true;
    return 0;
}

struct http_identity oci_login_identity(const struct oci_login *login)
{
    if (login->token != NULL)
        return (struct http_identity){.token = login->token};
    if (login->basic)
        return (struct http_identity){
            .username = login->credentials->username, .password = login->credentials->password};
    return (struct http_identity){0};
}

void oci_login_clear(struct oci_login *login)
{
    if (login->token != NULL)
        free_secret(login->token, strlen(login->token));
    login->token = NULL;
}
