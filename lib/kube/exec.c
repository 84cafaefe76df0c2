#include "kube/exec.h"

#include <errno.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/file.h"
#include "base/json.h"
#include "base/subprocess.h"
#include "base/text.h"

enum {
    TIMEOUT_MS = 60000,
    KILL_GRACE_MS = 2000,
    OUTPUT_LIMIT = 1 << 20,
    ERROR_TAIL = 1000,
    MAX_DEPTH = 32,
    MAX_CA = 1 << 20,
};

struct kube_exec_run {
    char *name; /* of the plugin, for messages */
    char *api_version;
    struct subprocess *child;
    kube_exec_done *done; /* NULL: canceled */
    void *user;
};

void kube_credential_clear(struct kube_credential *credential)
{
    free_secret(credential->token, credential->token != NULL ? strlen(credential->token) : 0);
    free(credential->certificate);
    free_secret(credential->key, credential->key != NULL ? strlen(credential->key) : 0);
    *credential = (struct kube_credential){0};
}

/* Parses a time as in RFC 3339: 2026-01-02T03:04:05Z, also with a fraction or an offset. Returns 0,
 * or -1. */
static int parse_time(const char *text, time_t *out)
{
    struct tm utc = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    if (rest == NULL)
        return -1;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    struct tm zone = {0};
    const char *end = strptime(rest, "%z", &zone);
    if (end == NULL || *end != '\0')
        return -1;
    *out = timegm(&utc) - zone.tm_gmtoff;
    return *out > 0 ? 0 : -1;
}

static int read_status(const json_t *status, struct kube_credential *out, struct error **err)
{
    const char *expires = json_get_string(status, "expirationTimestamp");
    xstrset(&out->token, json_get_string(status, "token"));
    xstrset(&out->certificate, json_get_string(status, "clientCertificateData"));
    xstrset(&out->key, json_get_string(status, "clientKeyData"));
    if (out->token == NULL && out->certificate == NULL)
        return error_set(err, ERROR_INPUT,
            "its ExecCredential has neither status.token nor status.clientCertificateData");
    if (out->token != NULL && out->token[strcspn(out->token, "\r\n")] != '\0')
        return error_set(err, ERROR_INPUT, "status.token contains a line break");
    if ((out->certificate == NULL) != (out->key == NULL))
        return error_set(err, ERROR_INPUT,
            "status.clientCertificateData and status.clientKeyData must be set together");
    if (expires != NULL && parse_time(expires, &out->expires) < 0)
        return error_set(err, ERROR_INPUT,
            "status.expirationTimestamp is not a time (use 2026-01-02T03:04:05Z)");
    return 0;
}

int kube_credential_parse(const char *api_version, const char *text, size_t length,
    struct kube_credential *out, struct error **err)
{
    struct json_fault fault;
    auto_json json_t *root = json_parse_placed(text, length, MAX_DEPTH, &fault, NULL);
    if (root == NULL)
        return error_set(err, ERROR_INPUT,
            "its output is not JSON (line %zu, column %zu); expected an ExecCredential", fault.line,
            fault.column);
    if (!streq(text_or(json_get_string(root, "kind"), ""), "ExecCredential"))
        return error_set(err, ERROR_INPUT, "its output is not an ExecCredential (wrong kind)");
    const char *version = text_or(json_get_string(root, "apiVersion"), "");
    if (!streq(version, api_version)) {
        auto_free char *shown = text_printable(version, strlen(version), 64);
        return error_set(err, ERROR_INPUT,
            "its ExecCredential has apiVersion \"%s\", but %s was requested", shown, api_version);
    }
    return read_status(json_object_get(root, "status"), out, err);
}

/* The CA in base64, as a JSON string: a new reference, or NULL where there is none. */
static json_t *encode_ca(const char *pem)
{
    size_t size = strlen(pem) / 3 * 4 + 8;
    auto_free char *encoded = xmalloc(size);
    return b64_ntop((const unsigned char *)pem, strlen(pem), encoded, size) < 0
               ? NULL
               : json_string(encoded);
}

static void set_text(json_t *object, const char *key, const char *value)
{
    if (value != NULL)
        json_object_set_new(object, key, json_string(value));
}

