#include "appliance/snapshot.h"

#include <utstring.h>

#include "appliance/operation.h"
#include "base/json.h"
#include "base/text.h"

enum { MAX_NAME = 63, TIME_LENGTH = 16 /* "-20261130-061500" */, MAX_LIST = 100 };

char *appliance_snapshot_name(const char *vm, time_t now)
{
    char when[TIME_LENGTH + 1] = "";
    struct tm parts;
    if (gmtime_r(&now, &parts) != NULL)
        strftime(when, sizeof(when), "-%Y%m%d-%H%M%S", &parts);
    return xasprintf("%.*s%s", MAX_NAME - TIME_LENGTH, vm, when);
}

json_t *appliance_snapshot_new(
    const char *namespace, const char *vm, const char *name, int64_t deadline_ms)
{
    json_t *spec = json_pack("{s:o}", "source", appliance_operation_vm(vm));
    if (deadline_ms > 0) {
        auto_free char *deadline = xasprintf("%llds", (long long)((deadline_ms + 999) / 1000));
        json_object_set_new(spec, "failureDeadline", json_string(deadline));
    }
    return appliance_operation_new(
        APPLIANCE_SNAPSHOT_API, "VirtualMachineSnapshot", namespace, name, spec);
}

/* What it says while it is worked on. Owned by the caller. */
static char *say(const json_t *snapshot)
{
    const char *failure = appliance_status_error(snapshot);
    const char *words = appliance_status_words(appliance_status_condition(snapshot, "Progressing"));
    if (failure != NULL)
        return xasprintf("KubeVirt tries again until its deadline: %s", failure);
    if (streq(appliance_status_text(snapshot, "phase"), "Succeeded"))
        return xstrdup("taken; the storage completes it");
    return words[0] != '\0' ? xasprintf("being taken: %s", words) : xstrdup("not begun yet");
}

int appliance_snapshot_look(const json_t *snapshot, char **saying, struct error **err)
{
    const char *phase = appliance_status_text(snapshot, "phase");
    const json_t *ready = json_object_get(json_object_get(snapshot, "status"), "readyToUse");
    if (appliance_status_is_ending(snapshot) || streq(phase, "Deleting"))
        return appliance_status_fail("it is being deleted", "", err);
    if (streq(phase, "Failed")) {
        auto_free char *all = appliance_status_all(snapshot);
        return appliance_status_fail("it failed", all, err);
    }
    if (streq(phase, "Succeeded") && json_is_true(ready))
        return 1;
    *saying = say(snapshot);
    return 0;
}

/* The strings of an array, joined. Owned by the caller; NULL: there are none. */
static char *joined(const json_t *names)
{
    UT_string all;
    size_t index;
    json_t *name;
    utstring_init(&all);
    json_array_foreach (names, index, name) {
        if (json_is_string(name) && index < MAX_LIST)
            utstring_printf(
                &all, "%s%s", utstring_len(&all) > 0 ? ", " : "", json_string_value(name));
    }
    char *text = utstring_len(&all) > 0 ? xstrdup(utstring_body(&all)) : NULL;
    utstring_done(&all);
    return text;
}

static const json_t *volumes_of(const json_t *snapshot, const char *key)
{
    const json_t *status = json_object_get(snapshot, "status");
    return json_object_get(json_object_get(status, "snapshotVolumes"), key);
}

char *appliance_snapshot_included(const json_t *snapshot)
{
    char *names = joined(volumes_of(snapshot, "includedVolumes"));
    return names != NULL ? names : xstrdup("none");
}

/* Adds "INDICATION: message". */
static void note_indication(json_t *notes, const json_t *indication)
{
    const char *name = json_get_string(indication, "indication");
    const char *message = json_get_string(indication, "message");
    if (name == NULL)
        return;
    auto_free char *note =
        xasprintf("%s%s%s", name, message != NULL ? ": " : "", text_or(message, ""));
    json_array_append_new(notes, json_string(note));
}

json_t *appliance_snapshot_notes(const json_t *snapshot)
{
    size_t index;
    json_t *indication;
    json_t *notes = json_array();
    const json_t *status = json_object_get(snapshot, "status");
    const json_t *indications = json_object_get(status, "sourceIndications");
    json_array_foreach (indications, index, indication)
        note_indication(notes, indication);
    auto_free char *old =
        indications == NULL ? joined(json_object_get(status, "indications")) : NULL;
    if (old != NULL) /* KubeVirt before 1.6 writes their names only */
        json_array_append_new(notes, json_string(old));
    auto_free char *names = joined(volumes_of(snapshot, "excludedVolumes"));
    if (names != NULL) {
        auto_free char *note = xasprintf("these volumes are not in it: %s", names);
        json_array_append_new(notes, json_string(note));
    }
    return notes;
}

/* Whether a volume of the VM is a claim, which a snapshot should have. */
static bool is_claim(const json_t *vm, const char *name)
{
    const json_t *spec = json_pointer_get(vm, "/spec/template/spec");
    const json_t *volume = json_item_named(json_object_get(spec, "volumes"), name, NULL);
    return json_object_get(volume, "persistentVolumeClaim") != NULL ||
           json_object_get(volume, "dataVolume") != NULL;
}

char *appliance_snapshot_unfit(const json_t *vm)
{
    UT_string all;
    size_t index;
    json_t *each;
    const json_t *status = json_object_get(vm, "status");
    utstring_init(&all);
    json_array_foreach (json_object_get(status, "volumeSnapshotStatuses"), index, each) {
        const char *name = json_get_string(each, "name");
        if (name != NULL && !json_is_true(json_object_get(each, "enabled")) && is_claim(vm, name) &&
            index < MAX_LIST)
            utstring_printf(&all, "%s%s: %s", utstring_len(&all) > 0 ? "; " : "", name,
                text_or(json_get_string(each, "reason"), "snapshots are not supported"));
    }
    char *text = utstring_len(&all) > 0 ? xstrdup(utstring_body(&all)) : NULL;
    utstring_done(&all);
    return text;
}
