#include "appliance/ovf_media.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/ovf_units.h"
#include "appliance/ovf_xml.h"
#include "base/text.h"

enum { SHOWN_MAX = 120 };

static char *shown(const char *text)
{
    return text_printable(text_or(text, ""), strlen(text_or(text, "")), SHOWN_MAX);
}

bool appliance_ovf_name_is_safe(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > APPLIANCE_OVF_MAX_HREF || name[0] == '/' ||
        text_ends_with(name, "/"))
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\')
            return false;
    }
    if (strstr(name, "//") != NULL)
        return false;
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return true;
}

/* The item of that kind and id, or NULL. */
static const struct appliance_ovf_medium *find(
    const struct appliance_ovf_media *media, bool is_disk, const char *id)
{
    for (size_t i = 0; id != NULL && i < media->count; i++) {
        const struct appliance_ovf_medium *one = &media->items[i];
        if (one->is_disk == is_disk && streq(one->id, id))
            return one;
    }
    return NULL;
}

/* Adds one with its id; NULL with an error if it has none, or that of another. */
static struct appliance_ovf_medium *add(
    struct appliance_ovf_media *media, const xmlNode *node, bool is_disk, struct findings *findings)
{
    const char *attribute = is_disk ? "diskId" : "id";
    auto_free char *id = appliance_ovf_xml_attribute(node, attribute);
    long line = xmlGetLineNo(node);
    if (id == NULL || find(media, is_disk, id) != NULL) {
        auto_free char *text = shown(id);
        findings_error(findings, "", "line %ld: %s \"%s\" %s", line, attribute, text,
            id == NULL ? "is required" : "is there already");
        return NULL;
    }
    media->items = xreallocarray(media->items, media->count + 1, sizeof(*media->items));
    struct appliance_ovf_medium *one = &media->items[media->count++];
    *one = (struct appliance_ovf_medium){
        .is_disk = is_disk, .line = line, .id = steal(&id), .size = -1};
    return one;
}

static void read_file(
    struct appliance_ovf_media *media, const xmlNode *node, struct findings *findings)
{
    struct appliance_ovf_medium *file = add(media, node, false, findings);
    if (file == NULL)
        return;
    auto_free char *size = appliance_ovf_xml_attribute(node, "size");
    auto_free char *chunk = appliance_ovf_xml_attribute(node, "chunkSize");
    auto_free char *compression = appliance_ovf_xml_attribute(node, "compression");
    file->href = appliance_ovf_xml_attribute(node, "href");
    file->is_split = chunk != NULL || (compression != NULL && !streq(compression, "identity"));
    long number = 0;
    if (size != NULL && text_parse_int(size, 0, LONG_MAX, &number))
        file->size = number;
    if (file->href == NULL || !appliance_ovf_name_is_safe(file->href)) {
        auto_free char *text = shown(file->href);
        findings_error(findings, "",
            "line %ld: href must be the name of a file in the package, without \"..\", not \"%s\"",
            file->line, text);
    }
}

static void read_capacity(
    const xmlNode *node, struct appliance_ovf_medium *disk, struct findings *findings)
{
    auto_free char *capacity = appliance_ovf_xml_attribute(node, "capacity");
    auto_free char *units = appliance_ovf_xml_attribute(node, "capacityAllocationUnits");
    if (capacity == NULL || appliance_ovf_units_bytes(capacity, units, "byte", &disk->capacity))
        return;
    auto_free char *text = shown(capacity);
    auto_free char *unit = shown(text_or(units, "byte"));
    findings_error(findings, "",
        "line %ld: capacity \"%s\" in units of \"%s\" is not an amount of bytes (use 16 and "
        "\"byte * 2^30\")",
        disk->line, text, unit);
}

static void read_disk(
    struct appliance_ovf_media *media, const xmlNode *node, struct findings *findings)
{
    struct appliance_ovf_medium *disk = add(media, node, true, findings);
    if (disk == NULL)
        return;
    disk->format = appliance_ovf_xml_attribute(node, "format");
    disk->parent = appliance_ovf_xml_attribute(node, "parentRef");
    read_capacity(node, disk, findings);
    auto_free char *reference = appliance_ovf_xml_attribute(node, "fileRef");
    const struct appliance_ovf_medium *file = find(media, false, reference);
    if (file != NULL) {
        xstrset(&disk->href, file->href);
        disk->size = file->size;
        disk->is_split = file->is_split;
    } else if (reference != NULL) {
        auto_free char *text = shown(reference);
        findings_error(findings, "", "line %ld: fileRef \"%s\" is not a File of the References",
            disk->line, text);
    }
}

/* Calls read for each element called name in a section, up to the limit. */
static void read_section(struct appliance_ovf_media *media, const xmlNode *section,
    const char *name,
    void (*read)(struct appliance_ovf_media *media, const xmlNode *node, struct findings *findings),
    struct findings *findings)
{
    size_t count = 0;
    for (const xmlNode *node = appliance_ovf_xml_child(section, name); node != NULL;
         node = appliance_ovf_xml_next(node, name)) {
        if (count++ == APPLIANCE_OVF_MAX_MEDIA) {
            findings_error(findings, "", "line %ld: there may be %d elements %s",
                xmlGetLineNo(node), APPLIANCE_OVF_MAX_MEDIA, name);
            return;
        }
        read(media, node, findings);
    }
}

void appliance_ovf_media_read(
    struct appliance_ovf_media *media, const xmlNode *envelope, struct findings *findings)
{
    read_section(
        media, appliance_ovf_xml_child(envelope, "References"), "File", read_file, findings);
    /* DiskSection is the name since OVF 1.0; before, it was Section of that type */
    read_section(
        media, appliance_ovf_xml_child(envelope, "DiskSection"), "Disk", read_disk, findings);
}

const struct appliance_ovf_medium *appliance_ovf_media_find(
    const struct appliance_ovf_media *media, const char *resource)
{
    static const char scheme[] = "ovf:";
    static const char disk[] = "/disk/";
    static const char file[] = "/file/";
    if (resource == NULL)
        return NULL;
    if (text_starts_with(resource, scheme))
        resource += sizeof(scheme) - 1;
    /* VirtualBox and VMware write ovf:/disk/ID; some, ovf://disk/ID */
    if (text_starts_with(resource, "//"))
        resource++;
    if (text_starts_with(resource, disk))
        return find(media, true, resource + sizeof(disk) - 1);
    if (text_starts_with(resource, file))
        return find(media, false, resource + sizeof(file) - 1);
    return NULL;
}

void appliance_ovf_media_clear(struct appliance_ovf_media *media)
{
    for (size_t i = 0; i < media->count; i++) {
        free(media->items[i].id);
        free(media->items[i].href);
        free(media->items[i].format);
        free(media->items[i].parent);
    }
    free(media->items);
    *media = (struct appliance_ovf_media){0};
}
