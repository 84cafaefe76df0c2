#include "appliance/expand.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/instance.h"
#include "machine/value.h"

enum { BYTE = 256 };

/* The object at key, which is created if it is not there. Borrowed; NULL if there is something else,
 * or no parent. */
static json_t *object_at(json_t *parent, const char *key)
{
    json_t *value = json_object_get(parent, key);
    if (parent == NULL)
        return NULL;
    if (value == NULL || json_is_null(value)) {
        value = json_object();
        json_object_set_new(parent, key, value);
    }
    return json_is_object(value) ? value : NULL;
}

static void fill(const struct appliance_random *random, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)appliance_random_below(random, BYTE);
}

/* A UUID of version 4. Source: RFC 9562. */
static json_t *new_uuid(const struct appliance_random *random)
{
    uint8_t b[16];
    fill(random, b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    return json_sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
        b[14], b[15]);
}

/* An address of one card, administered locally. */
static json_t *new_mac(const struct appliance_random *random)
{
    uint8_t b[5];
    fill(random, b, sizeof(b));
    return json_sprintf("02:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4]);
}

/* Sets a member that is absent, null or "". */
static void set_absent(json_t *object, const char *key, json_t *take_value)
{
    const char *text = json_get_string(object, key);
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value) || (text != NULL && text[0] == '\0'))
        json_object_set_new(object, key, take_value);
    else
        json_decref(take_value);
}

static void identify(json_t *vmi, const struct appliance_random *random)
{
    json_t *domain = object_at(object_at(vmi, "spec"), "domain");
    json_t *firmware = object_at(domain, "firmware");
    if (firmware != NULL)
        set_absent(firmware, "uuid", new_uuid(random));
    json_t *interfaces = (json_t *)machine_value(domain, "/devices/interfaces");
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        json_t *interface = json_array_get(interfaces, i);
        if (json_is_object(interface) && machine_value(interface, "/binding") == NULL)
            set_absent(interface, "macAddress", new_mac(random));
    }
}

/* The VMI with its members in the order in which people write them. */
static json_t *ordered(const json_t *vmi)
{
    static const char *const first[] = {"apiVersion", "kind", "metadata", "spec"};
    json_t *result = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
        json_t *value = json_object_get(vmi, first[i]);
        if (value != NULL)
            json_object_set(result, first[i], value);
    }
    return result;
}

json_t *appliance_expand(const json_t *vm, struct machine_known *known,
    const struct appliance_random *random, struct machine_expansion *expansion,
    struct findings *findings)
{
    const char *name = text_or(machine_string(vm, "/metadata/name"), "");
    const char *namespace = text_or(machine_string(vm, "/metadata/namespace"), "default");
    if (machine_expand(vm, namespace, MACHINE_FOR_LAUNCH, known, expansion, findings) < 0)
        return NULL;
    const json_t *template = machine_value(expansion->vm, "/spec/template");
    auto_json json_t *vmi = machine_instance_make(template, name, namespace);
    if (random != NULL)
        identify(vmi, random);
    return ordered(vmi);
}
