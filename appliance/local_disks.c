#include "appliance/local_disks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "guest/image.h"
#include "machine/value.h"
#include "machine/volume_search.h"

enum {
    MOST_NAMES = 4,
    SMALLEST_BLANK = 1 << 20,
};

/* One volume, and what its disk may be called in --source, the most specific name first. */
struct search {
    struct appliance_local_disks *out;
    struct appliance_local_sources *sources;
    struct findings *findings;
    const char *pointer; /* where errors about it belong */
    const char *volume; /* its name */
    const json_t *template; /* its DataVolume template; or NULL */
    const char *names[MOST_NAMES];
    size_t name_count;
    const char *plain; /* the name that a message suggests */
    char *qualified; /* NAMESPACE/NAME of its source; owned */
};

static void add_name(struct search *search, const char *name)
{
    if (name != NULL && name[0] != '\0' && text_index(name, search->names, search->name_count) < 0)
        search->names[search->name_count++] = name;
}

/* Adds the names of what the template clones. */
static void add_source_names(struct search *search)
{
    static const char *const pointers[] = {
        "/spec/sourceRef", "/spec/source/pvc", "/spec/source/snapshot"};
    for (size_t i = 0; i < ARRAY_SIZE(pointers) && search->qualified == NULL; i++) {
        const json_t *source = machine_value(search->template, pointers[i]);
        const char *name = machine_string(source, "/name");
        const char *namespace = machine_string(source, "/namespace");
        if (name == NULL)
            continue;
        search->qualified = xasprintf("%s/%s", text_or(namespace, "default"), name);
        add_name(search, search->qualified);
        add_name(search, name);
        search->plain = name;
    }
}

static struct appliance_local_disk *add(
    struct search *search, enum appliance_local_disk_kind kind, const char *name)
{
    struct appliance_local_disks *out = search->out;
    out->items = xreallocarray(out->items, out->count + 1, sizeof(*out->items));
    struct appliance_local_disk *disk = &out->items[out->count++];
    *disk = (struct appliance_local_disk){.kind = kind, .name = xstrdup(name)};
    if (kind == APPLIANCE_LOCAL_OVERLAY || kind == APPLIANCE_LOCAL_BLANK)
        disk->file = xasprintf(
            "disks/%s.%s", search->volume, kind == APPLIANCE_LOCAL_OVERLAY ? "qcow2" : "img");
    return disk;
}

/* Finds the image for the disk. Returns whether there is one; else there is an error. */
static bool find_image(
    struct search *search, struct appliance_local_disk *disk, struct guest_image *image)
{
    size_t errors = search->findings->errors;
    disk->source = appliance_local_source_given(
        search->sources, search->names, search->name_count, search->pointer, search->findings);
    if (disk->source == NULL && search->findings->errors == errors)
        disk->source =
            appliance_local_source_beside(search->sources, search->names, search->name_count);
    if (disk->source == NULL) {
        auto_free char *shown = text_printable(search->plain, strlen(search->plain), NAME_MAX);
        if (search->findings->errors == errors)
            findings_error(search->findings, search->pointer,
                "its image is not here: give it with --source %s=PATH, or put %s.qcow2 (.img, "
                ".raw) beside the manifest",
                shown, shown);
        return false;
    }
    auto_error struct error *error = NULL;
    if (guest_image_examine(disk->source, image, &error) < 0) {
        findings_error(search->findings, search->pointer, "its image: %s", error->message);
        return false;
    }
    disk->format = image->format;
    return true;
}

/* The size that the template asks for, in bytes; 0: none. */
static long long size_asked(const json_t *template)
{
    long long size = machine_whole(template, "/spec/storage/resources/requests/storage", true);
    return size > 0 ? size : machine_whole(template, "/spec/pvc/resources/requests/storage", true);
}

static void find_overlay(struct search *search, const char *claim)
{
    struct guest_image image = {0};
    struct appliance_local_disk *disk = add(search, APPLIANCE_LOCAL_OVERLAY, claim);
    if (!find_image(search, disk, &image))
        return;
    long long asked = size_asked(search->template);
    if (asked > 0 && asked < image.size)
        findings_error(search->findings, search->pointer,
            "is %lld bytes, less than its image %s, which has %lld", asked, disk->source,
            image.size);
    else if (asked > image.size)
        disk->size = asked;
}

