#include "manager/cloud_init.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_go.h"
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
    return json_go_text(legacy);
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

/* The two texts of cloud-init data, and their names: in the data, and in the older form, where they
 * may be encoded or in a Secret. */
enum { USER, NETWORK, TEXTS };

static const struct {
    const char *name, *legacy, *base64, *secret;
    const char *noun;
} texts[TEXTS] = {
    [USER] = {"UserData", "userData", "userDataBase64", "secretRef", "user data"},
    [NETWORK] = {"NetworkData", "networkData", "networkDataBase64", "networkDataSecretRef",
        "network data"},
};

/* Appends a sentence to a warning. */
static void warn(char **warning, const char *sentence)
{
    auto_free char *before = steal(warning);
    *warning = before != NULL ? xasprintf("%s; %s", before, sentence) : xstrdup(sentence);
}

/* Decodes a member of the older form. Returns a new reference, or NULL with an error. */
static json_t *decode(json_t *legacy, const char *name, struct error **err)
{
    const json_t *member = member_find(legacy, name);
    auto_free char *data = NULL;
    size_t length = 0;
    if (base64_decode(json_string_value(member), json_string_length(member), &data, &length, err) <
        0) {
        error_wrap(err, "%s", name);
        return NULL;
    }
    json_t *text = json_stringn(data, length);
    if (text == NULL)
        error_set(err, ERROR_INPUT, "%s: it is not UTF-8 text, which other hooks need", name);
    return text;
}

/* One text of the older form, "" when it has none. Like KubeVirt, it prefers the plain form. Returns
 * a new reference, or NULL with an error. */
static json_t *legacy_text(json_t *legacy, size_t which, char **warning, struct error **err)
{
    const char *plain = member_text(legacy, texts[which].legacy);
    bool encoded = member_text(legacy, texts[which].base64)[0] != '\0';
    auto_json json_t *decoded = encoded ? decode(legacy, texts[which].base64, err) : NULL;
    if (encoded && decoded == NULL)
        return NULL;
    if (plain[0] != '\0') {
        if (encoded && !streq(plain, json_string_value(decoded))) {
            auto_free char *sentence =
                xasprintf("its %s is ignored, as KubeVirt does beside %s: it should clear that",
                    texts[which].base64, texts[which].legacy);
            warn(warning, sentence);
        }
        return json_string(plain);
    }
    if (encoded)
        return json_incref(decoded);
    if (member_find(legacy, texts[which].secret) != NULL) {
        error_set(err, ERROR_INPUT,
            "%s: a hook comes too late to name a Secret, which would have to be mounted: it must "
            "return the text as %s",
            texts[which].secret, texts[which].legacy);
        return NULL;
    }
    return json_string("");
}

/* Parses the older form. Returns {"UserData", "NetworkData"}, a new reference. */
static json_t *legacy_parse(struct bytes legacy, char **warning, struct error **err)
{
    static const char *const strings[] = {
        "userData", "userDataBase64", "networkData", "networkDataBase64"};
    auto_json json_t *value =
        json_parse(legacy.data, legacy.length, MANAGER_CLOUD_INIT_MAX_DEPTH, err);
    if (value == NULL)
        return NULL;
    if (!json_is_object(value)) {
        error_set(err, ERROR_INPUT, "it must be an object, not %s", json_kind(value));
        return NULL;
    }
    if (check_strings(value, strings, ARRAY_SIZE(strings), err) < 0)
        return NULL;
    auto_json json_t *result = json_object();
    for (size_t i = 0; i < TEXTS; i++) {
        json_t *text = legacy_text(value, i, warning, err);
        if (text == NULL)
            return NULL;
        json_object_set_new(result, texts[i].name, text);
    }
    return steal(&result);
}

/* Whether both hold the same texts. */
static bool same_texts(json_t *a, json_t *b)
{
    for (size_t i = 0; i < TEXTS; i++) {
        if (!streq(member_text(a, texts[i].name), member_text(b, texts[i].name)))
            return false;
    }
    return true;
}

