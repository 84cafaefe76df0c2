#include "controller/appliance/authorization.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"

static const char code_member[] = "code";
static const char time_member[] = "time";

/* The members that are strings, in the order in which they are written. */
static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    {"vm", offsetof(struct controller_authorization, vm)},
    {"dataSource", offsetof(struct controller_authorization, data_source)},
    {"uid", offsetof(struct controller_authorization, uid)},
    {"resourceVersion", offsetof(struct controller_authorization, version)},
    {"user", offsetof(struct controller_authorization, user)},
    {"nonce", offsetof(struct controller_authorization, nonce)},
    {"denied", offsetof(struct controller_authorization, denied)},
    {"objects", offsetof(struct controller_authorization, objects)},
};

static char **member(const struct controller_authorization *authorization, size_t i)
{
    return (char **)((char *)authorization + texts[i].offset);
}

char *controller_authorization_nonce(void)
{
    char *nonce = xcalloc(CONTROLLER_NONCE_DIGITS + 1, 1);
    arc4random_buf(nonce, CONTROLLER_NONCE_DIGITS);
    for (size_t i = 0; i < CONTROLLER_NONCE_DIGITS; i++)
        nonce[i] = "0123456789abcdef"[nonce[i] & 15];
    return nonce;
}

/* What the code is of: every member, in order, as JSON, so that none runs into the next. Owned by
 * the caller. */
static char *coded_text(const struct controller_authorization *authorization)
{
    auto_json json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        json_array_append_new(list, json_string(*member(authorization, i)));
    json_array_append_new(list, json_integer(authorization->time));
    return json_write(list);
}

char *controller_authorization_write(
    const struct controller_authorization *authorization, const struct controller_key *key)
{
    auto_json json_t *object = json_object();
    auto_free char *coded = coded_text(authorization);
    auto_free char *code = controller_key_digits(key, CONTROLLER_KEY_AUTHORIZATION, coded);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        json_object_set_new(object, texts[i].name, json_string(*member(authorization, i)));
    json_object_set_new(object, time_member, json_integer(authorization->time));
    json_object_set_new(object, code_member, json_string(code));
    return json_write(object);
}

/* Whether two texts are equal; takes the same time wherever they differ. */
static bool is_same_code(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned char difference = 0;
    if (strlen(b) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

/* Copies the members of object. */
static int take(
    struct controller_authorization *authorization, const json_t *object, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *text = json_get_string(object, texts[i].name);
        if (text == NULL)
            return error_set(err, ERROR_INPUT, "it has no %s", texts[i].name);
        *member(authorization, i) = xstrdup(text);
    }
    const json_t *time = json_object_get(object, time_member);
    if (!json_is_integer(time))
        return error_set(err, ERROR_INPUT, "it has no %s", time_member);
    authorization->time = json_integer_value(time);
    return 0;
}

/* Checks that it is for a VM that was created at that time. */
static int check_use(const struct controller_authorization *authorization, const char *vm,
    time_t created, struct error **err)
{
    long long since = (long long)created - authorization->time;
    if (!streq(authorization->vm, vm))
        return error_set(err, ERROR_POLICY, "it is that of the VM %s", authorization->vm);
    if (since < -CONTROLLER_AUTHORIZATION_SLACK || since > CONTROLLER_AUTHORIZATION_SLACK)
        return error_set(err, ERROR_POLICY, "it is that of an earlier VM of this name");
    return 0;
}

int controller_authorization_read(struct controller_authorization *authorization, const char *text,
    const char *vm, time_t created, const struct controller_key *key, struct error **err)
{
    enum { DEPTH = 2 };
    *authorization = (struct controller_authorization){0};
    if (strlen(text) > CONTROLLER_AUTHORIZATION_MAX_BYTES)
        return error_set(
            err, ERROR_INPUT, "it has more than %d bytes", CONTROLLER_AUTHORIZATION_MAX_BYTES);
    auto_json json_t *object = json_parse(text, strlen(text), DEPTH, err);
    if (object == NULL || take(authorization, object, err) < 0)
        return -1;
    auto_free char *coded = coded_text(authorization);
    auto_free char *code = controller_key_digits(key, CONTROLLER_KEY_AUTHORIZATION, coded);
    if (!is_same_code(text_or(json_get_string(object, code_member), ""), code))
        return error_set(err, ERROR_POLICY, "hook-controller has not written it");
    return check_use(authorization, vm, created, err);
}

void controller_authorization_clear(struct controller_authorization *authorization)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        free(*member(authorization, i));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of the objects makes no difference: caches have none. */
char *controller_authorization_objects(const json_t *objects, const struct controller_key *key)
{
    size_t count = json_array_size(objects);
    char **items = xcalloc(count + 1, sizeof(*items));
    UT_string all;
    utstring_init(&all);
    for (size_t i = 0; i < count; i++)
        items[i] = json_write_sorted(json_array_get(objects, i));
    qsort(items, count, sizeof(*items), compare_texts);
    for (size_t i = 0; i < count; i++) {
        utstring_printf(&all, "%s\n", items[i]);
        free_secret(items[i], strlen(items[i]));
    }
    free(items);
    char *digits = controller_key_digits(key, CONTROLLER_KEY_OBJECTS, utstring_body(&all));
    explicit_bzero(utstring_body(&all), utstring_len(&all));
    utstring_done(&all);
    return digits;
}