static void find_blank(struct search *search, const char *claim)
{
    struct appliance_local_disk *disk = add(search, APPLIANCE_LOCAL_BLANK, claim);
    disk->size = size_asked(search->template);
    if (disk->size < SMALLEST_BLANK)
        findings_error(search->findings, search->pointer,
            "is an empty disk of %lld bytes; it must have at least 1Mi", disk->size);
}

/* An ephemeral claim is raw for hook-launcher, which makes the overlay itself. */
static void find_ephemeral(struct search *search, const char *claim)
{
    struct guest_image image = {0};
    struct appliance_local_disk *disk = add(search, APPLIANCE_LOCAL_CLAIM, claim);
    if (find_image(search, disk, &image) && !streq(image.format, "raw"))
        findings_error(search->findings, search->pointer,
            "is ephemeral: its image %s must be raw (qemu-img convert -O raw)", disk->source);
}

static void find_container_disk(struct search *search, const json_t *volume)
{
    struct guest_image image = {0};
    search->name_count = 0;
    add_name(search, machine_string(volume, "/containerDisk/image"));
    add_name(search, search->volume);
    find_image(search, add(search, APPLIANCE_LOCAL_CONTAINER_DISK, search->volume), &image);
}

/* The name of a claim goes into options and a script. */
static bool is_claim_name(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(name);
}

static bool is_found(const struct appliance_local_disks *disks, const char *claim)
{
    for (size_t i = 0; i < disks->count; i++) {
        if (disks->items[i].kind != APPLIANCE_LOCAL_CONTAINER_DISK &&
            streq(disks->items[i].name, claim))
            return true;
    }
    return false;
}

static void find_claim(struct search *search, const json_t *volume, const char *claim)
{
    if (!is_claim_name(claim)) {
        auto_free char *shown = text_printable(claim, strlen(claim), NAME_MAX);
        findings_error(
            search->findings, search->pointer, "\"%s\" is not the name of a claim", shown);
        return;
    }
    if (is_found(search->out, claim))
        return;
    add_name(search, claim);
    add_source_names(search);
    if (machine_value(volume, "/ephemeral") != NULL)
        find_ephemeral(search, claim);
    else if (machine_value(search->template, "/spec/source/blank") != NULL)
        find_blank(search, claim);
    else
        find_overlay(search, claim);
}

/* The template of the DataVolume with this name, and its JSON Pointer in *pointer, owned by the
 * caller. NULL if there is none. */
static const json_t *find_template(const json_t *vm, const char *claim, char **pointer)
{
    const json_t *templates = machine_value(vm, "/spec/dataVolumeTemplates");
    for (size_t i = 0; i < json_array_size(templates) && claim != NULL; i++) {
        const json_t *template = json_array_get(templates, i);
        const char *name = machine_string(template, "/metadata/name");
        if (name == NULL || !streq(name, claim))
            continue;
        *pointer = json_pointer_index("/spec/dataVolumeTemplates", i);
        return template;
    }
    return NULL;
}

int appliance_local_disks_find(struct appliance_local_disks *out, const json_t *vm,
    const json_t *vmi, struct appliance_local_sources *sources, struct findings *findings)
{
    size_t errors = findings->errors;
    const json_t *volumes = machine_value(vmi, "/spec/volumes");
    *out = (struct appliance_local_disks){0};
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *volume = json_array_get(volumes, i);
        const char *name = machine_string(volume, "/name");
        const char *claim = machine_volume_claim(volume);
        bool container = machine_value(volume, "/containerDisk") != NULL;
        if (name == NULL || (claim == NULL && !container))
            continue;
        auto_free char *pointer = NULL;
        const json_t *template = find_template(vm, claim, &pointer);
        if (pointer == NULL)
            pointer = json_pointer_index("/spec/template/spec/volumes", i);
        struct search search = {.out = out,
            .sources = sources,
            .findings = findings,
            .pointer = pointer,
            .volume = name,
            .plain = name,
            .template = template};
        add_name(&search, name);
        if (container)
            find_container_disk(&search, volume);
        else
            find_claim(&search, volume, claim);
        free(search.qualified);
    }
    return findings->errors > errors ? -1 : 0;
}

void appliance_local_disks_clear(struct appliance_local_disks *disks)
{
    for (size_t i = 0; i < disks->count; i++) {
        free(disks->items[i].name);
        free(disks->items[i].file);
        free(disks->items[i].source);
    }
    free(disks->items);
    *disks = (struct appliance_local_disks){0};
}
