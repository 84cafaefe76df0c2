#include "http/endpoint.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "base/unused.h"
#include "http/url.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    KEEP_ALIVE_IDLE_S = 30,
    KEEP_ALIVE_INTERVAL_S = 10,
    /* data that is not acknowledged for so long ends the connection; the kernel's default is a
     * quarter of an hour, during which HTTP/2 would put every new request on the dead connection */
    UNACKNOWLEDGED_MS = 30000,
};

/* Options that are set one by one until libcurl refuses one. */
struct options {
    CURL *easy;
    CURLcode refusal; /* the first; or CURLE_OK */
};

/* For a certificate with another name than the host's: the URL gets this name, while the connection
 * and the Host header go to the host. */
static int set_server_name(
    struct http_endpoint *endpoint, const char *server, const char *name, struct error **err)
{
    auto_free char *host = NULL;
    auto_free char *port = NULL;
    endpoint->base = http_url_with_host(server, name, &host, &port);
    if (endpoint->base == NULL)
        return error_set(
            err, ERROR_INPUT, "server %s with tls-server-name %s: not a valid URL", server, name);
    auto_free char *connect_to = xasprintf("::%s:%s", host, port);
    endpoint->host_header = xasprintf("Host: %s:%s", host, port);
    endpoint->connect_to = curl_slist_append(NULL, connect_to);
    return 0;
}

/* Chooses the proxy as Go's programs do: the configuration's for all hosts, else the environment's
 * for all but this machine. libcurl reads HTTPS_PROXY and NO_PROXY by itself, but HTTP_PROXY only
 * in lower case. */
static void set_proxy(struct http_endpoint *endpoint)
{
    static const char socks[] = "socks5://";
    const char *proxy = endpoint->target.proxy_url;
    const char *server = endpoint->target.url;
    if (proxy == NULL && (endpoint->target.unix_socket != NULL || http_url_is_loopback(server)))
        endpoint->no_proxy = "*";
    else if (proxy == NULL && text_starts_with(server, "http://"))
        xstrset(&endpoint->proxy, getenv("HTTP_PROXY"));
    else if (proxy != NULL && text_starts_with(proxy, socks))
        endpoint->proxy = xasprintf("socks5h://%s", proxy + strlen(socks)); /* it resolves names */
    else
        xstrset(&endpoint->proxy, proxy);
    if (proxy != NULL)
        endpoint->no_proxy = "";
}

int http_endpoint_init(
    struct http_endpoint *endpoint, const struct http_target *target, struct error **err)
{
    *endpoint = (struct http_endpoint){.target = *target};
    set_proxy(endpoint);
    if (target->tls_server_name == NULL)
        endpoint->base = xstrdup(target->url);
    else if (set_server_name(endpoint, target->url, target->tls_server_name, err) < 0)
        return -1;
    size_t length = strlen(endpoint->base);
    while (length > 0 && endpoint->base[length - 1] == '/')
        endpoint->base[--length] = '\0';
    return 0;
}

void http_endpoint_clear(struct http_endpoint *endpoint)
{
    curl_slist_free_all(endpoint->connect_to);
    free(endpoint->base);
    free(endpoint->host_header);
    free_secret(endpoint->proxy, endpoint->proxy != NULL ? strlen(endpoint->proxy) : 0);
}

const char *http_endpoint_name(const struct http_endpoint *endpoint)
{
    return text_or(endpoint->target.unix_socket, endpoint->target.url);
}

static void note(struct options *options, CURLcode code)
{
    if (options->refusal == CURLE_OK)
        options->refusal = code;
}

static void set_long(struct options *options, CURLoption option, long value)
{
    note(options, curl_easy_setopt(options->easy, option, value));
}

static void set_string(struct options *options, CURLoption option, const char *value)
{
    note(options, curl_easy_setopt(options->easy, option, value));
}

static void set_pem(struct options *options, CURLoption option, const char *pem)
{
    struct curl_blob blob = {
        .data = (void *)pem, /* libcurl copies it */
        .len = strlen(pem),
        .flags = CURL_BLOB_COPY,
    };
    note(options, curl_easy_setopt(options->easy, option, &blob));
}

/* CURLOPT_SOCKOPTFUNCTION */
static int set_socket(UNUSED void *user, curl_socket_t fd, UNUSED curlsocktype purpose)
{
    unsigned int milliseconds = UNACKNOWLEDGED_MS;
    /* ignored if the socket has no such option */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
    return CURL_SOCKOPT_OK;
}

static void set_connection(struct options *options, const struct http_endpoint *endpoint)
{
    set_long(options, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    set_long(options, CURLOPT_PIPEWAIT, 1); /* prefer a stream of a connection that is being made */
    set_long(options, CURLOPT_NOSIGNAL, 1);
    set_long(options, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    set_long(options, CURLOPT_TCP_KEEPALIVE, 1);
    set_long(options, CURLOPT_TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S);
    set_long(options, CURLOPT_TCP_KEEPINTVL, KEEP_ALIVE_INTERVAL_S);
    note(options, curl_easy_setopt(options->easy, CURLOPT_SOCKOPTFUNCTION, set_socket));
    if (endpoint->connect_to != NULL)
        note(options, curl_easy_setopt(options->easy, CURLOPT_CONNECT_TO, endpoint->connect_to));
    if (endpoint->target.unix_socket != NULL)
        set_string(options, CURLOPT_UNIX_SOCKET_PATH, endpoint->target.unix_socket);
    if (endpoint->proxy != NULL)
        set_string(options, CURLOPT_PROXY, endpoint->proxy);
    if (endpoint->no_proxy != NULL)
        set_string(options, CURLOPT_NOPROXY, endpoint->no_proxy);
}

static void set_tls(
    struct options *options, const struct http_target *target, const struct http_identity *identity)
{
    set_long(options, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    set_long(options, CURLOPT_SSL_VERIFYPEER, !target->insecure);
    set_long(options, CURLOPT_SSL_VERIFYHOST, target->insecure ? 0 : 2);
    if (target->ca_data != NULL || target->ca_file != NULL) {
        set_string(options, CURLOPT_CAPATH, NULL); /* only this CA, not also the system's */
        set_string(options, CURLOPT_CAINFO, target->ca_file);
    }
    if (target->ca_data != NULL)
        set_pem(options, CURLOPT_CAINFO_BLOB, target->ca_data);
    const char *certificate = text_or(identity->certificate, target->certificate_data);
    const char *key = text_or(identity->key, target->key_data);
    if (certificate != NULL)
        set_pem(options, CURLOPT_SSLCERT_BLOB, certificate);
    else if (target->certificate_file != NULL)
        set_string(options, CURLOPT_SSLCERT, target->certificate_file);
    if (key != NULL)
        set_pem(options, CURLOPT_SSLKEY_BLOB, key);
    else if (target->key_file != NULL)
        set_string(options, CURLOPT_SSLKEY, target->key_file);
}

static void set_login(struct options *options, const struct http_identity *identity)
{
    if (identity->username == NULL)
        return;
    set_long(options, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set_string(options, CURLOPT_USERNAME, identity->username);
    set_string(options, CURLOPT_PASSWORD, text_or(identity->password, ""));
}

CURLcode http_endpoint_apply(
    const struct http_endpoint *endpoint, const struct http_identity *identity, CURL *easy)
{
    struct options options = {easy, CURLE_OK};
    set_connection(&options, endpoint);
    set_tls(&options, &endpoint->target, identity);
    set_login(&options, identity);
    return options.refusal;
}
