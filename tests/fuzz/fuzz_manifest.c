/* A manifest is read; every value, and every value of JSON in its strings, is located; the result
 * is written and read again. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "base/yaml_dump.h"
#include "base/yaml_read.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The last line of the text, counted from 1. */
static size_t last_line(const uint8_t *data, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

static void check_places(const struct yaml_document *document, const json_t *value,
    const char *pointer, const json_t *inner, const char *inner_pointer, size_t last);

/* Locates each member of container, which is value itself or part of the JSON in its string. */
static void check_members(const struct yaml_document *document, const json_t *value,
    const char *pointer, const json_t *inner, const char *inner_pointer, size_t last)
{
    const json_t *container = inner != NULL ? inner : value;
    const char *base = inner != NULL ? inner_pointer : pointer;
    size_t index = 0;
    const char *key = NULL;
    json_t *member = NULL;
    json_array_foreach (container, index, member) {
        auto_free char *place = json_pointer_index(base, index);
        check_places(document, inner != NULL ? value : member, inner != NULL ? pointer : place,
            inner != NULL ? member : NULL, inner != NULL ? place : NULL, last);
    }
    json_object_foreach ((json_t *)container, key, member) {
        auto_free char *place = json_pointer_join(base, key);
        check_places(document, inner != NULL ? value : member, inner != NULL ? pointer : place,
            inner != NULL ? member : NULL, inner != NULL ? place : NULL, last);
    }
}

static void check_places(const struct yaml_document *document, const json_t *value,
    const char *pointer, const json_t *inner, const char *inner_pointer, size_t last)
{
    struct yaml_place place = inner != NULL ? yaml_place_inside(document, pointer, inner_pointer)
                                            : yaml_place_of(document, pointer);
    check(place.line <= last && (place.line == 0) == (place.column == 0));
    if (inner == NULL && json_is_string(value)) {
        struct json_fault fault;
        auto_json json_t *json = json_parse_placed(
            json_string_value(value), json_string_length(value), YAML_MAX_DEPTH, &fault, NULL);
        if (json != NULL)
            check_places(document, value, pointer, json, "", last);
        else
            check(yaml_place_of_byte(document, pointer, fault.byte).line <= last);
    }
    check_members(document, value, pointer, inner, inner_pointer, last);
}

/* The written document reads back as the same; compared as text, because 1.0 is written and read as
 * 1. */
static void check_dump(const json_t *value)
{
    auto_free char *text = yaml_dump(value, NULL);
    check(text != NULL && text_is_utf8(text, strlen(text), NULL));
    struct yaml_stream stream = {0};
    check(yaml_parse("dump", text, strlen(text), &stream, NULL) == 0);
    check(stream.count == 1);
    auto_free char *again = yaml_dump(stream.documents[0].root, NULL);
    check(again != NULL && streq(text, again));
    yaml_stream_clear(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream = {0};
    auto_error struct error *err = NULL;
    int status = yaml_parse("manifest", (const char *)data, size, &stream, &err);
    check((status < 0) == (err != NULL));
    check(status == 0 || (stream.count == 0 && text_starts_with(err->message, "manifest:")));
    check(err == NULL || text_is_utf8(err->message, strlen(err->message), NULL));
    for (size_t i = 0; i < stream.count; i++) {
        check(json_depth(stream.documents[i].root, YAML_MAX_DEPTH + 1) <= YAML_MAX_DEPTH);
        check_places(
            &stream.documents[i], stream.documents[i].root, "", NULL, NULL, last_line(data, size));
        check_dump(stream.documents[i].root);
    }
    yaml_stream_clear(&stream);
    return 0;
}
