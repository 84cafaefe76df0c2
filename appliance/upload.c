#include "appliance/upload.h"

#include "appliance/operation.h"
#include "appliance/source.h"
#include "base/json.h"
#include "base/text.h"
#include "oci/digest.h"

#define CDI_API "cdi.kubevirt.io/v1beta1"
#define FINGERPRINT APPLIANCE_PREFIX "upload"

static const uint64_t mebibyte = 1 << 20;

/* Sets object's member unless value is NULL. */
static void set(json_t *object, const char *key, const char *value)
{
    if (value != NULL)
        json_object_set_new(object, key, json_string(value));
}

/* Adds the labels with the defaults of VMs. */
static void add_labels(json_t *object, const struct appliance_upload *upload)
{
    json_t *labels = json_object();
    set(labels, "instancetype.kubevirt.io/default-instancetype", upload->instancetype);
    set(labels, "instancetype.kubevirt.io/default-preference", upload->preference);
    if (json_object_size(labels) > 0)
        json_object_set(json_object_get(object, "metadata"), "labels", labels);
    json_decref(labels);
}

json_t *appliance_upload_volume(const struct appliance_upload *upload)
{
    uint64_t mebibytes = upload->disk_bytes / mebibyte + (upload->disk_bytes % mebibyte != 0);
    auto_free char *size = xasprintf("%lluMi", (unsigned long long)mebibytes);
    json_t *storage = json_pack("{s:{s:{s:s}}}", "resources", "requests", "storage", size);
    set(storage, "storageClassName", upload->storage_class);
    set(storage, "volumeMode", upload->volume_mode);
    if (upload->access_mode != NULL)
        json_object_set_new(storage, "accessModes", json_pack("[s]", upload->access_mode));
    json_t *volume = appliance_operation_new(CDI_API, "DataVolume", upload->namespace, upload->name,
        json_pack("{s:{s:{}}, s:o}", "source", "upload", "storage", storage));
    json_object_set_new(json_object_get(volume, "metadata"), "annotations",
        json_pack("{s:s, s:s}", "cdi.kubevirt.io/storage.bind.immediate.requested", "true",
            "cdi.kubevirt.io/storage.deleteAfterCompletion", "false"));
    set(json_pointer_get(volume, "/metadata/annotations"), FINGERPRINT, upload->fingerprint);
    add_labels(volume, upload);
    return volume;
}

json_t *appliance_upload_source(const struct appliance_upload *upload)
{
    json_t *source = appliance_operation_new(CDI_API, "DataSource", upload->namespace, upload->name,
        json_pack("{s:{s:{s:s, s:s}}}", "source", "pvc", "namespace", upload->namespace, "name",
            upload->name));
    add_labels(source, upload);
    return source;
}

json_t *appliance_upload_token_request(const struct appliance_upload *upload)
{
    return appliance_operation_new("upload.cdi.kubevirt.io/v1beta1", "UploadTokenRequest",
        upload->namespace, upload->name, json_pack("{s:s}", "pvcName", upload->name));
}

/* The size that a DataVolume asks for, borrowed, or NULL. */
static const char *size_of(const json_t *volume)
{
    const json_t *requests = json_pointer_get(volume, "/spec/storage/resources/requests");
    if (requests == NULL)
        requests = json_pointer_get(volume, "/spec/pvc/resources/requests");
    return json_get_string(requests, "storage");
}

char *appliance_upload_describe(const json_t *volume)
{
    const char *phase = appliance_status_text(volume, "phase");
    const json_t *source = json_pointer_get(volume, "/spec/source");
    void *first = json_object_iter((json_t *)source);
    return xasprintf("of %s, from source %s, in phase %s", text_or(size_of(volume), "no size"),
        first != NULL ? json_object_iter_key(first) : "none", phase[0] != '\0' ? phase : "none");
}

char *appliance_upload_fingerprint(const void *head, size_t length, uint64_t file_bytes)
{
    char digest[OCI_DIGEST_LENGTH + 1];
    oci_digest_of(head, length, digest);
    return xasprintf("%llu bytes, beginning %s", (unsigned long long)file_bytes, digest);
}

static const char *fingerprint_of(const json_t *volume)
{
    return text_or(
        json_get_string(json_pointer_get(volume, "/metadata/annotations"), FINGERPRINT), "");
}

bool appliance_upload_same(const json_t *volume, const json_t *ours)
{
    return json_pointer_get(volume, "/spec/source/upload") != NULL &&
           streq(text_or(size_of(volume), "none"), text_or(size_of(ours), "")) &&
           streq(fingerprint_of(volume), fingerprint_of(ours)) &&
           !appliance_status_is_ending(volume) &&
           !streq(appliance_status_text(volume, "phase"), "Failed");
}

/* What a DataVolume says while CDI works on it: its phase, and why it has got no further. */
static char *say(const json_t *volume)
{
    static const char *const types[] = {"Bound", "Running"};
    const char *phase = appliance_status_text(volume, "phase");
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        const json_t *condition = appliance_status_condition(volume, types[i]);
        const char *message = json_get_string(condition, "message");
        if (message != NULL && message[0] != '\0' && !appliance_status_is_true(volume, types[i]))
            return xasprintf("%s: %s", phase, message);
    }
    return phase[0] != '\0' ? xstrdup(phase) : xstrdup("not begun yet");
}

/* Whether CDI reports what only the user can change. */
static bool is_stuck(const json_t *volume)
{
    const json_t *bound = appliance_status_condition(volume, "Bound");
    return streq(text_or(json_get_string(bound, "reason"), ""), "ErrClaimNotValid");
}

/* What both looks have in common. */
static int look(const json_t *volume, char **saying, struct error **err)
{
    auto_free char *all = appliance_status_all(volume);
    if (appliance_status_is_ending(volume))
        return appliance_status_fail("it is being deleted", "", err);
    if (streq(appliance_status_text(volume, "phase"), "Failed"))
        return appliance_status_fail("it failed", all, err);
    if (is_stuck(volume))
        return appliance_status_fail("it cannot be made", all, err);
    *saying = say(volume);
    return 0;
}

int appliance_upload_look_ready(const json_t *volume, char **saying, struct error **err)
{
    const char *phase = appliance_status_text(volume, "phase");
    if (streq(phase, "UploadReady") || streq(phase, "Succeeded"))
        return 1;
    return look(volume, saying, err);
}

int appliance_upload_look_done(const json_t *volume, char **saying, struct error **err)
{
    const json_t *running = appliance_status_condition(volume, "Running");
    const char *reason = text_or(json_get_string(running, "reason"), "");
    if (streq(appliance_status_text(volume, "phase"), "Succeeded"))
        return 1;
    /* CDI starts its server again and again with a file that it cannot read */
    if (streq(reason, "Error") && !appliance_status_is_true(volume, "Running"))
        return appliance_status_fail(
            "CDI cannot process the image", appliance_status_words(running), err);
    return look(volume, saying, err);
}

int appliance_upload_look_source(const json_t *source, char **saying, struct error **err)
{
    const char *words = appliance_status_words(appliance_status_condition(source, "Ready"));
    if (appliance_status_is_ending(source))
        return appliance_status_fail("it is being deleted", "", err);
    if (appliance_status_is_true(source, "Ready"))
        return 1;
    *saying = words[0] != '\0' ? xasprintf("not ready yet: %s", words) : xstrdup("not begun yet");
    return 0;
}
