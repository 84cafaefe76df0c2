#include "annotations/launcher.h"

#include "annotations/flag.h"
#include "annotations/index.h"
#include "base/json.h"
#include "base/text.h"

static const char *const launcher_names[] = {
    [ANNOTATIONS_LAUNCHER_AUTO] = "auto",
    [ANNOTATIONS_LAUNCHER_BUILTIN] = "builtin",
    [ANNOTATIONS_LAUNCHER_PLUGIN] = "plugin",
    [ANNOTATIONS_LAUNCHER_STANDALONE] = "standalone",
};

int annotations_launcher_parse(const char *name, enum annotations_launcher *out, struct error **err)
{
    int index = text_index(name, launcher_names, ARRAY_SIZE(launcher_names));
    if (index >= 0) {
        *out = (enum annotations_launcher)index;
        return 0;
    }
    auto_free char *list = text_list(launcher_names, ARRAY_SIZE(launcher_names));
    auto_free char *hint = suggest_hint(name, launcher_names, ARRAY_SIZE(launcher_names));
    return error_set(
        err, ERROR_USAGE, "\"%s\" is not a kind of launcher: use %s%s", name, list, hint);
}

enum annotations_launcher annotations_launcher_detect(const json_t *pod)
{
    const json_t *containers = json_object_get(json_object_get(pod, "spec"), "containers");
    const json_t *compute = json_item_named(containers, "compute", NULL);
    if (annotations_flag_get(compute, ANNOTATIONS_SIDECARS_FLAG) != NULL)
        return ANNOTATIONS_LAUNCHER_BUILTIN;
    auto_json json_t *places = annotations_index_places(json_object_get(compute, "volumeMounts"));
    if (json_object_get(places, ANNOTATIONS_PLUGIN_DIRECTORY) != NULL)
        return ANNOTATIONS_LAUNCHER_PLUGIN;
    return ANNOTATIONS_LAUNCHER_STANDALONE;
}

bool annotations_pod_is_provisioning(const json_t *pod)
{
    const json_t *metadata = json_object_get(pod, "metadata");
    const json_t *annotations = json_object_get(metadata, "annotations");
    return json_object_get(annotations, "kubevirt.io/ephemeral-provisioning") != NULL;
}