static bool has_texts(json_t *data)
{
    return member_text(data, texts[USER].name)[0] != '\0' ||
           member_text(data, texts[NETWORK].name)[0] != '\0';
}

/* Checks that no text is lost between before and after: all of them is an error, as for KubeVirt,
 * which then makes no image; one of them is a warning. */
static int check_loss(json_t *before, json_t *after, char **warning, struct error **err)
{
    if (has_texts(before) && !has_texts(after))
        return error_set(err, ERROR_REMOTE,
            "it returned neither user data nor network data, of which it got some: the guest would "
            "have none");
    for (size_t i = 0; i < TEXTS; i++) {
        if (member_text(before, texts[i].name)[0] == '\0' ||
            member_text(after, texts[i].name)[0] != '\0')
            continue;
        auto_free char *sentence =
            xasprintf("it returned no %s, of which it got some: the guest has none", texts[i].noun);
        warn(warning, sentence);
    }
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

/* Parses what was returned as CloudInitData: *data stays NULL when nothing was. */
static int data_returned(struct bytes text, json_t **data, struct error **err)
{
    if (text.length == 0)
        return 0;
    *data = data_parse(text, err);
    return *data != NULL ? 0 : blame_peer(err, "the cloudInitData it returned");
}

/* Whether data that KubeVirt calls invalid, since they have no user data, are the result all the
 * same: they are whole, the sidecar got no user data either, and has not worked on the older form,
 * whose texts are legacy (NULL: none). */
static bool data_is_whole(json_t *data, json_t *before, json_t *legacy)
{
    bool has_meta = member_find(data, "NoCloudMetaData") != NULL ||
                    member_find(data, "ConfigDriveMetaData") != NULL;
    if (!has_meta || member_text(before, texts[USER].name)[0] != '\0')
        return false;
    return legacy == NULL ||
           (same_texts(legacy, before) && (has_texts(data) || !has_texts(before)));
}

/* before, with the texts of the older form. */
static char *legacy_apply(json_t *before, json_t *legacy)
{
    auto_json json_t *data = json_copy(before);
    for (size_t i = 0; i < TEXTS; i++)
        member_replace(data, texts[i].name, member_text(legacy, texts[i].name));
    return json_go_text(data);
}

int manager_cloud_init_result(struct bytes before, struct bytes data, struct bytes legacy,
    struct manager_cloud_init_result *result, struct error **err)
{
    if (data.length == 0 && legacy.length == 0)
        return error_set(err, ERROR_REMOTE, "it returned no cloud-init data");
    auto_json json_t *old = data_parse(before, err);
    auto_json json_t *value = NULL;
    auto_json json_t *older = NULL;
    if (old == NULL || data_returned(data, &value, err) < 0)
        return -1;
    bool valid = value != NULL && data_is_valid(value);
    if (!valid && legacy.length > 0) {
        older = legacy_parse(legacy, &result->warning, err);
        if (older == NULL)
            return blame_peer(err, "the cloudInitNoCloudSource it returned");
    }
    if (valid || (value != NULL && data_is_whole(value, old, older))) {
        result->data = xmemdup(data.data, data.length);
        result->length = data.length;
        return check_loss(old, value, &result->warning, err);
    }
    if (older == NULL)
        return error_set(err, ERROR_REMOTE,
            "the cloudInitData it returned lacks UserData, or both NoCloudMetaData and "
            "ConfigDriveMetaData, and there is no cloudInitNoCloudSource to use instead");
    result->data = legacy_apply(old, older);
    result->length = strlen(result->data);
    return check_loss(old, older, &result->warning, err);
}

void manager_cloud_init_result_clear(struct manager_cloud_init_result *result)
{
    free(result->data);
    free(result->warning);
    *result = (struct manager_cloud_init_result){0};
}
