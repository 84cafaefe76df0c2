#include "kube/config_load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "http/url.h"
#include "kube/config_files.h"

enum { MAX_FILE = 4 << 20, MAX_NAMESPACE = 4096, MAX_FILES = 64 };

static const char service_account[] = "/var/run/secrets/kubernetes.io/serviceaccount";

/* Adds a file that may be missing. Returns 1, or 0 if it is missing, or -1 with an error. */
static int add_file(struct kube_config_files *files, const char *path, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    if (access(path, F_OK) < 0)
        return 0;
    if (file_read(path, MAX_FILE, &text, &length, err) < 0)
        return -1;
    int result = kube_config_files_add(files, path, text, length, err);
    explicit_bzero(text, length);
    return result < 0 ? -1 : 1;
}

/* Loads the files in list, which are separated by ":". */
static struct kube_config *load_files(
    const char *list, const char *source, const char *context, struct error **err)
{
    struct kube_config_files *files = kube_config_files_new();
    struct kube_config *config = NULL;
    auto_free char *paths = xstrdup(list);
    char *rest = paths;
    int found = 0;
    int count = 0;
    for (char *path = NULL; found >= 0 && (path = strsep(&rest, ":")) != NULL;) {
        int added = path[0] == '\0' ? 0 : add_file(files, path, err);
        found = added < 0 ? -1 : found + added;
        if (found >= 0 && ++count > MAX_FILES)
            found = error_set(err, ERROR_INPUT, "%s names more than %d files", source, MAX_FILES);
    }
    if (found > 0)
        config = kube_config_files_choose(files, context, err);
    else if (found == 0)
        error_set(err, ERROR_INPUT, "there is no kubeconfig at %s (%s)", list, source);
    kube_config_files_free(files);
    return config;
}

static struct kube_config *load_found(const struct kube_config_options *options, struct error **err)
{
    const char *list = getenv("KUBECONFIG");
    const char *home = getenv("HOME");
    if (options->kubeconfig != NULL && access(options->kubeconfig, F_OK) < 0) {
        error_set_errno(err, "reading %s (--kubeconfig)", options->kubeconfig);
        return NULL;
    }
    if (options->kubeconfig != NULL)
        return load_files(options->kubeconfig, "--kubeconfig", options->context, err);
    if (list != NULL && list[0] != '\0')
        return load_files(list, "$KUBECONFIG", options->context, err);
    if (options->context == NULL && getenv("KUBERNETES_SERVICE_HOST") != NULL &&
        access(service_account, F_OK) == 0)
        return kube_config_in_cluster(service_account, err);
    if (home != NULL && home[0] != '\0') {
        auto_free char *path = file_join(home, ".kube/config");
        if (access(path, F_OK) == 0)
            return load_files(path, "~/.kube/config", options->context, err);
    }
    error_set(err, ERROR_INPUT,
        "no cluster configuration found: no --kubeconfig, no $KUBECONFIG, no service account of a "
        "pod in %s with $KUBERNETES_SERVICE_HOST, and no ~/.kube/config",
        service_account);
    return NULL;
}

/* Checks the URLs of server and proxy, and that no secret would be sent without TLS. */
static int check_urls(const struct kube_config *config, struct error **err)
{
    static const char *const schemes[] = {"https", "http"};
    static const char *const proxy_schemes[] = {"https", "http", "socks5"};
    auto_free char *scheme = http_url_scheme(config->server);
    auto_free char *proxy_scheme =
        config->proxy_url != NULL ? http_url_scheme(config->proxy_url) : xstrdup("http");
    if (scheme == NULL || text_index(scheme, schemes, ARRAY_SIZE(schemes)) < 0)
        return error_set(
            err, ERROR_INPUT, "server \"%s\" is not a URL (use https://HOST:PORT)", config->server);
    /* the URL of a proxy may have a password in it, and is not shown */
    if (proxy_scheme == NULL ||
        text_index(proxy_scheme, proxy_schemes, ARRAY_SIZE(proxy_schemes)) < 0)
        return error_set(
            err, ERROR_INPUT, "proxy-url is not an http://, https:// or socks5:// URL");
    bool has_secret = config->token != NULL || config->token_file != NULL ||
                      config->username != NULL || config->exec != NULL;
    if (has_secret && streq(scheme, "http"))
        return error_set(err, ERROR_INPUT,
            "server %s: credentials are not sent without TLS; use https://", config->server);
    return 0;
}

struct kube_config *kube_config_load(const struct kube_config_options *options, struct error **err)
{
    static const struct kube_config_options none;
    if (options == NULL)
        options = &none;
    auto_kube_config struct kube_config *config = load_found(options, err);
    if (config == NULL)
        return NULL;
    if (options->insecure) {
        config->insecure = true;
        xstrset(&config->ca_file, NULL);
        xstrset(&config->ca_data, NULL);
    }
    if (options->namespace != NULL || config->namespace == NULL)
        xstrset(&config->namespace, text_or(options->namespace, "default"));
    if (check_urls(config, err) < 0) {
        error_wrap(err, "%s", config->origin);
        return NULL;
    }
    return steal(&config);
}

/* Sets *path to a file of the service account, which must be readable. */
static int find_file(const char *directory, const char *name, char **path, struct error **err)
{
    *path = file_join(directory, name);
    return access(*path, R_OK) == 0
               ? 0
               : error_set_errno(err, "reading %s of the service account", *path);
}

struct kube_config *kube_config_in_cluster(const char *directory, struct error **err)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");
    auto_free char *namespace_path = file_join(directory, "namespace");
    auto_free char *namespace = NULL;
    size_t length = 0;
    long number = 0;
    auto_kube_config struct kube_config *config = xcalloc(1, sizeof(*config));
    config->origin = xasprintf("service account in %s", directory);
    if (host == NULL || host[0] == '\0' || port == NULL ||
        !text_parse_int(port, 1, 65535, &number)) {
        error_set(err, ERROR_INPUT,
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not say where the API server "
            "is");
        return NULL;
    }
    bool is_ipv6 = strchr(host, ':') != NULL;
    config->server = xasprintf(is_ipv6 ? "https://[%s]:%ld" : "https://%s:%ld", host, number);
    if (find_file(directory, "token", &config->token_file, err) < 0 ||
        find_file(directory, "ca.crt", &config->ca_file, err) < 0)
        return NULL;
    if (file_read(namespace_path, MAX_NAMESPACE, &namespace, &length, NULL) == 0) {
        namespace[strcspn(namespace, " \t\r\n")] = '\0';
        if (namespace[0] != '\0')
            config->namespace = xstrdup(namespace);
    }
    if (config->namespace == NULL)
        config->namespace = xstrdup("default");
    return steal(&config);
}
