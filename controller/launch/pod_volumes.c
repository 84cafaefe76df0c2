#include "controller/launch/pod_volumes.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "controller/launch/pod_copy.h"
#include "hostpath/hostpath.h"

enum { NAME_MAX_LENGTH = 63 };

static const char label_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/* One volume of the VMI while it is added. */
struct addition {
    struct controller_pod_draft *draft;
    size_t index; /* among the volumes */
    const char *name;
    const json_t *source; /* the object of its source */
    const char *pointer; /* of source */
};

static bool is_label(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_MAX_LENGTH && name[0] != '-' && name[length - 1] != '-' &&
           strspn(name, label_characters) == length;
}

/* Adds a volume to the pod under the wanted name, or under one derived from the index of the VMI's
 * volume if the wanted one is not a label or is taken; reuses a volume with that name and the same
 * source. Returns its name, borrowed. */
static const char *require_volume(
    const struct addition *addition, const char *wanted, const char *kind, json_t *take_source)
{
    json_t *volumes = addition->draft->volumes;
    auto_json json_t *source = take_source;
    auto_free char *derived = xasprintf("vmi-volume-%zu", addition->index);
    const json_t *there = json_item_named(volumes, wanted, NULL);
    if (there != NULL && json_equal(json_object_get(there, kind), source))
        return json_get_string(there, "name");
    bool usable = is_label(wanted) && there == NULL;
    json_t *volume = json_pack("{s:s, s:O}", "name", usable ? wanted : derived, kind, source);
    json_array_append_new(volumes, volume);
    return json_get_string(volume, "name");
}

static void mount(
    const struct addition *addition, const char *volume, const char *directory, bool read_only)
{
    auto_free char *path = xasprintf("%s/%s", directory, addition->name);
    json_t *item = json_pack("{s:s, s:s}", "name", volume, "mountPath", path);
    if (read_only)
        json_object_set_new(item, "readOnly", json_true());
    json_array_append_new(addition->draft->mounts, item);
}

/* The required string member field of the source. Borrowed; NULL with a finding. */
static const char *required(const struct addition *addition, const char *field)
{
    const json_t *given = json_object_get(addition->source, field);
    const char *value = json_string_value(given);
    if (value != NULL && value[0] != '\0')
        return value;
    auto_free char *pointer = json_pointer_join(addition->pointer, field);
    if (value != NULL || given == NULL || json_is_null(given))
        findings_error(addition->draft->findings, pointer, "is required");
    else
        findings_error(
            addition->draft->findings, pointer, "must be a string, not %s", json_kind(given));
    return NULL;
}

/* The absolute path in the member field of source; NULL if it is absent or, with a finding,
 * invalid. */
static const char *optional_path(const struct controller_pod_draft *draft, const json_t *source,
    const char *pointer, const char *field)
{
    const char *path = json_get_string(source, field);
    auto_free char *place = json_pointer_join(pointer, field);
    if (path == NULL || path[0] == '\0' || !hostpath_check_path(path, place, draft->findings))
        return NULL;
    return path;
}

static void add_container_disk(const struct addition *addition)
{
    const char *path = optional_path(addition->draft, addition->source, addition->pointer, "path");
    if (required(addition, "image") == NULL)
        return;
    auto_free char *name = xasprintf("hookline-disk-%zu", addition->index);
    auto_free char *to = xasprintf(CONTROLLER_DISKS_PATH "/disk_%zu.img", addition->index);
    controller_pod_add_copy(addition->draft, name, addition->source, path, to);
}

static bool is_block(const struct addition *addition, const char *claim)
{
    const json_t *object = json_object_get(addition->draft->input->claims, claim);
    const char *mode = json_get_string(json_object_get(object, "spec"), "volumeMode");
    return mode != NULL && streq(mode, "Block");
}

/* The pod's volume is named after the claim, like that of a sidecar with the same claim: so they
 * share one. */
static void add_claim_named(const struct addition *addition, const char *claim)
{
    struct controller_pod_draft *draft = addition->draft;
    if (claim == NULL)
        return;
    json_t *source = json_pack("{s:s}", "claimName", claim);
    if (json_is_true(json_object_get(addition->source, "readOnly")))
        json_object_set_new(source, "readOnly", json_true());
    const char *volume = require_volume(addition, claim, "persistentVolumeClaim", source);
    if (!is_block(addition, claim)) {
        mount(addition, volume, CONTROLLER_PRIVATE_PATH "/vmi-disks", false);
        return;
    }
    json_t *devices = json_object_get(draft->compute, "volumeDevices");
    if (devices == NULL) {
        devices = json_array();
        json_object_set_new(draft->compute, "volumeDevices", devices);
    }
    auto_free char *path = xasprintf("/dev/%s", addition->name);
    json_array_append_new(devices, json_pack("{s:s, s:s}", "name", volume, "devicePath", path));
}

static void add_claim(const struct addition *addition)
{
    add_claim_named(addition, required(addition, "claimName"));
}

