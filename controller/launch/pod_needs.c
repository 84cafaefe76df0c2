#include "controller/launch/pod_needs.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/launch/pod_input.h"

/* Adds name to a list that ends with NULL, unless it is empty or there already. */
static void add_name(char ***names, const char *name)
{
    size_t count = 0;
    if (name == NULL || name[0] == '\0')
        return;
    for (; (*names)[count] != NULL; count++) {
        if (streq((*names)[count], name))
            return;
    }
    *names = xreallocarray(*names, count + 2, sizeof(**names));
    (*names)[count] = xstrdup(name);
    (*names)[count + 1] = NULL;
}

static void add_volume(const json_t *volume, struct controller_pod_needs *needs)
{
    const json_t *config_map = json_object_get(volume, "configMap");
    add_name(&needs->claims,
        json_get_string(json_object_get(volume, "persistentVolumeClaim"), "claimName"));
    add_name(&needs->claims, json_get_string(json_object_get(volume, "dataVolume"), "name"));
    if (!json_is_true(json_object_get(config_map, "optional")))
        add_name(&needs->config_maps, json_get_string(config_map, "name"));
}

void controller_pod_needs_of(
    const json_t *machine, const struct annotations_list *list, struct controller_pod_needs *needs)
{
    *needs = (struct controller_pod_needs){
        .config_maps = xcalloc(1, sizeof(char *)),
        .claims = xcalloc(1, sizeof(char *)),
    };
    const json_t *volumes = json_pointer_get(machine, "/spec/volumes");
    for (size_t i = 0; i < json_array_size(volumes) && i < CONTROLLER_VOLUMES_MAX; i++)
        add_volume(json_array_get(volumes, i), needs);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct annotations_sidecar *sidecar = &list->sidecars[i];
        if (sidecar->config_map != NULL)
            add_name(&needs->config_maps, sidecar->config_map->name);
        if (sidecar->pvc != NULL)
            add_name(&needs->claims, sidecar->pvc->name);
    }
}

static void free_names(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        free(names[i]);
    free(names);
}

void controller_pod_needs_clear(struct controller_pod_needs *needs)
{
    free_names(needs->config_maps);
    free_names(needs->claims);
    *needs = (struct controller_pod_needs){0};
}
