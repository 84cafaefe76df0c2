#include "manager/cloud_init.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"

/* Finds a member in any letter case, as Go's decoder does; NULL when it is missing or null.
 * Borrowed. */
static json_t *member_find(json_t *object, const char *name)
{
    json_t *found = json_object_get(object, name);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (object, key, value) {
        if (found == NULL && strcasecmp(key, name) == 0)
            found = value;
    }
    return json_is_null(found) ? NULL : found;
}

/* The text of a string member; "" when it is missing. Borrowed. */
static const char *member_text(json_t *object, const char *name)
{
    const json_t *member = member_find(object, name);
    return member != NULL ? json_string_value(member) : "";
}

/* Checks that the named members are strings or missing. */
static int check_strings(json_t *object, const char *const *names, size_t count, struct error **err)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *member = member_find(object, names[i]);
        if (member != NULL && !json_is_string(member))
            return error_set(
                err, ERROR_INPUT, "%s must be a string, not %s", names[i], json_kind(member));
    }
    return 0;
}

/* Parses CloudInitData, or null. Returns a new reference. */
static json_t *data_parse(struct bytes data, struct error **err)
{
    static const char *const strings[] = {"DataSource", "UserData", "NetworkData", "VolumeName"};
    static const char *const objects[] = {"NoCloudMetaData", "ConfigDriveMetaData"};
    auto_json json_t *value = json_parse(data.data, data.length, MANAGER_CLOUD_INIT_MAX_DEPTH, err);
    if (value == NULL)
        return NULL;
    if (!json_is_object(value) && !json_is_null(value)) {
        error_set(err, ERROR_INPUT, "it must be an object, not %s", json_kind(value));
        return NULL;
    }
    if (check_strings(value, strings, ARRAY_SIZE(strings), err) < 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        const json_t *member = member_find(value, objects[i]);
        if (member != NULL && !json_is_object(member)) {
            error_set(
                err, ERROR_INPUT, "%s must be an object, not %s", objects[i], json_kind(member));
            return NULL;
        }
    }
    return steal(&value);
}

bool manager_cloud_init_is_absent(struct bytes data)
{
    while (data.length > 0 && isspace((unsigned char)data.data[data.length - 1]))
        data.length--;
    while (data.length > 0 && isspace((unsigned char)data.data[0])) {
        data.data++;
        data.length--;
    }
    return data.length == 0 ||
           (data.length == strlen("null") && memcmp(data.data, "null", data.length) == 0);
}

int manager_cloud_init_check(struct bytes data, struct error **err)
{
    if (manager_cloud_init_is_absent(data))
        return 0;
    auto_json json_t *value = data_parse(data, err);
    return value != NULL ? 0 : -1;
}

/* Go leaves out empty members. */
static void set_unless_empty(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

char *manager_cloud_init_legacy(struct bytes data, struct error **err)
{
    auto_json json_t *value = data_parse(data, err);
    if (value == NULL)
        return NULL;
    auto_json json_t *legacy = json_object();
    set_unless_empty(legacy, "userData", member_text(value, "UserData"));
    set_unless_empty(legacy, "networkData", member_text(value, "NetworkData"));
    return json_dumps(legacy, JSON_COMPACT);
}

/* KubeVirt's IsValidCloudInitData. */
static bool data_is_valid(json_t *data)
{
    return member_text(data, "UserData")[0] != '\0' &&
           (member_find(data, "NoCloudMetaData") != NULL ||
               member_find(data, "ConfigDriveMetaData") != NULL);
}

/* Sets a text of data, under the name's existing spelling if there is one. */
static void member_replace(json_t *data, const char *name, const char *text)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (data, key, value) {
        if (strcasecmp(key, name) == 0) {
            json_object_set_new(data, key, json_string(text));
            return;
        }
    }
    json_object_set_new(data, name, json_string(text));
}

/* The fallback: puts the texts of the older form into before. */
static int legacy_apply(struct bytes before, struct bytes legacy, char **result, struct error **err)
{
    static const char *const strings[] = {"userData", "networkData"};
    auto_json json_t *texts =
        json_parse(legacy.data, legacy.length, MANAGER_CLOUD_INIT_MAX_DEPTH, err);
    if (texts == NULL)
        return -1;
    if (!json_is_object(texts))
        return error_set(err, ERROR_INPUT, "it must be an object, not %s", json_kind(texts));
    if (check_strings(texts, strings, ARRAY_SIZE(strings), err) < 0)
        return -1;
    auto_json json_t *data = data_parse(before, err);
    if (data == NULL)
        return -1;
    member_replace(data, "UserData", member_text(texts, "userData"));
    member_replace(data, "NetworkData", member_text(texts, "networkData"));
    *result = json_dumps(data, JSON_COMPACT);
    return 0;
}

/* The peer's fault is a remote error, whatever class the parser gave it. */
static int blame_peer(struct error **err, const char *field)
{
    error_wrap(err, "%s", field);
    if (err != NULL && *err != NULL)
        (*err)->class = ERROR_REMOTE;
    return -1;
}

int manager_cloud_init_result(struct bytes before, struct bytes data, struct bytes legacy,
    char **result, size_t *result_length, struct error **err)
{
    if (data.length == 0 && legacy.length == 0)
        return error_set(err, ERROR_REMOTE, "it returned no cloud-init data");
    auto_json json_t *value = NULL;
    if (data.length > 0) {
        value = data_parse(data, err);
        if (value == NULL)
            return blame_peer(err, "the cloudInitData it returned");
    }
    if (value != NULL && data_is_valid(value)) {
        *result = xstrndup(data.data, data.length);
        *result_length = data.length;
        return 0;
    }
    if (legacy.length == 0)
        return error_set(err, ERROR_REMOTE,
            "the cloudInitData it returned lacks UserData, or both NoCloudMetaData and "
            "ConfigDriveMetaData, and there is no cloudInitNoCloudSource to use instead");
    if (legacy_apply(before, legacy, result, err) < 0)
        return blame_peer(err, "the cloudInitNoCloudSource it returned");
    *result_length = strlen(*result);
    return 0;
}
