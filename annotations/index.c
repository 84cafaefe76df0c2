#include "annotations/index.h"

#include "base/json.h"
#include "hostpath/hostpath.h"

void annotations_index_add(json_t *names, const char *name, json_t *item)
{
    json_t *items = json_object_get(names, name);
    if (items == NULL) {
        items = json_array();
        json_object_set_new_nocheck(names, name, items);
    }
    json_array_append(items, item);
}

json_t *annotations_index_names(const json_t *list)
{
    json_t *names = json_object();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (list, index, item) {
        const char *name = json_get_string(item, "name");
        if (name != NULL)
            annotations_index_add(names, name, item);
    }
    return names;
}

json_t *annotations_index_places(const json_t *mounts)
{
    json_t *places = json_object();
    size_t index = 0;
    json_t *mount = NULL;
    json_array_foreach (mounts, index, mount) {
        const char *path = json_get_string(mount, "mountPath");
        if (path == NULL)
            continue;
        auto_free char *place = annotations_index_place(path);
        if (json_object_get(places, place) == NULL)
            json_object_set_nocheck(places, place, mount);
    }
    return places;
}

char *annotations_index_place(const char *path)
{
    /* Kubernetes does not say where a relative path leads: it is its own place */
    return path[0] == '/' ? hostpath_normalize(path) : xstrdup(path);
}
