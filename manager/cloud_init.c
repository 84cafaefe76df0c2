#include "manager/cloud_init.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/json_go.h"
#include "base/text.h"

/* The text of a string member; "" when it is missing. Borrowed. */
static const char *member_text(json_t *object, const char *name)
{
    const json_t *member = manager_cloud_init_member(object, name);
    return member != NULL ? json_string_value(member) : "";
}

/* Checks that the named members are strings or missing. */
static int check_strings(json_t *object, const char *const *names, size_t count, struct error **err)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *member = manager_cloud_init_member(object, names[i]);
        if (member != NULL && !json_is_string(member))
            return error_set(
                err, ERROR_INPUT, "%s must be a string, not %s", names[i], json_kind(member));
    }
    return 0;
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
    auto_json json_t *value = manager_cloud_init_data_parse(data, NULL, err);
    return value != NULL ? manager_cloud_init_data_check_source(value, err) : -1;
}

/* Go leaves out empty members. */
static void set_unless_empty(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

char *manager_cloud_init_legacy(struct bytes data, struct error **err)
{
    auto_json json_t *value = manager_cloud_init_data_parse(data, NULL, err);
    if (value == NULL)
        return NULL;
    auto_json json_t *legacy = json_object();
    set_unless_empty(legacy, "userData", member_text(value, "UserData"));
    set_unless_empty(legacy, "networkData", member_text(value, "NetworkData"));
    return json_go_text(legacy);
}

#define DATA_RETURNED "the cloudInitData it returned"

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
    const json_t *member = manager_cloud_init_member(legacy, name);
    auto_free char *data = NULL;
    size_t length = 0;
    if (base64_decode(json_string_value(member), json_string_length(member), &data, &length, err) <
        0) {
        error_wrap(err, "%s", name);
        return NULL;
    }
    if (memchr(data, '\0', length) != NULL) {
        error_set(err, ERROR_INPUT, "%s: it contains a zero byte", name);
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
    if (manager_cloud_init_member(legacy, texts[which].secret) != NULL) {
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
static int data_returned(struct bytes text, json_t **data, bool *respelled, struct error **err)
{
    if (text.length == 0)
        return 0;
    *data = manager_cloud_init_data_parse(text, respelled, err);
    return *data != NULL ? 0 : blame_peer(err, DATA_RETURNED);
}

static bool has_metadata(json_t *data)
{
    return manager_cloud_init_member(data, "NoCloudMetaData") != NULL ||
           manager_cloud_init_member(data, "ConfigDriveMetaData") != NULL;
}

/* KubeVirt's IsValidCloudInitData. */
static bool data_is_valid(json_t *data)
{
    return member_text(data, "UserData")[0] != '\0' && has_metadata(data);
}

/* Whether data that KubeVirt calls invalid, since they have no user data, are the result all the
 * same: they are whole, the sidecar got no user data either, and has not worked on the older form,
 * whose texts are legacy (NULL: none). */
static bool data_is_whole(json_t *data, json_t *before, json_t *legacy)
{
    if (!has_metadata(data) || member_text(before, texts[USER].name)[0] != '\0')
        return false;
    return legacy == NULL ||
           (same_texts(legacy, before) && (has_texts(data) || !has_texts(before)));
}

/* Takes returned data as the result: to the byte, unless their names are respelled. */
static int take_data(json_t *before, json_t *value, struct bytes data, bool respelled,
    struct manager_cloud_init_result *result, struct error **err)
{
    if (manager_cloud_init_data_check_source(value, err) < 0)
        return blame_peer(err, DATA_RETURNED);
    result->data = respelled ? json_go_text(value) : xmemdup(data.data, data.length);
    result->length = respelled ? strlen(result->data) : data.length;
    return check_loss(before, value, &result->warning, err);
}

/* Takes before, with the texts of the older form, as the result. */
static int take_older(json_t *before, json_t *older, bool is_alone,
    struct manager_cloud_init_result *result, struct error **err)
{
    auto_json json_t *data = json_copy(before);
    for (size_t i = 0; i < TEXTS; i++)
        json_object_set_new(data, texts[i].name, json_string(member_text(older, texts[i].name)));
    result->data = json_go_text(data);
    result->length = strlen(result->data);
    if (is_alone)
        warn(&result->warning, "its cloudInitData is empty, which KubeVirt refuses even beside "
                               "cloudInitNoCloudSource: it should be null or {}");
    return check_loss(before, older, &result->warning, err);
}

/* What the returned data lack, of which there is no other form to take. */
static int refuse_data(json_t *value, struct error **err)
{
    const char *lack = has_metadata(value) ? "it has no UserData, which it got"
                       : member_text(value, texts[USER].name)[0] != '\0'
                           ? "it has neither NoCloudMetaData nor ConfigDriveMetaData"
                           : "it has no UserData, and neither NoCloudMetaData nor "
                             "ConfigDriveMetaData";
    return error_set(err, ERROR_REMOTE,
        DATA_RETURNED ": %s; and there is no cloudInitNoCloudSource to use instead", lack);
}

int manager_cloud_init_result(struct bytes before, struct bytes data, struct bytes legacy,
    struct manager_cloud_init_result *result, struct error **err)
{
    if (data.length == 0 && legacy.length == 0)
        return error_set(err, ERROR_REMOTE, "it returned no cloud-init data");
    bool respelled = false;
    auto_json json_t *old = manager_cloud_init_data_parse(before, NULL, err);
    auto_json json_t *value = NULL;
    auto_json json_t *older = NULL;
    if (old == NULL || data_returned(data, &value, &respelled, err) < 0)
        return -1;
    bool valid = value != NULL && data_is_valid(value);
    if (!valid && legacy.length > 0) {
        older = legacy_parse(legacy, &result->warning, err);
        if (older == NULL)
            return blame_peer(err, "the cloudInitNoCloudSource it returned");
    }
    if (valid || (value != NULL && data_is_whole(value, old, older)))
        return take_data(old, value, data, respelled, result, err);
    return older != NULL ? take_older(old, older, value == NULL, result, err)
                         : refuse_data(value, err);
}

void manager_cloud_init_result_clear(struct manager_cloud_init_result *result)
{
    free(result->data);
    free(result->warning);
    *result = (struct manager_cloud_init_result){0};
}
