#include "annotations/mount.h"

#include <string.h>

#include "annotations/index.h"
#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 80 };

json_t *annotations_mount_new(const char *volume, const char *path, const char *sub_path)
{
    json_t *mount = json_object();
    json_object_set_new(mount, "name", json_string(volume));
    json_object_set_new(mount, "mountPath", json_string(path));
    if (sub_path != NULL)
        json_object_set_new(mount, "subPath", json_string(sub_path));
    return mount;
}

static bool same_mount(const json_t *a, const json_t *b)
{
    return json_same_string(a, b, "name") && json_same_string(a, b, "subPath") &&
           json_is_true(json_object_get(a, "readOnly")) ==
               json_is_true(json_object_get(b, "readOnly"));
}

void annotations_mount_require(struct annotations_draft *draft, struct annotations_mounts *mounts,
    json_t *take_mount, const char *before, long sidecar, const char *field)
{
    const char *path = json_get_string(take_mount, "mountPath");
    auto_free char *place = annotations_index_place(path);
    const json_t *there = json_object_get(mounts->places, place);
    if (there == NULL) {
        json_object_set_nocheck(mounts->places, place, take_mount);
        annotations_draft_insert(mounts->list, take_mount, before);
        return;
    }
    if (!same_mount(there, take_mount)) {
        const char *volume = text_or(json_get_string(there, "name"), "(without a name)");
        auto_free char *shown = text_printable(volume, strlen(volume), LONGEST_SHOWN);
        annotations_draft_error(draft, sidecar, field,
            "container %s already has another volume mount at %s, of volume %s%s; mount paths must "
            "be unique",
            json_get_string(mounts->container, "name"), path, shown,
            json_same_string(there, take_mount, "name") ? " with other options" : "");
    }
    json_decref(take_mount);
}
