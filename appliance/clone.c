#include "appliance/clone.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "appliance/operation.h"
#include "base/json.h"
#include "base/text.h"

enum {
    MAX_NAME = 63,
    HASH_LENGTH = 9, /* "-" and 8 digits */
    LOCAL_UNICAST = 0x02, /* the first byte of an address that no vendor has assigned */
};

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = UINT32_C(2166136261);
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT32_C(16777619);
    return hash;
}

char *appliance_clone_name(const char *vm, const char *to)
{
    char *name = xasprintf("%s-to-%s", vm, to);
    if (strlen(name) <= MAX_NAME)
        return name;
    char *cut = xasprintf("%.*s-%08" PRIx32, MAX_NAME - HASH_LENGTH, name, hash_of(name));
    free(name);
    return cut;
}

static unsigned byte(const struct appliance_clone *clone)
{
    return appliance_random_below(&clone->random, UINT8_MAX + 1);
}

static json_t *new_address(const struct appliance_clone *clone)
{
    unsigned b[] = {byte(clone), byte(clone), byte(clone), byte(clone), byte(clone)};
    auto_free char *text =
        xasprintf("%02x:%02x:%02x:%02x:%02x:%02x", LOCAL_UNICAST, b[0], b[1], b[2], b[3], b[4]);
    return json_string(text);
}

/* A version 4 UUID (RFC 9562), as serials often are. */
static json_t *new_serial(const struct appliance_clone *clone)
{
    unsigned char b[16];
    for (size_t i = 0; i < sizeof(b); i++)
        b[i] = (unsigned char)byte(clone);
    auto_free char *text =
        xasprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
            b[1], b[2], b[3], b[4], b[5], (b[6] & 0x0f) | 0x40, b[7], (b[8] & 0x3f) | 0x80, b[9],
            b[10], b[11], b[12], b[13], b[14], b[15]);
    return json_string(text);
}

static void add_addresses(const struct appliance_clone *clone, json_t *spec)
{
    size_t index;
    json_t *interface;
    json_t *addresses = json_object();
    const json_t *interfaces =
        json_pointer_get(clone->vm, "/spec/template/spec/domain/devices/interfaces");
    json_array_foreach (interfaces, index, interface) {
        const char *name = json_get_string(interface, "name");
        const char *address = json_get_string(interface, "macAddress");
        if (name != NULL && address != NULL && address[0] != '\0')
            json_object_set_new(addresses, name, new_address(clone));
    }
    if (json_object_size(addresses) > 0)
        json_object_set(spec, "newMacAddresses", addresses);
    json_decref(addresses);
}

json_t *appliance_clone_new(const struct appliance_clone *clone)
{
    const char *vm = json_get_string(json_object_get(clone->vm, "metadata"), "name");
    const json_t *template = json_pointer_get(clone->vm, "/spec/template/spec");
    const char *serial = json_get_string(json_pointer_get(template, "/domain/firmware"), "serial");
    json_t *spec = json_pack("{s:o, s:o, s:s}", "source", appliance_operation_vm(text_or(vm, "")),
        "target", appliance_operation_vm(clone->to), "volumeNamePolicy", "PrefixTargetName");
    add_addresses(clone, spec);
    if (serial != NULL && serial[0] != '\0')
        json_object_set_new(spec, "newSMBiosSerial", new_serial(clone));
    /* "add", because an online snapshot may have a template without it: "remove" would fail there */
    if (json_object_get(template, "hostname") != NULL)
        json_object_set_new(spec, "patches",
            json_pack("[s]",
                "{\"op\":\"add\",\"path\":\"/spec/template/spec/hostname\",\"value\":\"\"}"));
    return appliance_operation_new(
        "clone.kubevirt.io/v1beta1", "VirtualMachineClone", clone->namespace, clone->name, spec);
}

bool appliance_clone_same(const json_t *existing, const json_t *ours)
{
    const json_t *theirs = json_object_get(existing, "spec");
    const json_t *spec = json_object_get(ours, "spec");
    return json_equal(json_object_get(theirs, "source"), json_object_get(spec, "source")) &&
           json_equal(json_object_get(theirs, "target"), json_object_get(spec, "target"));
}

/* What it says while it is worked on. Owned by the caller. */
static char *say(const json_t *clone)
{
    static const char *const phases[][2] = {
        {"SnapshotInProgress", "taking a snapshot of the VM"},
        {"RestoreInProgress", "restoring its disks under new names"},
        {"CreatingTargetVM", "creating the new VM"},
    };
    const char *phase = appliance_status_text(clone, "phase");
    const char *progress = appliance_status_words(appliance_status_condition(clone, "Progressing"));
    if (streq(progress, "Pending"))
        return xasprintf("KubeVirt waits: %s",
            appliance_status_words(appliance_status_condition(clone, "Ready")));
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        if (streq(phase, phases[i][0]))
            return xstrdup(phases[i][1]);
    }
    return xstrdup("not begun yet");
}

int appliance_clone_look(const json_t *clone, char **saying, struct error **err)
{
    const char *phase = appliance_status_text(clone, "phase");
    if (appliance_status_is_ending(clone))
        return appliance_status_fail("it is being deleted", "", err);
    if (streq(phase, "Failed"))
        return appliance_status_fail(
            "it failed", appliance_status_words(appliance_status_condition(clone, "Ready")), err);
    if (streq(phase, "Succeeded"))
        return 1;
    *saying = say(clone);
    return 0;
}
