#include "kube/config_entry.h"

#include <fcntl.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

int kube_config_entry_error(const struct kube_config_entry *entry, const char *field,
    struct error **err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    return error_set(err, ERROR_INPUT, "%s: %s \"%s\": %s: %s", entry->file, entry->kind,
        entry->name, field, message);
}

int kube_config_entry_string(
    const struct kube_config_entry *entry, const char *field, char **out, struct error **err)
{
    const json_t *value = json_object_get(entry->value, field);
    if (value == NULL || json_is_null(value))
        return 0;
    if (!json_is_string(value))
        return kube_config_entry_error(
            entry, field, err, "must be a string, not %s (quote it)", json_kind(value));
    if (json_string_length(value) > 0)
        xstrset(out, json_string_value(value));
    return 0;
}

static int read_boolean(
    const struct kube_config_entry *entry, const char *field, bool *out, struct error **err)
{
    const json_t *value = json_object_get(entry->value, field);
    if (value == NULL || json_is_null(value))
        return 0;
    if (!json_is_boolean(value))
        return kube_config_entry_error(
            entry, field, err, "must be true or false, not %s", json_kind(value));
    *out = json_is_true(value);
    return 0;
}

/* path; a relative one is resolved against the directory of the entry's file. Owned by the
 * caller. */
static char *beside_file(const struct kube_config_entry *entry, const char *path)
{
    const char *slash = strrchr(entry->file, '/');
    return path[0] == '/' || slash == NULL
               ? xstrdup(path)
               : xasprintf("%.*s%s", (int)(slash + 1 - entry->file), entry->file, path);
}

