#include "annotations/volume.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/index.h"
#include "annotations/names.h"
#include "base/json.h"
#include "base/text.h"

enum { MOST_DERIVED_NAMES = 8 }; /* by accident, not even the first one is taken */

static bool is_dns_label(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= ANNOTATIONS_LABEL_MAX && name[0] != '-' &&
           name[length - 1] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* FNV-1a, 32 bits, over text and its final zero.
 * Source: Fowler, Noll, Vo; RFC 9923. */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    } while (*text++ != '\0');
    return hash;
}

/* Returns a DNS label that begins like name and ends in a hash of name and kind. It depends on the
 * arguments only, so that a second rendering finds the volume of the first. Owned by the caller. */
static char *derive_name(const char *name, const char *kind, unsigned attempt)
{
    static const uint32_t offset_basis = 2166136261u;
    static const size_t hash_length = 9; /* a dash and eight digits */
    uint32_t hash = hash_text(hash_text(offset_basis + attempt, kind), name);
    auto_free char *stem = xstrndup(name, ANNOTATIONS_LABEL_MAX - hash_length);
    for (char *c = stem; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c))
            *c = '-';
    }
    const char *start = stem + strspn(stem, "-");
    return xasprintf("%s-%08x", *start != '\0' ? start : "volume", hash);
}

/* Whether theirs has everything that ours has. It may have more, because the API server fills in
 * defaults, but not "items" and "readOnly", which restrict the volume. */
static bool source_matches(const json_t *theirs, const json_t *ours)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t index = 0;
    if (json_is_array(ours)) {
        if (json_array_size(theirs) != json_array_size(ours))
            return false;
        json_array_foreach (ours, index, value) {
            if (!source_matches(json_array_get(theirs, index), value))
                return false;
        }
        return json_is_array(theirs);
    }
    if (!json_is_object(ours))
        return json_equal(theirs, ours);
    /* json_object_foreach does not take a const object, but changes nothing */
    json_object_foreach ((json_t *)ours, key, value) {
        if (!source_matches(json_object_get(theirs, key), value))
            return false;
    }
    bool fewer = json_object_get(theirs, "items") != NULL && json_object_get(ours, "items") == NULL;
    return json_is_object(theirs) && !fewer && !json_is_true(json_object_get(theirs, "readOnly"));
}

/* Removes later copies of a volume, all of whose name are in same: KubeVirt adds a config map or
 * claim that two sidecars use twice, and the API server rejects such a pod. */
static void drop_repeats(json_t *volumes, json_t *same, const json_t *volume)
{
    size_t index = json_array_size(volumes);
    for (size_t i = json_array_size(same); i-- > 0 && json_array_get(same, i) != volume;) {
        const json_t *other = json_array_get(same, i);
        if (!json_equal(other, volume))
            continue;
        /* both lists have them in the same order */
        while (index-- > 0 && json_array_get(volumes, index) != other)
            continue;
        json_array_remove(volumes, index);
        json_array_remove(same, i);
    }
}

/* Returns the volume with this name and source, or NULL. *taken says whether another source has the
 * name. Borrowed. */
static json_t *find_volume(const struct annotations_draft *draft, const char *name,
    const char *kind, const json_t *source, bool *taken)
{
    json_t *same = json_object_get(draft->volume_names, name);
    size_t index = 0;
    json_t *volume = NULL;
    *taken = same != NULL;
    json_array_foreach (same, index, volume) {
        if (source_matches(json_object_get(volume, kind), source)) {
            drop_repeats(draft->volumes, same, volume);
            return volume;
        }
    }
    return NULL;
}

static json_t *add_volume(struct annotations_draft *draft, const char *name, const char *kind,
    json_t *source, const char *before)
{
    json_t *volume = json_object();
    json_object_set_new(volume, "name", json_string(name));
    json_object_set(volume, kind, source);
    annotations_draft_insert(draft->volumes, volume, before);
    annotations_index_add(draft->volume_names, name, volume);
    return volume;
}

/* Finds or adds the volume; NULL with an error if all its names are taken. Borrowed. */
static json_t *require_volume(struct annotations_draft *draft, const char *name, const char *kind,
    json_t *source, const char *before)
{
    auto_free char *candidate = xstrdup(name);
    for (unsigned attempt = 0; attempt <= MOST_DERIVED_NAMES; attempt++) {
        bool taken = false;
        json_t *found = find_volume(draft, candidate, kind, source, &taken);
        if (found != NULL)
            return found;
        if (!taken && is_dns_label(candidate))
            return add_volume(draft, candidate, kind, source, before);
        free(candidate);
        candidate = derive_name(name, kind, attempt);
    }
    annotations_draft_error(draft, ANNOTATIONS_POD, NULL,
        "other volumes of the pod have the name %s and the %d names derived from it, so that the "
        "%s cannot be mounted; rename one of them",
        name, MOST_DERIVED_NAMES, kind);
    return NULL;
}

const char *annotations_volume_require(struct annotations_draft *draft, const char *name,
    const char *kind, json_t *take_source, const char *before)
{
    auto_json json_t *source = take_source;
    auto_free char *key = xasprintf("%s/%s", kind, name);
    json_t *volume = json_object_get(draft->required_volumes, key);
    if (volume == NULL) {
        volume = require_volume(draft, name, kind, source, before);
        json_object_set_nocheck(
            draft->required_volumes, key, volume != NULL ? volume : json_null());
    }
    return json_get_string(volume, "name");
}
