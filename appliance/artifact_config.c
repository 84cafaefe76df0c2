#include "appliance/artifact_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"

#define VM_KIND "VirtualMachine"
#define TEMPLATE_KIND "VirtualMachineTemplate"
#define DEFAULT_ARCHITECTURE "amd64"

/* A claim that a volume, or a template of one, refers to. All borrowed. */
struct claim {
    const char *name;
    const char *volume; /* NULL: a DataVolume's template */
};

struct claims {
    struct claim *items;
    size_t count;
};

static json_t *vm_spec(const json_t *config)
{
    return json_pointer_get(config,
        appliance_artifact_config_is_template(config) ? "/spec/virtualMachine/spec" : "/spec");
}

bool appliance_artifact_config_is_template(const json_t *config)
{
    return streq(text_or(json_get_string(config, "kind"), ""), TEMPLATE_KIND);
}

static void drop(json_t *object, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count && json_is_object(object); i++)
        json_object_del(object, keys[i]);
}

/* Replaces a DataVolume by the claim that it makes, which has its name. */
static void use_claims(json_t *volumes)
{
    size_t i = 0;
    json_t *volume = NULL;
    json_array_foreach (volumes, i, volume) {
        const char *name = json_get_string(json_object_get(volume, "dataVolume"), "name");
        if (name == NULL)
            continue;
        json_object_set_new(volume, "persistentVolumeClaim", json_pack("{s:s}", "claimName", name));
        json_object_del(volume, "dataVolume");
    }
}

/* Drops annotations that kubectl and KubeVirt wrote. */
static void drop_traces(json_t *metadata)
{
    static const char *const keys[] = {"kubectl.kubernetes.io/last-applied-configuration",
        "restore.kubevirt.io/lastRestoreUID", "kubevirt.io/latest-observed-api-version",
        "kubevirt.io/storage-observed-api-version"};
    json_t *annotations = json_object_get(metadata, "annotations");
    drop(annotations, keys, ARRAY_SIZE(keys));
    if (json_is_object(annotations) && json_object_size(annotations) == 0)
        json_object_del(metadata, "annotations");
}

/* Drops what only the cluster of a VM has, and makes its disks claims. */
static void detach(json_t *spec)
{
    static const char *const made[] = {"dataVolumeTemplates"};
    static const char *const revision[] = {"revisionName"};
    drop(spec, made, ARRAY_SIZE(made));
    drop(json_object_get(spec, "instancetype"), revision, ARRAY_SIZE(revision));
    drop(json_object_get(spec, "preference"), revision, ARRAY_SIZE(revision));
    use_claims(json_pointer_get(spec, "/template/spec/volumes"));
}

json_t *appliance_artifact_config(const json_t *object, struct error **err)
{
    static const char *const written[] = {"namespace", "uid", "resourceVersion",
        "creationTimestamp", "generation", "managedFields", "ownerReferences", "finalizers",
        "selfLink"};
    static const char *const root[] = {"status"};
    const char *kind = text_or(json_get_string(object, "kind"), "");
    bool is_template = streq(kind, TEMPLATE_KIND);
    if (!is_template && !streq(kind, VM_KIND)) {
        auto_free char *shown = text_printable(kind, strlen(kind), 80);
        error_set(err, ERROR_INPUT, "kind \"%s\" is not " VM_KIND " or " TEMPLATE_KIND, shown);
        return NULL;
    }
    auto_json json_t *config = json_deep_copy(object);
    json_t *metadata = json_object_get(config, "metadata");
    drop(metadata, written, ARRAY_SIZE(written));
    drop(config, root, ARRAY_SIZE(root));
    drop_traces(metadata);
    if (!is_template)
        detach(json_object_get(config, "spec"));
    auto_free char *text = json_write(config);
    if (strlen(text) > APPLIANCE_ARTIFACT_MAX_CONFIG) {
        error_set(err, ERROR_INPUT, "the %s is larger than %d bytes in JSON", kind,
            APPLIANCE_ARTIFACT_MAX_CONFIG);
        return NULL;
    }
    return json_incref(config);
}

char *appliance_artifact_disk_name(const char *claim)
{
    char *name = xstrdup(claim);
    for (char *at = name; *at != '\0'; at++) {
        if (*at == '.')
            *at = '-';
    }
    return name;
}

static void add_claim(struct claims *claims, const char *name, const char *volume)
{
    if (name == NULL || name[0] == '\0')
        return;
    claims->items = xreallocarray(claims->items, claims->count + 1, sizeof(*claims->items));
    claims->items[claims->count++] = (struct claim){name, volume};
}

/* The claims of the config; items is owned by the caller. In a template, those from which its
 * DataVolumes are made count, too. */
static struct claims list_claims(const json_t *config)
{
    struct claims claims = {0};
    const json_t *spec = vm_spec(config);
    const json_t *volumes = spec != NULL ? json_pointer_get(spec, "/template/spec/volumes") : NULL;
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach ((json_t *)volumes, i, item)
        add_claim(&claims,
            json_get_string(json_object_get(item, "persistentVolumeClaim"), "claimName"),
            json_get_string(item, "name"));
    json_array_foreach (json_object_get(spec, "dataVolumeTemplates"), i, item) {
        const json_t *source = json_pointer_get(item, "/spec/source/pvc");
        add_claim(&claims, source != NULL ? json_get_string(source, "name") : NULL, NULL);
    }
    return claims;
}

char *appliance_artifact_find_disk(const json_t *config, const char *name, struct error **err)
{
    struct claims claims = list_claims(config);
    auto_free struct claim *owned = claims.items;
    auto_free const char **names = xcalloc(claims.count, sizeof(*names));
    for (size_t i = 0; i < claims.count; i++) {
        auto_free char *disk = appliance_artifact_disk_name(claims.items[i].name);
        if (streq(claims.items[i].name, name) || streq(disk, name))
            return steal(&disk);
        names[i] = claims.items[i].name;
    }
    for (size_t i = 0; i < claims.count; i++) {
        if (claims.items[i].volume != NULL && streq(claims.items[i].volume, name))
            return appliance_artifact_disk_name(claims.items[i].name);
    }
    auto_free char *list = claims.count > 0 ? text_list_all(names, claims.count) : xstrdup("none");
    error_set(err, ERROR_INPUT,
        "\"%s\" is not a claim of the VM, nor a volume with one; its claims: %s", name, list);
    return NULL;
}

const char *appliance_artifact_missing_disk(const json_t *config, char *const *names, size_t count)
{
    struct claims claims = list_claims(config);
    auto_free struct claim *owned = claims.items;
    for (size_t i = 0; i < claims.count; i++) {
        auto_free char *disk = appliance_artifact_disk_name(claims.items[i].name);
        if (text_index(disk, (const char *const *)names, count) < 0)
            return claims.items[i].name;
    }
    return NULL;
}

const char *appliance_artifact_architecture(const json_t *config)
{
    const json_t *spec = vm_spec(config);
    const json_t *inner = spec != NULL ? json_pointer_get(spec, "/template/spec") : NULL;
    const char *architecture = text_or(json_get_string(inner, "architecture"), "");
    /* a template's may be a parameter */
    return architecture[0] != '\0' && strchr(architecture, '$') == NULL ? architecture
                                                                        : DEFAULT_ARCHITECTURE;
}