static void add_data_volume(const struct addition *addition)
{
    add_claim_named(addition, required(addition, "name"));
}

/* A host disk is a file; the pod mounts its directory, which the policy must allow. The directory
 * must exist: one that the kubelet creates belongs to root, and the launcher could not write to
 * it. */
static void add_host_disk(const struct addition *addition)
{
    const struct controller_pod_draft *draft = addition->draft;
    const char *path = optional_path(draft, addition->source, addition->pointer, "path");
    if (required(addition, "path") == NULL || path == NULL)
        return;
    auto_free char *directory = hostpath_normalize(path);
    char *slash = strrchr(directory, '/');
    slash[slash == directory ? 1 : 0] = '\0';
    struct hostpath host_path = {
        .path = directory, .volume_path = directory, .type = HOSTPATH_DIRECTORY};
    if (draft->input->policy != NULL) {
        hostpath_policy_check_path(
            draft->input->policy, draft->namespace, &host_path, addition->pointer, draft->findings);
    }
    json_t *source =
        json_pack("{s:s, s:s}", "path", directory, "type", hostpath_type_name(host_path.type));
    const char *volume = require_volume(addition, addition->name, "hostPath", source);
    mount(addition, volume, CONTROLLER_PRIVATE_PATH "/vmi-disks", false);
}

static void add_empty_disk(const struct addition *addition)
{
    (void)addition; /* the launcher creates it in its temporary directory */
}

/* The items of a secret that hold one text, under either of its two keys. */
static json_t *secret_items(const char *secret, const char *key, const char *other_key)
{
    return json_pack("{s:{s:s, s:[{s:s, s:s}, {s:s, s:s}], s:b}}", "secret", "name", secret,
        "items", "key", key, "path", key, "key", other_key, "path", other_key, "optional", true);
}

static void add_cloud_init(const struct addition *addition)
{
    const char *user = json_get_string(json_object_get(addition->source, "secretRef"), "name");
    const char *network =
        json_get_string(json_object_get(addition->source, "networkDataSecretRef"), "name");
    if (user == NULL && network == NULL)
        return;
    const char *volume = NULL;
    if (user == NULL || network == NULL || streq(user, network)) {
        volume = require_volume(addition, addition->name, "secret",
            json_pack("{s:s}", "secretName", user != NULL ? user : network));
    } else {
        volume = require_volume(addition, addition->name, "projected",
            json_pack("{s:[o, o]}", "sources", secret_items(user, "userdata", "userData"),
                secret_items(network, "networkdata", "networkData")));
    }
    mount(addition, volume, CONTROLLER_PRIVATE_PATH "/secret", true);
}

/* Adds a volume of this kind; name and "optional" of its source are those of the VMI's source. */
static void add_directory(
    const struct addition *addition, const char *kind, const char *name, const char *directory)
{
    if (required(addition, name) == NULL)
        return;
    json_t *source = json_pack("{s:O, s:O*}", name, json_object_get(addition->source, name),
        "optional", json_object_get(addition->source, "optional"));
    const char *volume = require_volume(addition, addition->name, kind, source);
    mount(addition, volume, directory, true);
}

static void add_config_map(const struct addition *addition)
{
    add_directory(addition, "configMap", "name", CONTROLLER_PRIVATE_PATH "/config-map");
}

static void add_secret(const struct addition *addition)
{
    add_directory(addition, "secret", "secretName", CONTROLLER_PRIVATE_PATH "/secret");
}

static void add_downward_api(const struct addition *addition)
{
    json_t *source = json_pack("{s:O*}", "items", json_object_get(addition->source, "fields"));
    const char *volume = require_volume(addition, addition->name, "downwardAPI", source);
    mount(addition, volume, CONTROLLER_PRIVATE_PATH "/downwardapi", true);
}

static const struct {
    const char *name;
    void (*add)(const struct addition *addition);
} sources[] = {
    {"containerDisk", add_container_disk},
    {"hostDisk", add_host_disk},
    {"persistentVolumeClaim", add_claim},
    {"dataVolume", add_data_volume},
    {"emptyDisk", add_empty_disk},
    {"cloudInitNoCloud", add_cloud_init},
    {"cloudInitConfigDrive", add_cloud_init},
    {"configMap", add_config_map},
    {"secret", add_secret},
    {"downwardAPI", add_downward_api},
};

/* The index in sources of the volume's only source, or -1 with a finding. */
static int find_source(const json_t *volume, const char *pointer, struct findings *findings)
{
    int found = -1;
    size_t count = 0;
    const char *names[ARRAY_SIZE(sources)];
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        names[i] = sources[i].name;
        if (json_is_object(json_object_get(volume, sources[i].name))) {
            found = (int)i;
            count++;
        }
    }
    if (count == 1)
        return found;
    auto_free char *list = text_list(names, ARRAY_SIZE(sources));
    findings_error(findings, pointer, "must have %s of %s, not %zu",
        count == 0 ? "one" : "only one", list, count);
    return -1;
}

