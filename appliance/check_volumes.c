#include "appliance/check_volumes.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/cloud_init.h"
#include "machine/value.h"

/* The members of a volume but its name, which comes last. */
static const char *const sources[] = {"cloudInitConfigDrive", "cloudInitNoCloud", "configMap",
    "containerDisk", "containerPath", "dataVolume", "downwardAPI", "downwardMetrics", "emptyDisk",
    "ephemeral", "hostDisk", "memoryDump", "persistentVolumeClaim", "secret", "serviceAccount",
    "sysprep", "name"};

enum { SOURCES = ARRAY_SIZE(sources) - 1 };

/* Those of which a VM has at most one. */
static const char *const single[] = {"downwardMetrics", "memoryDump", "serviceAccount"};

/* Text that a volume holds in one of three ways. */
struct payload {
    const char *plain;
    const char *base64;
    const char *reference;
    bool moves; /* completion puts text that is too long to be inline into a Secret */
};

static const struct payload payloads[] = {
    {"userData", "userDataBase64", "secretRef", true},
    {"networkData", "networkDataBase64", "networkDataSecretRef", false},
};

/* Checks that a volume has one source. A member that is not known, which the walk of the fields
 * reports, may be meant as one. */
static void check_source(
    const struct appliance_check_scope *scope, size_t index, const json_t *volume)
{
    size_t found = 0;
    auto_free char *list = appliance_check_members(volume, sources, SOURCES, &found);
    auto_free char *number = appliance_check_number(found);
    if (found > 1)
        appliance_check_error(
            scope, APPLIANCE_VOLUMES, index, "", "has %s sources, %s", number, list);
    else if (found == 0 && json_is_object(volume) &&
             !appliance_check_has_unknown(volume, sources, ARRAY_SIZE(sources)))
        appliance_check_error(scope, APPLIANCE_VOLUMES, index, "",
            "has no source, such as dataVolume, persistentVolumeClaim or cloudInitNoCloud");
}

/* Adds an error if data stay inline, and are too long for that. */
static void check_length(const struct appliance_check_scope *scope, size_t index,
    const char *source, const struct payload *payload, bool encoded, const char *data,
    size_t length)
{
    bool moves = payload->moves && text_is_utf8(data, length, NULL) && strlen(data) == length;
    if (moves || length <= MACHINE_CLOUD_INIT_INLINE_MAX_BYTES)
        return;
    auto_free char *rest = xasprintf("/%s/%s", source, encoded ? payload->base64 : payload->plain);
    appliance_check_error(scope, APPLIANCE_VOLUMES, index, rest,
        "has %zu bytes; inline at most %d are allowed: put it in a Secret, and its name in %s.name",
        length, MACHINE_CLOUD_INIT_INLINE_MAX_BYTES, payload->reference);
}

static void check_base64(const struct appliance_check_scope *scope, size_t index,
    const char *source, const struct payload *payload, const json_t *value)
{
    auto_free char *data = NULL;
    size_t length = 0;
    auto_error struct error *error = NULL;
    const char *text = json_string_value(value);
    if (text == NULL || appliance_check_is_open(text))
        return;
    auto_free char *rest = xasprintf("/%s/%s", source, payload->base64);
    if (base64_decode(text, json_string_length(value), &data, &length, &error) < 0)
        appliance_check_error(scope, APPLIANCE_VOLUMES, index, rest, "%s", error->message);
    else
        check_length(scope, index, source, payload, true, data, length);
    if (data != NULL)
        explicit_bzero(data, length);
}

/* Checks one payload of cloud-init data. Returns whether it is there. */
static bool check_payload(const struct appliance_check_scope *scope, size_t index,
    const char *source, const json_t *data, const struct payload *payload)
{
    const json_t *plain = json_object_get(data, payload->plain);
    const json_t *base64 = json_object_get(data, payload->base64);
    const json_t *reference = json_object_get(data, payload->reference);
    size_t count = (json_string_length(plain) > 0) + (json_string_length(base64) > 0) +
                   (json_is_object(reference) || json_is_string(reference));
    if (count > 1) {
        auto_free char *rest = xasprintf("/%s", source);
        appliance_check_error(scope, APPLIANCE_VOLUMES, index, rest,
            "needs only one of %s, %s and %s", payload->plain, payload->base64, payload->reference);
    }
    if (json_is_string(plain) && !appliance_check_is_open(json_string_value(plain)))
        check_length(scope, index, source, payload, false, json_string_value(plain),
            json_string_length(plain));
    check_base64(scope, index, source, payload, base64);
    bool wrong = (plain != NULL && !json_is_string(plain)) ||
                 (base64 != NULL && !json_is_string(base64)); /* reported */
    return count > 0 || wrong;
}

static void check_cloud_init(
    const struct appliance_check_scope *scope, size_t index, const json_t *volume)
{
    static const char *const kinds[] = {"cloudInitNoCloud", "cloudInitConfigDrive"};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const json_t *data = json_object_get(volume, kinds[i]);
        bool any = false;
        if (!json_is_object(data))
            continue;
        for (size_t k = 0; k < ARRAY_SIZE(payloads); k++)
            any = check_payload(scope, index, kinds[i], data, &payloads[k]) || any;
        auto_free char *rest = xasprintf("/%s", kinds[i]);
        if (!any && json_object_size(data) == 0)
            appliance_check_error(scope, APPLIANCE_VOLUMES, index, rest,
                "is empty: it needs userData, networkData or the name of a Secret with them");
    }
}

/* Adds an error for each further volume of a source that a VM has once. */
static void check_single(const struct appliance_check_scope *scope)
{
    for (size_t k = 0; k < ARRAY_SIZE(single); k++) {
        size_t seen = 0;
        for (size_t i = 0; i < json_array_size(scope->volumes); i++) {
            const json_t *value = json_object_get(json_array_get(scope->volumes, i), single[k]);
            if (value == NULL || json_is_null(value) || seen++ == 0)
                continue;
            auto_free char *rest = xasprintf("/%s", single[k]);
            appliance_check_error(
                scope, APPLIANCE_VOLUMES, i, rest, "is there already: a VM has at most one");
        }
    }
}

void appliance_check_volumes(const struct appliance_check_scope *scope)
{
    appliance_check_names(scope, scope->volumes, APPLIANCE_VOLUMES, "/name", APPLIANCE_NAME_LABEL);
    for (size_t i = 0; i < json_array_size(scope->volumes); i++) {
        const json_t *volume = json_array_get(scope->volumes, i);
        check_source(scope, i, volume);
        check_cloud_init(scope, i, volume);
    }
    check_single(scope);
}
