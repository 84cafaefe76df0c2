#include "appliance/export.h"

#include <ctype.h>
#include <string.h>

#include "appliance/artifact_config.h"
#include "appliance/operation.h"
#include "base/json.h"
#include "base/text.h"

enum { MAX_NAME = 253, MAX_URL = 2048, MAX_CERTIFICATES = 1 << 20 };

json_t *appliance_export_new(const struct appliance_export *export)
{
    auto_free char *life = xasprintf("%llds", (long long)((export->life_ms + 999) / 1000));
    json_t *source = export->snapshot != NULL
                         ? appliance_operation_reference(
                               "snapshot.kubevirt.io", "VirtualMachineSnapshot", export->snapshot)
                         : appliance_operation_vm(export->vm);
    return appliance_operation_new("export.kubevirt.io/v1beta1", "VirtualMachineExport",
        export->namespace, export->name,
        json_pack("{s:o, s:s, s:s}", "source", source, "tokenSecretRef", export->name,
            "ttlDuration", life));
}

json_t *appliance_export_secret(const json_t *export, const struct appliance_random *random)
{
    char token[APPLIANCE_EXPORT_TOKEN + 1];
    const json_t *metadata = json_object_get(export, "metadata");
    const char *name = text_or(json_get_string(metadata, "name"), "");
    appliance_random_name(random, APPLIANCE_EXPORT_TOKEN, token);
    json_t *owner = json_pack("{s:s, s:s, s:s, s:s}", "apiVersion",
        text_or(json_get_string(export, "apiVersion"), "export.kubevirt.io/v1beta1"), "kind",
        "VirtualMachineExport", "name", name, "uid", text_or(json_get_string(metadata, "uid"), ""));
    json_t *secret =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:[o]}, s:s, s:{s:s}}", "apiVersion", "v1", "kind",
            "Secret", "metadata", "namespace", text_or(json_get_string(metadata, "namespace"), ""),
            "name", name, "ownerReferences", owner, "type", "Opaque", "stringData", "token", token);
    explicit_bzero(token, sizeof(token));
    return secret;
}

const char *appliance_export_token(const json_t *secret)
{
    return text_or(json_get_string(json_object_get(secret, "stringData"), "token"), "");
}

/* The reason of a condition, or "". */
static const char *reason_of(const json_t *condition)
{
    return text_or(json_get_string(condition, "reason"), "");
}

/* Whether KubeVirt would wait for something that only the user can do. */
static bool is_stuck(const json_t *export)
{
    static const char *const reasons[] = {"InUse", "VMNotFound", "VMNoVolumes",
        "VMSnapshotNotFound", "VMSnapshotNoVolumes", "PVCNotFound"};
    static const char *const conditions[] = {"Ready", "VolumesCreated", "PVCReady"};
    for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
        const json_t *condition = appliance_status_condition(export, conditions[i]);
        if (text_index(reason_of(condition), reasons, ARRAY_SIZE(reasons)) >= 0)
            return true;
    }
    return false;
}

static char *say(const json_t *export)
{
    const json_t *ready = appliance_status_condition(export, "Ready");
    const char *reason = reason_of(ready);
    const char *words = appliance_status_words(ready);
    if (streq(reason, "PodPending"))
        return xstrdup("its server is being started");
    if (ready == NULL || streq(reason, "Initializing"))
        return xstrdup("not begun yet");
    return xasprintf("not ready yet: %s", words);
}

int appliance_export_look(const json_t *export, char **saying, struct error **err)
{
    const char *phase = appliance_status_text(export, "phase");
    auto_free char *all = appliance_status_all(export);
    if (appliance_status_is_ending(export))
        return appliance_status_fail("it is being deleted", "", err);
    if (streq(phase, "Ready"))
        return 1;
    if (streq(phase, "Terminated"))
        return appliance_status_fail("its server has ended", all, err);
    if (streq(phase, "Skipped"))
        return appliance_status_fail("there is nothing to export", all, err);
    if (is_stuck(export))
        return appliance_status_fail("it cannot begin", all, err);
    *saying = say(export);
    return 0;
}

const char *appliance_export_since(const json_t *export)
{
    return text_or(
        json_get_string(appliance_status_condition(export, "Ready"), "lastTransitionTime"), "");
}

/* Whether a name that becomes that of a file is a DNS name (RFC 1123). */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > MAX_NAME || !isalnum((unsigned char)name[0]))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length;
}

