#include "hostpath/hostpath.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 80 };

enum { TYPES = HOSTPATH_BLOCK_DEVICE + 1 };

const char *const hostpath_type_names[] = {
    [HOSTPATH_DIRECTORY] = "Directory",
    [HOSTPATH_DIRECTORY_OR_CREATE] = "DirectoryOrCreate",
    [HOSTPATH_FILE] = "File",
    [HOSTPATH_FILE_OR_CREATE] = "FileOrCreate",
    [HOSTPATH_SOCKET] = "Socket",
    [HOSTPATH_CHAR_DEVICE] = "CharDevice",
    [HOSTPATH_BLOCK_DEVICE] = "BlockDevice",
    [TYPES] = NULL,
};

int hostpath_type_parse(const char *name, enum hostpath_type *out, struct error **err)
{
    if (name == NULL || name[0] == '\0') {
        *out = HOSTPATH_DIRECTORY;
        return 0;
    }
    int index = text_index(name, hostpath_type_names, TYPES);
    if (index >= 0) {
        *out = (enum hostpath_type)index;
        return 0;
    }
    auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
    auto_free char *hint = suggest_hint(name, hostpath_type_names, TYPES);
    auto_free char *names = text_list(hostpath_type_names, TYPES);
    return error_set(err, ERROR_INPUT, "must be %s, not \"%s\"%s", names, shown, hint);
}

const char *hostpath_type_name(enum hostpath_type type)
{
    return hostpath_type_names[type];
}

/* Whether one of the components of path is "..". */
static bool has_parent(const char *path)
{
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path += length;
    }
    return false;
}

static bool has_control_byte(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return true;
    }
    return false;
}

bool hostpath_check_path(const char *path, const char *pointer, struct findings *findings)
{
    size_t length = strlen(path);
    auto_free char *shown = text_printable(path, length, LONGEST_SHOWN);
    if (length > HOSTPATH_PATH_MAX)
        findings_error(findings, pointer, "is longer than %d bytes", HOSTPATH_PATH_MAX);
    else if (path[0] != '/')
        findings_error(
            findings, pointer, "\"%s\" is not an absolute path: it must begin with \"/\"", shown);
    else if (has_parent(path))
        findings_error(
            findings, pointer, "\"%s\" contains \"..\": write the path without it", shown);
    else if (has_control_byte(path))
        findings_error(findings, pointer, "\"%s\" contains control characters", shown);
    else
        return true;
    return false;
}

char *hostpath_normalize(const char *path)
{
    char *normal = xmalloc(strlen(path) + 2);
    size_t used = 0;
    while (*path != '\0') {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        bool nothing = length == 0 || (length == 1 && path[0] == '.');
        if (!nothing) {
            normal[used++] = '/';
            memcpy(normal + used, path, length);
            used += length;
        }
        path += length;
    }
    if (used == 0)
        normal[used++] = '/';
    normal[used] = '\0';
    return normal;
}

bool hostpath_is_below(const char *path, const char *prefix)
{
    if (has_parent(path) || has_parent(prefix))
        return false;
    auto_free char *normal_path = hostpath_normalize(path);
    auto_free char *normal_prefix = hostpath_normalize(prefix);
    size_t length = strlen(normal_prefix);
    if (streq(normal_prefix, "/"))
        return true;
    return text_starts_with(normal_path, normal_prefix) &&
           (normal_path[length] == '/' || normal_path[length] == '\0');
}

static char *take_path(const json_t *object, const char *name)
{
    const char *path = json_get_string(object, name);
    return path != NULL ? hostpath_normalize(path) : NULL;
}

struct hostpath *hostpath_new(const json_t *object)
{
    struct hostpath *hostpath = xcalloc(1, sizeof(*hostpath));
    hostpath->path = take_path(object, "path");
    hostpath->volume_path = take_path(object, "volumePath");
    hostpath_type_parse(json_get_string(object, "type"), &hostpath->type, NULL);
    hostpath->read_only = json_is_true(json_object_get(object, "readOnly"));
    return hostpath;
}

void hostpath_free(struct hostpath *hostpath)
{
    if (hostpath == NULL)
        return;
    free(hostpath->path);
    free(hostpath->volume_path);
    free(hostpath);
}

json_t *hostpath_volume(const struct hostpath *hostpath, const char *volume_name)
{
    return json_pack("{s:s, s:{s:s, s:s}}", "name", volume_name, "hostPath", "path", hostpath->path,
        "type", hostpath_type_name(hostpath->type));
}

json_t *hostpath_volume_mount(const struct hostpath *hostpath, const char *volume_name)
{
    json_t *mount =
        json_pack("{s:s, s:s}", "name", volume_name, "mountPath", hostpath->volume_path);
    if (hostpath->read_only)
        json_object_set_new(mount, "readOnly", json_true());
    return mount;
}
