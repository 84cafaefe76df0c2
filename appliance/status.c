#include "appliance/status.h"

#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/text.h"

/* Longer texts are cut, because whoever writes a status decides how long they are. */
enum { MAX_WORDS = 2000 };

static const json_t *status_of(const json_t *object)
{
    return json_object_get(object, "status");
}

const json_t *appliance_status_condition(const json_t *object, const char *type)
{
    size_t index;
    json_t *condition;
    json_array_foreach (json_object_get(status_of(object), "conditions"), index, condition) {
        if (streq(text_or(json_get_string(condition, "type"), ""), type))
            return condition;
    }
    return NULL;
}

bool appliance_status_is_true(const json_t *object, const char *type)
{
    const char *status = json_get_string(appliance_status_condition(object, type), "status");
    return status != NULL && streq(status, "True");
}

const char *appliance_status_words(const json_t *condition)
{
    const char *message = json_get_string(condition, "message");
    if (message != NULL && message[0] != '\0')
        return message;
    return text_or(json_get_string(condition, "reason"), "");
}

static void append(UT_string *all, const char *text)
{
    utstring_printf(all, "%s%s", utstring_len(all) > 0 ? "; " : "", text);
}

static void append_condition(UT_string *all, const json_t *condition)
{
    const char *words = appliance_status_words(condition);
    auto_free char *text =
        xasprintf("%s is %s%s%s%s", text_or(json_get_string(condition, "type"), "a condition"),
            text_or(json_get_string(condition, "status"), "Unknown"), words[0] != '\0' ? " (" : "",
            words, words[0] != '\0' ? ")" : "");
    append(all, text);
}

char *appliance_status_all(const json_t *object)
{
    UT_string all;
    size_t index;
    json_t *condition;
    const char *message = appliance_status_error(object);
    utstring_init(&all);
    if (message != NULL)
        append(&all, message);
    json_array_foreach (json_object_get(status_of(object), "conditions"), index, condition) {
        if (utstring_len(&all) < MAX_WORDS)
            append_condition(&all, condition);
    }
    char *text = text_printable(utstring_body(&all), utstring_len(&all), MAX_WORDS);
    utstring_done(&all);
    return text;
}

const char *appliance_status_text(const json_t *object, const char *key)
{
    return text_or(json_get_string(status_of(object), key), "");
}

const char *appliance_status_error(const json_t *object)
{
    return json_get_string(json_object_get(status_of(object), "error"), "message");
}

bool appliance_status_is_ending(const json_t *object)
{
    return json_get_string(json_object_get(object, "metadata"), "deletionTimestamp") != NULL;
}

bool appliance_status_is_running(const json_t *vm)
{
    return json_is_true(json_object_get(status_of(vm), "created"));
}

int appliance_status_fail(const char *what, const char *words, struct error **err)
{
    auto_free char *shown = text_printable(words, strlen(words), MAX_WORDS);
    return error_set(err, ERROR_REMOTE, "%s%s%s", what, shown[0] != '\0' ? ": " : "", shown);
}
