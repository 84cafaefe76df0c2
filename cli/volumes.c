#include "cli/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utstring.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "hostpath/hostpath.h"

int cli_stand_in_parse(
    const char *text, const char *what, struct cli_stand_in *out, struct error **err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return error_set(err, ERROR_USAGE,
            "%s cannot be \"%s\": it must be a name or index, an =, and a directory", what, text);
    auto_free char *directory = realpath(equals + 1, NULL);
    struct stat status;
    if (directory == NULL || stat(directory, &status) < 0)
        return error_set_errno(err, "%s %s", what, text);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, ERROR_IO, "%s %s: not a directory", what, text);
    out->name = xstrndup(text, (size_t)(equals - text));
    out->directory = steal(&directory);
    return 0;
}

void cli_stand_in_clear(struct cli_stand_in *stand_in)
{
    free(stand_in->name);
    free(stand_in->directory);
    *stand_in = (struct cli_stand_in){0};
}

/* Writes a file of a volume. Refuses a name that leads out of the directory. */
static int write_file(const char *directory, const char *name, const void *data, size_t length,
    mode_t mode, struct error **err)
{
    if (name[0] == '\0' || streq(name, ".") || streq(name, "..") || strchr(name, '/') != NULL)
        return error_set(err, ERROR_INPUT, "\"%s\" is not a file name", name);
    auto_free char *path = file_join(directory, name);
    return file_write(path, data, length, mode, err);
}

/* The text keys of a config map, and its binary ones, which are base64. */
static int write_config_map(
    const char *directory, const json_t *config_map, mode_t mode, struct error **err)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_t *texts = json_object_get(config_map, "data");
    json_t *binaries = json_object_get(config_map, "binaryData");
    json_object_foreach (texts, key, value) {
        if (!json_is_string(value))
            return error_set(err, ERROR_INPUT,
                "data.%s is %s; it must be a string (quote numbers and booleans)", key,
                json_kind(value));
        if (write_file(
                directory, key, json_string_value(value), json_string_length(value), mode, err) < 0)
            return -1;
    }
    json_object_foreach (binaries, key, value) {
        size_t room = json_string_length(value) + 1;
        auto_free unsigned char *data = xmalloc(room);
        const char *text = json_string_value(value);
        int length = text != NULL ? b64_pton(text, data, room) : -1;
        if (length < 0)
            return error_set(err, ERROR_INPUT, "binaryData.%s is not base64", key);
        if (write_file(directory, key, data, (size_t)length, mode, err) < 0)
            return -1;
    }
    return 0;
}

static int make_config_map(const struct cli_volumes *volumes, const json_t *source,
    const char *directory, struct error **err)
{
    const char *name = json_get_string(source, "name");
    const struct cli_object *object =
        cli_manifest_find(volumes->manifest, CLI_CONFIG_MAP, volumes->namespace, name);
    if (object == NULL)
        return error_set(err, ERROR_INPUT,
            "there is no ConfigMap %s in namespace %s: add its file with -f", name,
            volumes->namespace);
    const json_t *mode = json_object_get(source, "defaultMode");
    if (write_config_map(directory, object->value,
            json_is_integer(mode) ? (mode_t)(json_integer_value(mode) & 0777) : 0644, err) < 0)
        return error_wrap(err, "ConfigMap %s", name);
    return 0;
}

/* Adds a text in double quotes as the kubelet writes it: Go's %q. */
static void add_quoted(UT_string *out, const char *text)
{
    static const char escaped[] = "\"\\\a\b\f\n\r\t\v";
    static const char letters[] = "\"\\abfnrtv";
    utstring_bincpy(out, "\"", 1);
    for (; *text != '\0'; text++) {
        const char *escape = strchr(escaped, *text);
        if (escape != NULL)
            utstring_printf(out, "\\%c", letters[escape - escaped]);
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            utstring_printf(out, "\\x%02x", (unsigned char)*text);
        else
            utstring_bincpy(out, text, 1);
    }
    utstring_bincpy(out, "\"", 1);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Labels or annotations as the downward API writes them: key="value" lines in order.
 * Source: Kubernetes, pkg/fieldpath, FormatMap. */
static int write_map(const char *directory, const char *name, json_t *map, struct error **err)
{
    size_t count = 0;
    auto_free const char **keys = xcalloc(json_object_size(map) + 1, sizeof(*keys));
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (map, key, value)
        keys[count++] = key;
    qsort(keys, count, sizeof(char *), compare_keys);
    UT_string text;
    utstring_init(&text);
    for (size_t i = 0; i < count; i++) {
        const char *its_value = json_get_string(map, keys[i]);
        utstring_printf(&text, "%s%s=", i > 0 ? "\n" : "", keys[i]);
        add_quoted(&text, its_value != NULL ? its_value : "");
    }
    int result = write_file(directory, name, utstring_body(&text), utstring_len(&text), 0644, err);
    utstring_done(&text);
    return result;
}

static int make_downward(const struct cli_volumes *volumes, const json_t *source,
    const char *directory, struct error **err)
{
    const json_t *metadata = json_object_get(volumes->pod, "metadata");
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (json_object_get(source, "items"), index, item) {
        const char *path = json_get_string(item, "path");
        const char *field = json_get_string(json_object_get(item, "fieldRef"), "fieldPath");
        if (path == NULL || field == NULL || !text_starts_with(field, "metadata."))
            return error_set(err, ERROR_INPUT,
                "items[%zu] is not supported here: use metadata.labels or metadata.annotations of "
                "the pod",
                index);
        json_t *map = json_object_get(metadata, field + strlen("metadata."));
        if (write_map(directory, path, map, err) < 0)
            return -1;
    }
    return 0;
}

/* Creates a missing host path whose type ends in OrCreate.
 * Source: Kubernetes API reference, HostPathVolumeSource, type. */
static int create_host_path(const char *path, enum hostpath_type type, struct error **err)
{
    if (type == HOSTPATH_DIRECTORY_OR_CREATE)
        return file_make_directories(path, 0755, err);
    if (type != HOSTPATH_FILE_OR_CREATE)
        return 0;
    auto_fd int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? error_set_errno(err, "creating the file %s", path) : 0;
}

static const char *kind_of_file(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFREG:
        return "a file";
    case S_IFSOCK:
        return "a socket";
    case S_IFIFO:
        return "a FIFO";
    case S_IFCHR:
        return "a character device";
    case S_IFBLK:
        return "a block device";
    default:
        return "something else";
    }
}