/* The URL of a volume in a format, borrowed, or NULL. */
static const char *url_of(const json_t *volume, const char *format)
{
    size_t index;
    json_t *each;
    json_array_foreach (json_object_get(volume, "formats"), index, each) {
        if (streq(text_or(json_get_string(each, "format"), ""), format))
            return json_get_string(each, "url");
    }
    return NULL;
}

static int add_disk(struct appliance_export_links *links, const json_t *volume, const char *format,
    struct error **err)
{
    const char *name = text_or(json_get_string(volume, "name"), "");
    const char *url = url_of(volume, format);
    if (url == NULL) {
        format = "tar.gz";
        url = url_of(volume, format);
    }
    if (!is_name(name))
        return appliance_status_fail("a volume has a name that is not a DNS name", name, err);
    if (url == NULL)
        return appliance_status_fail("a volume has no link that can be used", name, err);
    if (!text_starts_with(url, "https://") || strlen(url) > MAX_URL)
        return appliance_status_fail("a link is not an HTTPS URL", url, err);
    for (size_t i = 0; i < links->count; i++) {
        auto_free char *other = appliance_artifact_disk_name(links->disks[i].name);
        auto_free char *file = appliance_artifact_disk_name(name);
        if (streq(other, file))
            return appliance_status_fail("two volumes have the same name", name, err);
    }
    links->disks = xreallocarray(links->disks, links->count + 1, sizeof(*links->disks));
    links->disks[links->count++] = (struct appliance_export_disk){
        .name = xstrdup(name), .format = xstrdup(format), .url = xstrdup(url)};
    return 0;
}

int appliance_export_links_read(struct appliance_export_links *links, const json_t *export,
    bool internal, const char *format, struct error **err)
{
    size_t index;
    json_t *volume;
    const json_t *link = json_object_get(
        json_pointer_get(export, "/status/links"), internal ? "internal" : "external");
    const json_t *volumes = json_object_get(link, "volumes");
    const char *certificates = text_or(json_get_string(link, "cert"), "");
    if (!json_is_object(link))
        return appliance_status_fail(
            internal ? "it has no internal link"
                     : "it has no external link: no Ingress or Route leads to virt-exportproxy",
            "", err);
    if (json_array_size(volumes) == 0 || json_array_size(volumes) > APPLIANCE_EXPORT_MAX_DISKS)
        return appliance_status_fail("its link has no volumes, or too many", "", err);
    if (strlen(certificates) > MAX_CERTIFICATES)
        return appliance_status_fail("its certificates are too long", "", err);
    if (certificates[0] != '\0')
        links->certificates = xstrdup(certificates);
    json_array_foreach (volumes, index, volume) {
        if (add_disk(links, volume, format, err) < 0)
            return -1;
    }
    return 0;
}

void appliance_export_links_clear(struct appliance_export_links *links)
{
    for (size_t i = 0; i < links->count; i++) {
        free(links->disks[i].name);
        free(links->disks[i].format);
        free(links->disks[i].url);
    }
    free(links->disks);
    free(links->certificates);
    *links = (struct appliance_export_links){0};
}

char *appliance_export_file(const struct appliance_export_disk *disk)
{
    bool is_files = streq(disk->format, "tar.gz");
    auto_free char *name = appliance_artifact_disk_name(disk->name);
    return xasprintf(
        "%s%s", name, streq(disk->format, "gzip") ? ".raw.gz" : (is_files ? ".tar.gz" : ".raw"));
}

static void remove_identity(json_t *template)
{
    size_t index;
    json_t *interface;
    json_t *firmware = json_pointer_get(template, "/domain/firmware");
    json_array_foreach (json_pointer_get(template, "/domain/devices/interfaces"), index, interface)
        json_object_del(interface, "macAddress");
    json_object_del(firmware, "uuid");
    json_object_del(firmware, "serial");
    json_object_del(template, "hostname");
}

json_t *appliance_export_manifest(const json_t *vm, bool with_identity, struct error **err)
{
    auto_json json_t *typed = json_copy((json_t *)vm); /* one in a snapshot has no kind */
    json_object_set_new(typed, "apiVersion", json_string("kubevirt.io/v1"));
    json_object_set_new(typed, "kind", json_string("VirtualMachine"));
    json_t *manifest = appliance_artifact_config(typed, err);
    if (manifest == NULL)
        return NULL;
    if (!with_identity)
        remove_identity(json_pointer_get(manifest, "/spec/template/spec"));
    return manifest;
}
