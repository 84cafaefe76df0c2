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
    for (const char *dots = path; (dots = strstr(dots, "..")) != NULL; dots++) {
        if ((dots == path || dots[-1] == '/') && (dots[2] == '/' || dots[2] == '\0'))
            return true;
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

/* Byte by byte: a call for each component would take ten times as long if they are short. */
char *hostpath_normalize(const char *path)
{
    char *normal = xmalloc(strlen(path) + 2);
    size_t used = 0;
    while (*path != '\0') {
        while (*path == '/')
            path++;
        size_t length = 0;
        normal[used] = '/';
        for (; *path != '\0' && *path != '/'; path++)
            normal[used + ++length] = *path;
        if (length > 1 || (length == 1 && path[-1] != '.'))
            used += length + 1;
    }
    if (used == 0)
        normal[used++] = '/';
    normal[used] = '\0';
    return normal;
}

char *hostpath_place(const char *path)
{
    return has_parent(path) ? NULL : hostpath_normalize(path);
}

bool hostpath_place_is_below(const char *place, const char *prefix)
{
    size_t length = strlen(prefix);
    if (streq(prefix, "/"))
        return true;
    return strncmp(place, prefix, length) == 0 && (place[length] == '/' || place[length] == '\0');
}

bool hostpath_is_below(const char *path, const char *prefix)
{
    auto_free char *place = hostpath_place(path);
    auto_free char *normal_prefix = hostpath_place(prefix);
    return place != NULL && normal_prefix != NULL && hostpath_place_is_below(place, normal_prefix);
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