/* Reads a field that is the path of a readable file. */
static int read_path(
    const struct kube_config_entry *entry, const char *field, char **out, struct error **err)
{
    auto_free char *path = NULL;
    if (kube_config_entry_string(entry, field, &path, err) < 0)
        return -1;
    if (path == NULL)
        return 0;
    *out = beside_file(entry, path);
    auto_fd int fd = open(*out, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return 0;
    error_set_errno(err, "reading %s", *out);
    return error_wrap(err, "%s: %s \"%s\": %s", entry->file, entry->kind, entry->name, field);
}

/* Reads a field that is PEM in base64. */
static int read_pem(
    const struct kube_config_entry *entry, const char *field, char **out, struct error **err)
{
    auto_free char *encoded = NULL;
    if (kube_config_entry_string(entry, field, &encoded, err) < 0)
        return -1;
    if (encoded == NULL)
        return 0;
    size_t size = strlen(encoded) / 4 * 3 + 3;
    *out = xcalloc(1, size + 1);
    int length = b64_pton(encoded, (unsigned char *)*out, size);
    explicit_bzero(encoded, strlen(encoded));
    if (length < 0)
        return kube_config_entry_error(entry, field, err, "is not base64");
    if (strlen(*out) != (size_t)length || strstr(*out, "-----BEGIN ") == NULL)
        return kube_config_entry_error(entry, field, err, "is not PEM in base64");
    return 0;
}

/* Reads FIELD-data, or else the path FIELD. */
static int read_pem_or_path(const struct kube_config_entry *entry, const char *field, char **data,
    char **file, struct error **err)
{
    auto_free char *data_field = xasprintf("%s-data", field);
    if (read_pem(entry, data_field, data, err) < 0)
        return -1;
    return *data != NULL ? 0 : read_path(entry, field, file, err);
}

int kube_config_entry_cluster(
    const struct kube_config_entry *cluster, struct kube_config *config, struct error **err)
{
    if (kube_config_entry_string(cluster, "server", &config->server, err) < 0 ||
        kube_config_entry_string(cluster, "tls-server-name", &config->tls_server_name, err) < 0 ||
        kube_config_entry_string(cluster, "proxy-url", &config->proxy_url, err) < 0 ||
        read_boolean(cluster, "insecure-skip-tls-verify", &config->insecure, err) < 0 ||
        read_pem_or_path(
            cluster, "certificate-authority", &config->ca_data, &config->ca_file, err) < 0)
        return -1;
    if (config->server == NULL)
        return kube_config_entry_error(
            cluster, "server", err, "is missing (use https://HOST:PORT)");
    if (config->insecure && (config->ca_data != NULL || config->ca_file != NULL))
        return kube_config_entry_error(cluster, "insecure-skip-tls-verify", err,
            "cannot be true together with a certificate-authority: remove one of them");
    return 0;
}

json_t *kube_config_entry_exec_extension(const struct kube_config_entry *cluster)
{
    const json_t *extensions = json_object_get(cluster->value, "extensions");
    const json_t *found = json_item_named(extensions, "client.authentication.k8s.io/exec", NULL);
    return json_incref(json_object_get(found, "extension"));
}

/* Appends to a NULL-terminated list of strings; takes the text. */
static void append(char ***list, size_t *count, char *take_text)
{
    *list = xreallocarray(*list, *count + 2, sizeof(**list));
    (*list)[(*count)++] = take_text;
    (*list)[*count] = NULL;
}

static int read_arguments(const struct kube_config_entry *exec, char ***argv, struct error **err)
{
    auto_free char *command = NULL;
    size_t count = 0;
    if (kube_config_entry_string(exec, "command", &command, err) < 0)
        return -1;
    if (command == NULL)
        return kube_config_entry_error(exec, "command", err, "is missing");
    append(
        argv, &count, strchr(command, '/') != NULL ? beside_file(exec, command) : xstrdup(command));
    const json_t *arguments = json_object_get(exec->value, "args");
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (arguments, index, item) {
        if (!json_is_string(item))
            return kube_config_entry_error(
                exec, "args", err, "must be strings, not %s (quote it)", json_kind(item));
        append(argv, &count, xstrdup(json_string_value(item)));
    }
    return 0;
}

static int read_environment(
    const struct kube_config_entry *exec, char ***environment, struct error **err)
{
    const json_t *variables = json_object_get(exec->value, "env");
    size_t count = 0;
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (variables, index, item) {
        const char *name = json_get_string(item, "name");
        const char *value = json_get_string(item, "value");
        if (name == NULL || name[0] == '\0' || strchr(name, '=') != NULL || value == NULL)
            return kube_config_entry_error(
                exec, "env", err, "[%zu] must have a name and a value, both strings", index);
        append(environment, &count, xasprintf("%s=%s", name, value));
    }
    return 0;
}

/* Checks what the plugin requires: a version that we support, and no terminal. */
static int check_exec(
    const struct kube_config_entry *entry, const struct kube_exec *exec, struct error **err)
{
    static const char *const versions[] = {
        "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"};
    const char *version = text_or(exec->api_version, "");
    if (text_index(version, versions, ARRAY_SIZE(versions)) < 0) {
        auto_free char *known = text_list(versions, ARRAY_SIZE(versions));
        return kube_config_entry_error(
            entry, "apiVersion", err, "\"%s\" is not supported: use %s", version, known);
    }
    const char *mode = text_or(json_get_string(entry->value, "interactiveMode"), "");
    if (streq(mode, "Always"))
        return kube_config_entry_error(entry, "interactiveMode", err,
            "the plugin requires a terminal, which is not available: use IfAvailable or Never");
    return 0;
}

static int read_exec(
    const struct kube_config_entry *user, struct kube_exec **out, struct error **err)
{
    const json_t *value = json_object_get(user->value, "exec");
    if (value == NULL || json_is_null(value))
        return 0;
    if (!json_is_object(value))
        return kube_config_entry_error(
            user, "exec", err, "must be an object, not %s", json_kind(value));
    struct kube_config_entry entry = {
        .file = user->file, .kind = "exec of user", .name = user->name, .value = value};
    struct kube_exec *exec = *out = xcalloc(1, sizeof(**out));
    if (kube_config_entry_string(&entry, "apiVersion", &exec->api_version, err) < 0 ||
        kube_config_entry_string(&entry, "installHint", &exec->install_hint, err) < 0 ||
        read_boolean(&entry, "provideClusterInfo", &exec->provide_cluster_info, err) < 0 ||
        read_arguments(&entry, &exec->argv, err) < 0 ||
        read_environment(&entry, &exec->environment, err) < 0)
        return -1;
    return check_exec(&entry, exec, err);
}

/* Refuses fields that would change the identity if they were ignored. */
static int check_identity(
    const struct kube_config_entry *user, const struct kube_config *config, struct error **err)
{
    static const char *const unsupported[] = {
        "as", "as-uid", "as-groups", "as-user-extra", "auth-provider"};
    for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++) {
        const json_t *value = json_object_get(user->value, unsupported[i]);
        if (value != NULL && !json_is_null(value))
            return kube_config_entry_error(user, unsupported[i], err, "is not supported");
    }
    if (config->token != NULL && config->token[strcspn(config->token, "\r\n")] != '\0')
        return kube_config_entry_error(user, "token", err, "contains a line break");
    bool has_token = config->token != NULL || config->token_file != NULL;
    if ((config->certificate_data != NULL || config->certificate_file != NULL) !=
        (config->key_data != NULL || config->key_file != NULL))
        return kube_config_entry_error(
            user, "client-certificate", err, "must be set together with client-key");
    if (has_token && config->username != NULL)
        return kube_config_entry_error(
            user, "username", err, "cannot be set together with a token: remove one of them");
    if (config->exec != NULL && (has_token || config->username != NULL))
        return kube_config_entry_error(
            user, "exec", err, "cannot be set together with a token or a username");
    return 0;
}

int kube_config_entry_user(
    const struct kube_config_entry *user, struct kube_config *config, struct error **err)
{
    if (read_pem_or_path(user, "client-certificate", &config->certificate_data,
            &config->certificate_file, err) < 0 ||
        read_pem_or_path(user, "client-key", &config->key_data, &config->key_file, err) < 0 ||
        read_path(user, "tokenFile", &config->token_file, err) < 0 ||
        kube_config_entry_string(user, "username", &config->username, err) < 0 ||
        kube_config_entry_string(user, "password", &config->password, err) < 0 ||
        read_exec(user, &config->exec, err) < 0)
        return -1;
    /* a token file, from which the token is read again when it changes, takes precedence */
    if (config->token_file == NULL &&
        kube_config_entry_string(user, "token", &config->token, err) < 0)
        return -1;
    return check_identity(user, config, err);
}
