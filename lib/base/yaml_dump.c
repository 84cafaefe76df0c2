#include "base/yaml_dump.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>
#include <yaml.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_scalar.h"

static int append(void *out, unsigned char *data, size_t length)
{
    utstring_bincpy((UT_string *)out, data, length);
    return 1;
}

/* Passes an event to the emitter. initialized is the result of the event's initializer. */
static int emit(yaml_emitter_t *emitter, yaml_event_t *event, int initialized, struct error **err)
{
    if (initialized && yaml_emitter_emit(emitter, event))
        return 0;
    return error_set(err, ERROR_INTERNAL, "writing YAML: %s",
        emitter->problem != NULL ? emitter->problem : "a string is not UTF-8");
}

/* Whether text is a timestamp or a number in base 60 ("52:54:00") in YAML 1.1. Kubernetes reads it
 * as a string, but other readers do not. */
static bool is_time_or_sexagesimal(const char *text)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    return isdigit((unsigned char)digits[0]) && strpbrk(digits, ":-") != NULL &&
           digits[strspn(digits, "+-.:_0123456789TtZz ")] == '\0';
}

/* A style in which the string is read back unchanged; the emitter itself quotes where plain or
 * literal text is not possible. */
static yaml_scalar_style_t string_style(const char *text)
{
    if (strchr(text, '\n') != NULL) {
        bool starts_blank = strchr(" \t\r\n", text[0]) != NULL;
        return starts_blank || strchr(text, '\r') != NULL ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                                          : YAML_LITERAL_SCALAR_STYLE;
    }
    auto_json json_t *value = yaml_scalar_resolve(text, NULL);
    bool ambiguous = !json_is_string(value) || is_time_or_sexagesimal(text) || streq(text, "<<") ||
                     streq(text, "=");
    return ambiguous ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
}

static int emit_scalar(yaml_emitter_t *emitter, const char *text, size_t length,
    yaml_scalar_style_t style, struct error **err)
{
    yaml_event_t event;
    int initialized = yaml_scalar_event_initialize(
        &event, NULL, NULL, (const yaml_char_t *)text, (int)length, 1, 1, style);
    return emit(emitter, &event, initialized, err);
}

/* Emits a real number with the fewest digits that read back the same. */
static int emit_real(yaml_emitter_t *emitter, double value, struct error **err)
{
    enum { DIGITS = 15, ENOUGH_DIGITS = 17 };
    char text[40];
    for (int digits = DIGITS; digits <= ENOUGH_DIGITS; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return emit_scalar(emitter, text, strlen(text), YAML_PLAIN_SCALAR_STYLE, err);
}

static int emit_value(yaml_emitter_t *emitter, const json_t *value, struct error **err);

static int emit_array(yaml_emitter_t *emitter, const json_t *array, struct error **err)
{
    yaml_event_t event;
    int initialized =
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    if (emit(emitter, &event, initialized, err) < 0)
        return -1;
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (array, index, item) {
        if (emit_value(emitter, item, err) < 0)
            return -1;
    }
    initialized = yaml_sequence_end_event_initialize(&event);
    return emit(emitter, &event, initialized, err);
}

static int emit_object(yaml_emitter_t *emitter, const json_t *object, struct error **err)
{
    yaml_event_t event;
    int initialized =
        yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    if (emit(emitter, &event, initialized, err) < 0)
        return -1;
    const char *key = NULL;
    json_t *value = NULL;
    /* json_object_foreach does not take a const object, but does not change it */
    json_object_foreach ((json_t *)object, key, value) {
        if (emit_scalar(emitter, key, strlen(key), string_style(key), err) < 0 ||
            emit_value(emitter, value, err) < 0)
            return -1;
    }
    initialized = yaml_mapping_end_event_initialize(&event);
    return emit(emitter, &event, initialized, err);
}

static int emit_value(yaml_emitter_t *emitter, const json_t *value, struct error **err)
{
    char number[32];
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return emit_object(emitter, value, err);
    case JSON_ARRAY:
        return emit_array(emitter, value, err);
    case JSON_STRING:
        return emit_scalar(emitter, json_string_value(value), json_string_length(value),
            string_style(json_string_value(value)), err);
    case JSON_INTEGER:
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        return emit_scalar(emitter, number, strlen(number), YAML_PLAIN_SCALAR_STYLE, err);
    case JSON_REAL:
        return emit_real(emitter, json_real_value(value), err);
    case JSON_TRUE:
        return emit_scalar(emitter, "true", strlen("true"), YAML_PLAIN_SCALAR_STYLE, err);
    case JSON_FALSE:
        return emit_scalar(emitter, "false", strlen("false"), YAML_PLAIN_SCALAR_STYLE, err);
    case JSON_NULL:
        break;
    }
    return emit_scalar(emitter, "null", strlen("null"), YAML_PLAIN_SCALAR_STYLE, err);
}

static int emit_document(yaml_emitter_t *emitter, const json_t *value, struct error **err)
{
    yaml_event_t event;
    int initialized = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    if (emit(emitter, &event, initialized, err) < 0)
        return -1;
    initialized = yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    if (emit(emitter, &event, initialized, err) < 0 || emit_value(emitter, value, err) < 0)
        return -1;
    initialized = yaml_document_end_event_initialize(&event, 1);
    if (emit(emitter, &event, initialized, err) < 0)
        return -1;
    initialized = yaml_stream_end_event_initialize(&event);
    return emit(emitter, &event, initialized, err);
}

char *yaml_dump(const json_t *value, struct error **err)
{
    UT_string out;
    yaml_emitter_t emitter;
    if (!yaml_emitter_initialize(&emitter))
        abort(); /* out of memory */
    utstring_init(&out);
    yaml_emitter_set_output(&emitter, append, &out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    int status = emit_document(&emitter, value, err);
    yaml_emitter_delete(&emitter);
    if (status < 0) {
        utstring_done(&out);
        return NULL;
    }
    return utstring_body(&out);
}
