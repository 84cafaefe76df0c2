#include "machine/unique.h"

#include <stdlib.h>

#include "base/text.h"
#include "machine/fields.h"
#include "machine/value.h"

struct claim {
    const char *name;
    long long order; /* 0: none */
    char *place; /* JSON Pointer of the device; owned */
};

struct claims {
    struct claim items[4 * MACHINE_MAX_ITEMS + 3]; /* disks, volumes, interfaces, inputs, … */
    size_t count;
};

static void add(struct claims *claims, const char *name, long long order, char *take_place)
{
    struct claim *claim = &claims->items[claims->count++];
    claim->name = name;
    claim->order = order;
    claim->place = take_place;
}

static void add_array(
    struct claims *claims, const struct machine_conversion *conversion, const char *array_name)
{
    const json_t *array = machine_value(conversion->devices, array_name);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *device = json_array_get(array, i);
        add(claims, machine_string(device, "/name"), machine_integer(device, "/bootOrder", 0),
            xasprintf("/spec/domain/devices%s/%zu", array_name, i));
    }
}

static void collect(struct claims *claims, const struct machine_conversion *conversion)
{
    const char *watchdog = machine_string(conversion->devices, "/watchdog/name");
    const char *sound = machine_string(conversion->devices, "/sound/name");
    const json_t *disks = machine_value(conversion->devices, "/disks");
    const json_t *volumes = machine_value(conversion->vmi, "/spec/volumes");
    if (machine_conversion_has_pod_interface(conversion))
        add(claims, MACHINE_POD_INTERFACE, 0, xstrdup("/spec/domain/devices"));
    add_array(claims, conversion, "/disks");
    add_array(claims, conversion, "/interfaces");
    add_array(claims, conversion, "/inputs");
    if (watchdog != NULL)
        add(claims, watchdog, 0, xstrdup("/spec/domain/devices/watchdog"));
    if (sound != NULL)
        add(claims, sound, 0, xstrdup("/spec/domain/devices/sound"));
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *volume = json_array_get(volumes, i);
        const char *name = machine_string(volume, "/name");
        /* two volumes with the same name are a different error */
        if (machine_item_named(disks, name) == NULL && machine_item_named(volumes, name) == volume)
            add(claims, name, 0, xasprintf("/spec/volumes/%zu", i));
    }
}

void machine_unique_check(const struct machine_conversion *conversion)
{
    struct claims *claims = xcalloc(1, sizeof(*claims));
    collect(claims, conversion);
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *later = &claims->items[i];
        bool name_taken = false;
        bool order_taken = false;
        for (size_t k = 0; k < i; k++) {
            name_taken |= streq(claims->items[k].name, later->name);
            order_taken |= later->order > 0 && claims->items[k].order == later->order;
        }
        if (name_taken) {
            auto_free char *place = xasprintf("%s/name", later->place);
            findings_error(conversion->findings, place, "is already the name of another device: %s",
                later->name);
        }
        if (order_taken) {
            auto_free char *place = xasprintf("%s/bootOrder", later->place);
            findings_error(conversion->findings, place,
                "is already the boot order of another device: %lld", later->order);
        }
    }
    for (size_t i = 0; i < claims->count; i++)
        free(claims->items[i].place);
    free(claims);
}