static char *find_host_path(const json_t *source, struct error **err)
{
    static const mode_t modes[] = {
        [HOSTPATH_DIRECTORY] = S_IFDIR,
        [HOSTPATH_DIRECTORY_OR_CREATE] = S_IFDIR,
        [HOSTPATH_FILE] = S_IFREG,
        [HOSTPATH_FILE_OR_CREATE] = S_IFREG,
        [HOSTPATH_SOCKET] = S_IFSOCK,
        [HOSTPATH_CHAR_DEVICE] = S_IFCHR,
        [HOSTPATH_BLOCK_DEVICE] = S_IFBLK,
    };
    const char *path = json_get_string(source, "path");
    enum hostpath_type type = HOSTPATH_DIRECTORY;
    struct stat status;
    if (hostpath_type_parse(json_get_string(source, "type"), &type, err) < 0)
        return NULL;
    if (stat(path, &status) < 0 && errno == ENOENT && create_host_path(path, type, err) < 0)
        return NULL;
    if (stat(path, &status) < 0) {
        error_set_errno(
            err, "the host path %s, which must be a %s", path, hostpath_type_name(type));
        return NULL;
    }
    if ((status.st_mode & S_IFMT) != modes[type]) {
        error_set(err, ERROR_IO, "the host path %s is %s, but its type is %s", path,
            kind_of_file(status.st_mode), hostpath_type_name(type));
        return NULL;
    }
    return xstrdup(path);
}

static char *find_claim(const struct cli_volumes *volumes, const json_t *source, struct error **err)
{
    const char *name = json_get_string(source, "claimName");
    for (size_t i = 0; i < volumes->claim_count; i++) {
        if (streq(volumes->claims[i].name, name))
            return xstrdup(volumes->claims[i].directory);
    }
    error_set(
        err, ERROR_USAGE, "the claim %s needs a directory here: give --pvc %s=DIR", name, name);
    return NULL;
}

/* Makes the directory of a volume that lives only as long as the pod. */
static char *make_volume(
    const struct cli_volumes *volumes, const json_t *volume, const char *kind, struct error **err)
{
    const json_t *source = json_object_get(volume, kind);
    auto_free char *path = file_join(volumes->directory, json_get_string(volume, "name"));
    if (mkdir(path, 0755) < 0) {
        if (errno == EEXIST)
            return steal(&path); /* made for another mount */
        error_set_errno(err, "making the directory %s", path);
        return NULL;
    }
    int result = 0;
    if (streq(kind, "configMap"))
        result = make_config_map(volumes, source, path, err);
    else if (streq(kind, "downwardAPI"))
        result = make_downward(volumes, source, path, err);
    return result < 0 ? NULL : steal(&path);
}

/* The root of a volume. */
static char *find_volume(
    const struct cli_volumes *volumes, const char *name, bool *read_only, struct error **err)
{
    static const char *const made[] = {"emptyDir", "configMap", "downwardAPI"};
    size_t index = 0;
    const json_t *volume = NULL;
    json_array_foreach (
        json_object_get(json_object_get(volumes->pod, "spec"), "volumes"), index, volume) {
        const char *its_name = json_get_string(volume, "name");
        if (its_name == NULL || !streq(its_name, name))
            continue;
        for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
            if (json_object_get(volume, made[i]) == NULL)
                continue;
            *read_only = i > 0;
            return make_volume(volumes, volume, made[i], err);
        }
        const json_t *claim = json_object_get(volume, "persistentVolumeClaim");
        if (claim != NULL)
            return find_claim(volumes, claim, err);
        const json_t *host_path = json_object_get(volume, "hostPath");
        if (host_path != NULL)
            return find_host_path(host_path, err);
        error_set(err, ERROR_INPUT, "this type of volume cannot be set up here");
        return NULL;
    }
    error_set(err, ERROR_INTERNAL, "the pod has no such volume");
    return NULL;
}

/* The subPath of a volume. A missing one is created, as the kubelet does, except in a read-only
 * volume: in a config map it is a wrong key. */
static char *find_part(const char *root, const char *sub_path, bool read_only, struct error **err)
{
    auto_free char *path = file_join(root, sub_path);
    if (access(path, F_OK) == 0)
        return steal(&path);
    if (read_only) {
        error_set(err, ERROR_INPUT, "it has no key %s", sub_path);
        return NULL;
    }
    return file_make_directories(path, 0755, err) < 0 ? NULL : steal(&path);
}

char *cli_volumes_source(
    const struct cli_volumes *volumes, const json_t *mount, bool *read_only, struct error **err)
{
    const char *name = json_get_string(mount, "name");
    const char *sub_path = json_get_string(mount, "subPath");
    *read_only = false;
    auto_free char *root = find_volume(volumes, name, read_only, err);
    char *path = NULL;
    if (root != NULL)
        path = sub_path == NULL ? steal(&root) : find_part(root, sub_path, *read_only, err);
    if (path == NULL)
        error_wrap(err, "volume %s", name);
    return path;
}
