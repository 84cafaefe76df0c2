#include "annotations/sidecar.h"

#include <stdlib.h>

static void config_map_free(struct annotations_config_map *config_map)
{
    if (config_map == NULL)
        return;
    free(config_map->name);
    free(config_map->key);
    free(config_map->hook_path);
    free(config_map);
}

static void pvc_free(struct annotations_pvc *pvc)
{
    if (pvc == NULL)
        return;
    free(pvc->name);
    free(pvc->volume_path);
    free(pvc->shared_compute_path);
    free(pvc);
}

static void sidecar_clear(struct annotations_sidecar *sidecar)
{
    free(sidecar->image);
    free(sidecar->image_pull_policy);
    json_decref(sidecar->command);
    json_decref(sidecar->args);
    json_decref(sidecar->env);
    json_decref(sidecar->resources);
    config_map_free(sidecar->config_map);
    pvc_free(sidecar->pvc);
    hostpath_free(sidecar->host_path);
}

void annotations_list_free(struct annotations_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        sidecar_clear(&list->sidecars[i]);
    free(list->sidecars);
    free(list);
}
