#include "annotations/volume.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { DNS_LABEL_MAX = 63 }; /* RFC 1123, section 2.1 */

static bool is_dns_label(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= DNS_LABEL_MAX && name[0] != '-' && name[length - 1] != '-' &&
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
    auto_free char *stem = xstrndup(name, DNS_LABEL_MAX - hash_length);
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

/* Removes later copies of volume: KubeVirt adds a config map or claim that two sidecars use twice,
 * and the API server rejects such a pod. */
static void drop_repeats(json_t *volumes, const json_t *volume)
{
    for (size_t i = json_array_size(volumes); i-- > 0 && json_array_get(volumes, i) != volume;) {
        if (json_equal(json_array_get(volumes, i), volume))
            json_array_remove(volumes, i);
    }
}

/* Returns the name of the volume with this name and source, or NULL. *taken says whether another
 * source has the name. Borrowed. */
static const char *find_volume(
    json_t *volumes, const char *name, const char *kind, const json_t *source, bool *taken)
{
    size_t index = 0;
    json_t *volume = NULL;
    *taken = false;
    json_array_foreach (volumes, index, volume) {
        const char *its_name = json_get_string(volume, "name");
        if (its_name == NULL || !streq(its_name, name))
            continue;
        if (source_matches(json_object_get(volume, kind), source)) {
            drop_repeats(volumes, volume);
            return its_name;
        }
        *taken = true;
    }
    return NULL;
}

const char *annotations_volume_require(struct annotations_draft *draft, const char *name,
    const char *kind, json_t *take_source, const char *before)
{
    auto_json json_t *source = take_source;
    auto_free char *candidate = xstrdup(name);
    for (unsigned attempt = 0;; attempt++) {
        bool taken = false;
        const char *found = find_volume(draft->volumes, candidate, kind, source, &taken);
        if (found != NULL)
            return found;
        if (!taken && is_dns_label(candidate))
            break;
        free(candidate);
        candidate = derive_name(name, kind, attempt);
    }
    json_t *volume = json_object();
    json_object_set_new(volume, "name", json_string(candidate));
    json_object_set(volume, kind, source);
    annotations_draft_insert(draft->volumes, volume, before);
    return json_get_string(volume, "name");
}