/* The cluster as passed to the plugin. New reference, or NULL with an error. */
static json_t *cluster_info(const struct kube_config *config, struct error **err)
{
    auto_free char *read = NULL;
    size_t length = 0;
    if (config->ca_file != NULL && file_read(config->ca_file, MAX_CA, &read, &length, err) < 0)
        return NULL;
    const char *ca = config->ca_data != NULL ? config->ca_data : read;
    json_t *cluster = json_object();
    set_text(cluster, "server", config->server);
    set_text(cluster, "tls-server-name", config->tls_server_name);
    set_text(cluster, "proxy-url", config->proxy_url);
    if (config->insecure)
        json_object_set_new(cluster, "insecure-skip-tls-verify", json_true());
    if (ca != NULL)
        json_object_set_new(cluster, "certificate-authority-data", encode_ca(ca));
    if (config->exec->cluster_config != NULL)
        json_object_set(cluster, "config", config->exec->cluster_config);
    return cluster;
}

char *kube_exec_info(const struct kube_config *config, struct error **err)
{
    auto_json json_t *info = json_pack("{s:s, s:s, s:{s:b}}", "kind", "ExecCredential",
        "apiVersion", config->exec->api_version, "spec", "interactive", 0);
    if (config->exec->provide_cluster_info) {
        json_t *cluster = cluster_info(config, err);
        if (cluster == NULL)
            return NULL;
        json_object_set_new(json_object_get(info, "spec"), "cluster", cluster);
    }
    return json_dumps(info, JSON_COMPACT);
}

/* Our environment, with what the configuration adds or replaces, and with the info. As in client-go.
 * Owned by the caller; its strings are borrowed. */
static const char **make_environment(char *const *added, const char *info)
{
    auto_free const char **configured =
        environment_with((const char *const *)environ, (const char *const *)added);
    return environment_with(configured, (const char *const[]){info, NULL});
}

/* Reads the credential from the plugin's result. Returns 0, or -1 with an error. */
static int read_result(const struct kube_exec_run *run, const struct subprocess_result *result,
    struct kube_credential *out, struct error **err)
{
    if (result->timed_out)
        return error_set(err, ERROR_TIMEOUT, "it did not exit within %d s", TIMEOUT_MS / 1000);
    if (result->output_too_large)
        return error_set(err, ERROR_INPUT, "it printed more than %d bytes", OUTPUT_LIMIT);
    if (!WIFEXITED(result->wait_status) || WEXITSTATUS(result->wait_status) != 0) {
        auto_free char *end = subprocess_describe(result->wait_status);
        auto_free char *tail =
            text_printable(result->error_tail, strlen(result->error_tail), ERROR_TAIL);
        return error_set(err, ERROR_REMOTE, "it %s%s%s", end, tail[0] != '\0' ? ": " : "", tail);
    }
    return kube_credential_parse(run->api_version, result->output, result->output_length, out, err);
}

static void on_end(void *user, struct subprocess_result *result)
{
    struct kube_exec_run *run = user;
    auto_error struct error *err = NULL;
    struct kube_credential credential = {0};
    if (run->done != NULL && read_result(run, result, &credential, &err) < 0) {
        error_wrap(&err, "credential plugin %s", run->name);
        run->done(run->user, NULL, err);
    } else if (run->done != NULL) {
        run->done(run->user, &credential, NULL);
    }
    kube_credential_clear(&credential);
    explicit_bzero(result->output, result->output_length);
    free(run->name);
    free(run->api_version);
    free(run);
}

struct kube_exec_run *kube_exec_start(
    const struct kube_config *config, kube_exec_done *done, void *user, struct error **err)
{
    const struct kube_exec *exec = config->exec;
    auto_free char *info = kube_exec_info(config, err);
    if (info == NULL)
        return NULL;
    auto_free char *variable = xasprintf("KUBERNETES_EXEC_INFO=%s", info);
    auto_free const char **environment = make_environment(exec->environment, variable);
    struct kube_exec_run *run = xcalloc(1, sizeof(*run));
    struct subprocess_options options = {
        .argv = (const char *const *)exec->argv,
        .environment = environment,
        .output_limit = OUTPUT_LIMIT,
        .error_tail_limit = ERROR_TAIL,
        .timeout_ms = TIMEOUT_MS,
        .kill_grace_ms = KILL_GRACE_MS,
        .on_done = on_end,
        .user = run,
    };
    auto_error struct error *reason = NULL;
    run->child = subprocess_start(&options, &reason);
    if (run->child == NULL) {
        free(run);
        error_set(err, reason->class, "credential plugin %s: %s%s%s", exec->argv[0],
            reason->message, reason->errnum == ENOENT && exec->install_hint != NULL ? "\n" : "",
            reason->errnum == ENOENT ? text_or(exec->install_hint, "") : "");
        return NULL;
    }
    run->name = xstrdup(exec->argv[0]);
    run->api_version = xstrdup(exec->api_version);
    run->done = done;
    run->user = user;
    return run;
}

void kube_exec_cancel(struct kube_exec_run *run)
{
    run->done = NULL;
    subprocess_cancel(run->child);
}
