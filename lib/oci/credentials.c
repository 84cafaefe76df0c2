#include "oci/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

enum { MAX_DEPTH = 8 };

/* Whether a key of auths means a registry, or one of its repositories, named by its length bytes.
 * Docker's keys may be URLs with a path that does not matter. */
static bool key_is(const char *key, const char *name, size_t length)
{
    static const char *const schemes[] = {"https://", "http://"};
    bool is_url = false;
    for (size_t i = 0; i < ARRAY_SIZE(schemes) && !is_url; i++) {
        is_url = text_starts_with(key, schemes[i]);
        key += is_url ? strlen(schemes[i]) : 0;
    }
    size_t key_length = is_url ? strcspn(key, "/") : strlen(key);
    return key_length == length && strncmp(key, name, length) == 0;
}

/* The member of object whose key means the name, or NULL. *found is its key. Borrowed. */
static json_t *find_key(const json_t *object, const char *name, size_t length, const char **found)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)object, key, value) {
        if (key_is(key, name, length)) {
            *found = key;
            return value;
        }
    }
    return NULL;
}

/* The entry that is the most specific one for the repository. Borrowed, or NULL. */
static json_t *find_entry(
    const json_t *object, const char *registry, const char *repository, const char **key)
{
    static const char *const docker[] = {"index.docker.io", "registry-1.docker.io"};
    auto_free char *name = xasprintf("%s/%s", registry, repository);
    size_t shortest = strlen(registry);
    json_t *entry = NULL;
    for (size_t length = strlen(name); entry == NULL; length--) {
        if (name[length] == '/' || name[length] == '\0')
            entry = find_key(object, name, length, key);
        if (length == shortest)
            break;
    }
    for (size_t i = 0; i < ARRAY_SIZE(docker) && entry == NULL && streq(registry, "docker.io"); i++)
        entry = find_key(object, docker[i], strlen(docker[i]), key);
    return entry;
}

/* Splits USER:PASSWORD in Base64. */
static int read_pair(const char *name, const char *key, const char *text,
    struct oci_credentials *out, struct error **err)
{
    char *pair = NULL;
    size_t length = 0;
    int result = base64_decode(text, strlen(text), &pair, &length, NULL);
    const char *colon = result == 0 ? memchr(pair, ':', length) : NULL;
    if (colon != NULL && memchr(pair, '\0', length) == NULL) {
        out->username = xstrndup(pair, (size_t)(colon - pair));
        out->password = xstrdup(colon + 1);
    }
    free_secret(pair, length);
    if (out->username != NULL)
        return 0;
    auto_free char *shown = text_printable(key, strlen(key), 200);
    return error_set(
        err, ERROR_INPUT, "%s: auths[\"%s\"].auth is not USER:PASSWORD in Base64", name, shown);
}

static int read_entry(const char *name, const char *key, const json_t *entry,
    struct oci_credentials *out, struct error **err)
{
    const char *auth = text_or(json_get_string(entry, "auth"), "");
    const char *username = json_get_string(entry, "username");
    const char *password = json_get_string(entry, "password");
    const char *token = text_or(json_get_string(entry, "identitytoken"), "");
    if (token[0] != '\0') {
        out->elsewhere = xasprintf("%s has an identity token for it, which is not supported", name);
        return 0;
    }
    if (auth[0] != '\0')
        return read_pair(name, key, auth, out, err);
    if (username != NULL && username[0] != '\0' && password != NULL) {
        out->username = xstrdup(username);
        out->password = xstrdup(password);
    }
    return 0;
}

/* Notes that a helper has them. */
static void read_helper(const char *name, const json_t *root, const char *registry,
    const char *repository, bool has_entry, struct oci_credentials *out)
{
    const char *key = NULL;
    const json_t *own =
        find_entry(json_object_get(root, "credHelpers"), registry, repository, &key);
    const char *helper = json_string_value(own);
    if (helper == NULL && has_entry) /* docker login leaves an empty entry there */
        helper = json_get_string(root, "credsStore");
    if (helper == NULL || helper[0] == '\0')
        return;
    auto_free char *shown = text_printable(helper, strlen(helper), 80);
    out->elsewhere = xasprintf(
        "%s has them in the credential helper docker-credential-%s, which is not run here", name,
        shown);
}

int oci_credentials_read(const char *name, const char *text, size_t length, const char *registry,
    const char *repository, struct oci_credentials *out, struct error **err)
{
    *out = (struct oci_credentials){0};
    struct error *error = NULL;
    auto_json json_t *root = json_parse(text, length, MAX_DEPTH, &error);
    if (root == NULL) {
        error_wrap(&error, "%s", name);
        return error_move(err, error);
    }
    const char *key = NULL;
    const json_t *entry = find_entry(json_object_get(root, "auths"), registry, repository, &key);
    if (entry != NULL && read_entry(name, key, entry, out, err) < 0)
        return -1;
    if (out->username == NULL && out->elsewhere == NULL)
        read_helper(name, root, registry, repository, entry != NULL, out);
    return 0;
}

/* Reads the file at path if there is one. */
static int read_file(const char *path, bool required, const char *registry, const char *repository,
    struct oci_credentials *out, struct error **err)
{
    char *text = NULL;
    size_t length = 0;
    if (!required && access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (file_read(path, OCI_CREDENTIALS_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    int result = oci_credentials_read(path, text, length, registry, repository, out, err);
    free_secret(text, length);
    return result;
}

/* The path below the directory that a variable names, or below another directory of the user's home.
 * Owned by the caller; NULL: neither is known. */
static char *path_below(const char *variable, const char *at_home, const char *rest)
{
    const char *directory = text_or(getenv(variable), "");
    const char *home = text_or(getenv("HOME"), "");
    if (directory[0] != '\0')
        return file_join(directory, rest);
    if (at_home == NULL || home[0] == '\0')
        return NULL;
    return xasprintf("%s/%s/%s", home, at_home, rest);
}

int oci_credentials_find(
    const char *registry, const char *repository, struct oci_credentials *out, struct error **err)
{
    *out = (struct oci_credentials){0};
    const char *only = text_or(getenv("REGISTRY_AUTH_FILE"), "");
    if (only[0] != '\0')
        return read_file(only, true, registry, repository, out, err);
    char *paths[] = {
        path_below("XDG_RUNTIME_DIR", NULL, "containers/auth.json"),
        path_below("XDG_CONFIG_HOME", ".config", "containers/auth.json"),
        path_below("DOCKER_CONFIG", ".docker", "config.json"),
    };
    int result = 0;
    auto_free char *elsewhere = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(paths) && result == 0 && out->username == NULL; i++) {
        if (paths[i] == NULL)
            continue;
        result = read_file(paths[i], false, registry, repository, out, err);
        if (elsewhere == NULL)
            elsewhere = steal(&out->elsewhere);
        xstrset(&out->elsewhere, NULL);
    }
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        free(paths[i]);
    if (out->username == NULL)
        out->elsewhere = steal(&elsewhere);
    return result;
}

void oci_credentials_clear(struct oci_credentials *credentials)
{
    if (credentials->password != NULL)
        free_secret(credentials->password, strlen(credentials->password));
    free(credentials->username);
    free(credentials->elsewhere);
    *credentials = (struct oci_credentials){0};
}
