#include "manager/cloud_init_data.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 64 };

/* What a member holds. null is as good as none for all of them. */
enum kind {
    TEXT,
    TEXTS, /* an object of texts */
    LIST, /* of objects */
    OBJECT,
};

static const struct {
    json_type type;
    const char *noun;
} kinds[] = {
    [TEXT] = {JSON_STRING, "a string"},
    [TEXTS] = {JSON_OBJECT, "an object"},
    [LIST] = {JSON_ARRAY, "an array"},
    [OBJECT] = {JSON_OBJECT, "an object"},
};

/* A member, and those of its own. The last of a table has no name. */
struct member {
    const char *name;
    enum kind kind;
    const struct member *members; /* of an object */
};

static const struct member no_cloud[] = {
    {"instance-type", TEXT, NULL},
    {"instance-id", TEXT, NULL},
    {"local-hostname", TEXT, NULL},
    {"public-keys", TEXTS, NULL},
    {NULL, TEXT, NULL},
};

static const struct member config_drive[] = {
    {"instance_type", TEXT, NULL},
    {"instance_id", TEXT, NULL},
    {"local_hostname", TEXT, NULL},
    {"hostname", TEXT, NULL},
    {"uuid", TEXT, NULL},
    {"devices", LIST, NULL},
    {"public_keys", TEXTS, NULL},
    {NULL, TEXT, NULL},
};

static const struct member data_members[] = {
    {"DataSource", TEXT, NULL},
    {"NoCloudMetaData", OBJECT, no_cloud},
    {"ConfigDriveMetaData", OBJECT, config_drive},
    {"UserData", TEXT, NULL},
    {"NetworkData", TEXT, NULL},
    {"DevicesData", LIST, NULL},
    {"VolumeName", TEXT, NULL},
    {NULL, TEXT, NULL},
};

json_t *manager_cloud_init_member(json_t *object, const char *name)
{
    json_t *found = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (object, key, value) {
        if (strcasecmp(key, name) == 0 && !json_is_null(value))
            found = value;
    }
    return found;
}

static const struct member *member_named(const struct member *members, const char *key)
{
    for (; members->name != NULL; members++) {
        if (strcasecmp(members->name, key) == 0)
            return members;
    }
    return NULL;
}

static int refuse(const char *name, const char *noun, const json_t *value, struct error **err)
{
    return error_set(err, ERROR_INPUT, "%s must be %s, not %s", name, noun, json_kind(value));
}

/* Checks what is in a member of two levels: the texts of an object, the objects of a list. */
static int check_items(const struct member *member, json_t *value, struct error **err)
{
    const char *key = NULL;
    json_t *item = NULL;
    for (size_t i = 0; member->kind == LIST && i < json_array_size(value); i++) {
        item = json_array_get(value, i);
        if (!json_is_object(item)) {
            refuse("its item", "an object", item, err);
            return error_wrap(err, "%s", member->name);
        }
    }
    if (member->kind != TEXTS)
        return 0;
    json_object_foreach (value, key, item) {
        if (!json_is_string(item)) {
            auto_free char *shown = text_printable(key, strlen(key), LONGEST_SHOWN);
            refuse(shown, "a string", item, err);
            return error_wrap(err, "%s", member->name);
        }
    }
    return 0;
}

/* Adds a value to what its member has so far: null does not replace a text, as in Go. */
static void put(json_t *out, const struct member *member, json_t *value)
{
    bool kept = json_is_null(value) && member->kind == TEXT;
    if (!kept || json_object_get(out, member->name) == NULL)
        json_object_set(out, member->name, value);
}

static json_t *take_members(
    json_t *object, const struct member *members, bool *respelled, struct error **err);

/* Checks the value of a member, and adds it to out under the member's name. */
static int take_member(
    json_t *out, const struct member *member, json_t *value, bool *respelled, struct error **err)
{
    if (!json_is_null(value) && json_typeof(value) != kinds[member->kind].type)
        return refuse(member->name, kinds[member->kind].noun, value, err);
    if (check_items(member, value, err) < 0)
        return -1;
    if (member->kind != OBJECT || json_is_null(value)) {
        put(out, member, value);
        return 0;
    }
    auto_json json_t *inner = take_members(value, member->members, respelled, err);
    if (inner == NULL)
        return error_wrap(err, "%s", member->name);
    put(out, member, inner);
    return 0;
}

/* A copy of an object with the spelling of members. New reference, or NULL with an error. */
static json_t *take_members(
    json_t *object, const struct member *members, bool *respelled, struct error **err)
{
    auto_json json_t *out = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (object, key, value) {
        const struct member *member = member_named(members, key);
        if (member == NULL) {
            json_object_set(out, key, value);
            continue;
        }
        *respelled = *respelled || !streq(key, member->name);
        if (take_member(out, member, value, respelled, err) < 0)
            return NULL;
    }
    return steal(&out);
}

json_t *manager_cloud_init_data_parse(struct bytes data, bool *respelled, struct error **err)
{
    bool ignored = false;
    auto_json json_t *value = json_parse(data.data, data.length, MANAGER_CLOUD_INIT_MAX_DEPTH, err);
    if (value == NULL || json_is_null(value))
        return steal(&value);
    if (!json_is_object(value)) {
        error_set(err, ERROR_INPUT, "it must be an object, not %s", json_kind(value));
        return NULL;
    }
    return take_members(value, data_members, respelled != NULL ? respelled : &ignored, err);
}

int manager_cloud_init_data_check_source(json_t *data, struct error **err)
{
    static const char *const sources[] = {"noCloud", "configDrive"};
    const char *source = json_get_string(data, "DataSource");
    if (source != NULL && text_index(source, sources, ARRAY_SIZE(sources)) >= 0)
        return 0;
    auto_free char *shown =
        source != NULL ? text_printable(source, strlen(source), LONGEST_SHOWN) : NULL;
    if (shown == NULL)
        return error_set(
            err, ERROR_INPUT, "DataSource is missing: it must be %s or %s", sources[0], sources[1]);
    return error_set(err, ERROR_INPUT, "DataSource cannot be \"%s\": it must be %s or %s", shown,
        sources[0], sources[1]);
}
