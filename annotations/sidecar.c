#include "annotations/sidecar.h"

#include <stdlib.h>

static void sidecar_clear(struct annotations_sidecar *sidecar)
{
    json_decref(sidecar->object);
    json_decref(sidecar->resources);
    free(sidecar->config_map);
    free(sidecar->pvc);
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