static bool check_name(
    const json_t *volumes, size_t index, const char *pointer, struct findings *findings)
{
    const json_t *volume = json_array_get(volumes, index);
    const char *name = json_get_string(volume, "name");
    auto_free char *place = json_pointer_join(pointer, "name");
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MAX_LENGTH ||
        strspn(name, name_characters) != strlen(name)) {
        findings_error(findings, place, "must be 1 to %d letters, digits, hyphens and underscores",
            NAME_MAX_LENGTH);
        return false;
    }
    if (json_item_named(volumes, name, NULL) == volume)
        return true;
    findings_error(findings, place, "is already the name of another volume: %s", name);
    return false;
}

/* The name of a credential's Secret, or NULL. Borrowed. */
static const char *credential_secret(const json_t *credential)
{
    static const char *const pointers[] = {
        "/sshPublicKey/source/secret", "/userPassword/source/secret"};
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
        const char *name = json_get_string(json_pointer_get(credential, pointers[i]), "secretName");
        if (name != NULL && name[0] != '\0')
            return name;
    }
    return NULL;
}

static bool is_mounted(const struct controller_pod_draft *draft, const char *path)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (draft->mounts, index, item) {
        const char *mounted = json_get_string(item, "mountPath");
        if (mounted != NULL && streq(mounted, path))
            return true;
    }
    return false;
}

/* Adds the Secrets of the access credentials where hook-launcher looks for them, each once. */
static void add_credentials(struct controller_pod_draft *draft, size_t volume_count)
{
    const json_t *credentials = json_object_get(draft->machine_spec, "accessCredentials");
    if (json_array_size(credentials) > CONTROLLER_VOLUMES_MAX) {
        findings_error(draft->findings, "/spec/accessCredentials",
            "has %zu credentials; at most %d are allowed", json_array_size(credentials),
            CONTROLLER_VOLUMES_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(credentials); i++) {
        const char *secret = credential_secret(json_array_get(credentials, i));
        if (secret == NULL)
            continue;
        auto_free char *name = xasprintf("%s-access-cred", secret);
        auto_free char *path = xasprintf(CONTROLLER_PRIVATE_PATH "/secret/%s", name);
        const struct addition addition = {.draft = draft, .index = volume_count + i, .name = name};
        if (is_mounted(draft, path))
            continue;
        const char *volume =
            require_volume(&addition, name, "secret", json_pack("{s:s}", "secretName", secret));
        mount(&addition, volume, CONTROLLER_PRIVATE_PATH "/secret", true);
    }
}

void controller_pod_add_volumes(struct controller_pod_draft *draft)
{
    const json_t *volumes = json_object_get(draft->machine_spec, "volumes");
    size_t index = 0;
    json_t *volume = NULL;
    if (json_array_size(volumes) > CONTROLLER_VOLUMES_MAX) {
        findings_error(draft->findings, "/spec/volumes", "has %zu volumes; at most %d are allowed",
            json_array_size(volumes), CONTROLLER_VOLUMES_MAX);
        return;
    }
    json_array_foreach (volumes, index, volume) {
        auto_free char *pointer = json_pointer_index("/spec/volumes", index);
        if (!check_name(volumes, index, pointer, draft->findings))
            continue;
        int source = find_source(volume, pointer, draft->findings);
        if (source < 0)
            continue;
        auto_free char *place = json_pointer_join(pointer, sources[source].name);
        const struct addition addition = {
            .draft = draft,
            .index = index,
            .name = json_get_string(volume, "name"),
            .source = json_object_get(volume, sources[source].name),
            .pointer = place,
        };
        sources[source].add(&addition);
    }
    add_credentials(draft, json_array_size(volumes));
}

void controller_pod_add_kernel(struct controller_pod_draft *draft)
{
    static const char pointer[] = "/spec/domain/firmware/kernelBoot/container";
    static const struct {
        const char *field;
        const char *container;
    } files[] = {{"kernelPath", "hookline-kernel"}, {"initrdPath", "hookline-initrd"}};
    const json_t *source = json_pointer_get(draft->domain, "/firmware/kernelBoot/container");
    const char *image = json_get_string(source, "image");
    const char *names[ARRAY_SIZE(files)] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(files) && image != NULL && image[0] != '\0'; i++) {
        const char *path = optional_path(draft, source, pointer, files[i].field);
        if (path == NULL)
            continue;
        names[i] = strrchr(path, '/') + 1;
        auto_free char *to = xasprintf(CONTROLLER_DISKS_PATH "/kernel-boot/%s", names[i]);
        controller_pod_add_copy(draft, files[i].container, source, path, to);
    }
    if (names[0] != NULL && names[1] != NULL && streq(names[0], names[1])) {
        findings_error(draft->findings, pointer,
            "has a kernel and an initrd with the same name, %s; they are copied to one directory",
            names[0]);
    }
}
