#include "annotations/mount.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "hostpath/hostpath.h"

json_t *annotations_mount_new(const char *volume, const char *path, const char *sub_path)
{
    json_t *mount = json_object();
    json_object_set_new(mount, "name", json_string(volume));
    json_object_set_new(mount, "mountPath", json_string(path));
    if (sub_path != NULL)
        json_object_set_new(mount, "subPath", json_string(sub_path));
    return mount;
}

/* Whether two absolute paths are the same place. Most paths are in normal form and can be compared
 * without a copy. */
static bool same_place(const char *a, const char *b)
{
    if (streq(a, b))
        return true;
    bool plain = !text_ends_with(a, "/") && !text_ends_with(b, "/") && strstr(a, "//") == NULL &&
                 strstr(b, "//") == NULL && strstr(a, "/.") == NULL && strstr(b, "/.") == NULL;
    if (plain || a[0] != '/' || b[0] != '/')
        return false;
    auto_free char *normal_a = hostpath_normalize(a);
    auto_free char *normal_b = hostpath_normalize(b);
    return streq(normal_a, normal_b);
}

json_t *annotations_mount_find(const json_t *mounts, const char *path)
{
    size_t index = 0;
    json_t *mount = NULL;
    json_array_foreach (mounts, index, mount) {
        const char *its_path = json_get_string(mount, "mountPath");
        if (its_path != NULL && same_place(its_path, path))
            return mount;
    }
    return NULL;
}

static bool same_mount(const json_t *a, const json_t *b)
{
    return json_same_string(a, b, "name") && json_same_string(a, b, "subPath") &&
           json_is_true(json_object_get(a, "readOnly")) ==
               json_is_true(json_object_get(b, "readOnly"));
}

void annotations_mount_require(struct annotations_draft *draft, const json_t *container,
    json_t *mounts, json_t *take_mount, const char *before, long sidecar, const char *field)
{
    const char *path = json_get_string(take_mount, "mountPath");
    const json_t *there = annotations_mount_find(mounts, path);
    if (there == NULL) {
        annotations_draft_insert(mounts, take_mount, before);
        return;
    }
    if (!same_mount(there, take_mount)) {
        const char *volume = json_get_string(there, "name");
        annotations_draft_error(draft, sidecar, field,
            "container %s already has another volume mount at %s, of volume %s%s; mount paths must "
            "be "
            "unique",
            json_get_string(container, "name"), path, text_or(volume, "(without a name)"),
            json_same_string(there, take_mount, "name") ? " with other options" : "");
    }
    json_decref(take_mount);
}
