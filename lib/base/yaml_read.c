#include "base/yaml_read.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_scalar.h"
#include "base/yaml_tag.h"

enum {
    MAX_COPIED = 16 * 1024 * 1024, /* bytes of strings that aliases repeat, in one stream */
    SHOWN_TEXT = 60, /* bytes of a key or scalar that a message repeats */
};

/* A value that aliases can repeat. */
struct yaml_anchor {
    char *name; /* owned */
    json_t *value; /* owned reference */
    struct yaml_node *node;
    size_t values; /* the number of its values, itself included */
    size_t bytes; /* the total length of its strings */
    size_t depth;
    UT_hash_handle hh;
};

static inline void cleanup_event(yaml_event_t *event)
{
    yaml_event_delete(event);
}
#define auto_event auto_cleanup(event)

void yaml_reader_init(struct yaml_reader *reader, const char *name, const char *text,
    const char *input, size_t length)
{
    *reader = (struct yaml_reader){.name = name, .max_depth = YAML_MAX_DEPTH};
    if (!yaml_parser_initialize(&reader->parser))
        abort(); /* out of memory */
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)input, length);
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_cursor_init(&reader->cursor, text, length);
}

static void forget_anchors(struct yaml_reader *reader)
{
    struct yaml_anchor *anchor = NULL;
    struct yaml_anchor *next = NULL;
    HASH_ITER (hh, reader->anchors, anchor, next) {
        HASH_DEL(reader->anchors, anchor);
        json_decref(anchor->value);
        free(anchor->name);
        free(anchor);
    }
}

void yaml_reader_clear(struct yaml_reader *reader)
{
    forget_anchors(reader);
    yaml_parser_delete(&reader->parser);
}

/* Sets an input error that begins with the place of mark. Returns -1. */
static int fail(struct yaml_reader *reader, yaml_mark_t mark, struct error **err,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

static int fail(
    struct yaml_reader *reader, yaml_mark_t mark, struct error **err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    yaml_cursor_seek(&reader->cursor, mark.index);
    struct yaml_place place = reader->cursor.place;
    reader->fault = (struct json_fault){
        .line = place.line, .column = place.column, .byte = reader->cursor.byte};
    if (reader->name == NULL)
        return error_set(err, ERROR_INPUT, "%s", message);
    return error_set(
        err, ERROR_INPUT, "%s:%zu:%zu: %s", reader->name, place.line, place.column, message);
}

/* Sets the error for what libyaml found wrong. */
static int fail_parser(struct yaml_reader *reader, struct error **err)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        abort();
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_READER_ERROR) {
        yaml_cursor_seek_byte(&reader->cursor, parser->problem_offset);
        mark.index = reader->cursor.character;
        return fail(reader, mark, err, "not valid YAML: %s (%#x)", parser->problem,
            (unsigned)parser->problem_value);
    }
    yaml_cursor_seek(&reader->cursor, mark.index);
    bool at_tab = reader->cursor.byte < reader->cursor.length &&
                  reader->cursor.text[reader->cursor.byte] == '\t';
    if (parser->context == NULL)
        return fail(reader, mark, err, "not valid YAML: %s", parser->problem);
    return fail(reader, mark, err, "not valid YAML: %s, %s from line %zu%s", parser->problem,
        parser->context, parser->context_mark.line + 1,
        at_tab ? " (there is a tab here; YAML is indented with spaces)" : "");
}

/* Whether an event is an alias, or has an anchor. */
static bool is_anchored(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return true;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL;
    default:
        return false;
    }
}

static int next_event(struct yaml_reader *reader, yaml_event_t *event, struct error **err)
{
    if (!yaml_parser_parse(&reader->parser, event))
        return fail_parser(reader, err);
    if (reader->plain && is_anchored(event))
        return fail(
            reader, event->start_mark, err, "anchors and aliases (& and *) are not allowed");
    return 0;
}

static struct yaml_node *record_place(struct yaml_reader *reader, const yaml_event_t *event,
    struct yaml_node *parent, const char *token)
{
    if (reader->plain)
        return NULL;
    struct yaml_node *node = yaml_places_add(reader->places, parent, token);
    yaml_cursor_seek(&reader->cursor, event->start_mark.index);
    struct yaml_place place = reader->cursor.place;
    size_t from = reader->cursor.byte;
    if (event->type == YAML_SCALAR_EVENT) {
        yaml_cursor_seek(&reader->cursor, event->end_mark.index);
        node->style = event->data.scalar.style;
    }
    node->place = place;
    node->from = from;
    node->to = reader->cursor.byte;
    return node;
}

static void keep_anchor(
    struct yaml_reader *reader, const yaml_char_t *name, struct yaml_anchor kept)
{
    if (name == NULL)
        return;
    struct yaml_anchor *anchor = NULL;
    HASH_FIND_STR(reader->anchors, (const char *)name, anchor);
    if (anchor == NULL) {
        anchor = xcalloc(1, sizeof(*anchor));
        anchor->name = xstrdup((const char *)name);
        HASH_ADD_KEYPTR(hh, reader->anchors, anchor->name, strlen(anchor->name), anchor);
    }
    json_decref(anchor->value);
    anchor->value = json_incref(kept.value);
    anchor->node = kept.node;
    anchor->values = kept.values;
    anchor->bytes = kept.bytes;
    anchor->depth = json_depth(kept.value, YAML_MAX_DEPTH);
}

static const struct yaml_anchor *find_anchor(
    struct yaml_reader *reader, const yaml_event_t *event, struct error **err)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct yaml_anchor *anchor = NULL;
    HASH_FIND_STR(reader->anchors, name, anchor);
    if (anchor == NULL) {
        auto_free char *shown = text_printable(name, strlen(name), SHOWN_TEXT);
        fail(reader, event->start_mark, err, "the alias *%s has no anchor &%s that ends before it",
            shown, shown);
    }
    return anchor;
}

static json_t *read_alias(struct yaml_reader *reader, const yaml_event_t *event,
    struct yaml_node *node, size_t depth, struct error **err)
{
    const struct yaml_anchor *anchor = find_anchor(reader, event, err);
    if (anchor == NULL)
        return NULL;
    reader->values += anchor->values;
    reader->bytes += anchor->bytes;
    reader->copied += anchor->bytes;
    bool too_deep = depth + anchor->depth > YAML_MAX_DEPTH;
    if (too_deep || reader->values > YAML_MAX_VALUES || reader->copied > MAX_COPIED) {
        if (too_deep)
            fail(reader, event->start_mark, err,
                "this alias makes the document deeper than %d levels", YAML_MAX_DEPTH);
        else
            fail(reader, event->start_mark, err,
                "aliases make the document larger than %d values or %d MiB of text",
                YAML_MAX_VALUES, MAX_COPIED / (1024 * 1024));
        return NULL;
    }
    yaml_node_set_target(node, anchor->node);
    return json_deep_copy(anchor->value);
}

/* The value of a scalar, which has no zero bytes. A new reference. */
static json_t *read_scalar(
    struct yaml_reader *reader, const yaml_event_t *event, struct error **err)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    const char *type = yaml_tag_type(event->data.scalar.tag);
    reader->bytes += length;
    if (strlen(text) != length) {
        fail(reader, event->start_mark, err, "the text contains a zero byte");
        return NULL;
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (type == NULL ? !plain : streq(type, "str") || streq(type, "timestamp"))
        return json_string(text);

    struct error *reason = NULL;
    auto_json json_t *value = yaml_scalar_resolve(text, &reason);
    if (value == NULL) {
        fail(reader, event->start_mark, err, "%s", reason->message);
        error_free(reason);
        return NULL;
    }
    if (type != NULL && !yaml_tag_fits(value, type)) {
        auto_free char *shown = text_printable(text, length, SHOWN_TEXT);
        auto_free char *tag = yaml_tag_shown(event->data.scalar.tag);
        fail(reader, event->start_mark, err, "\"%s\" cannot be read as the type %s", shown, tag);
        return NULL;
    }
    return steal(&value);
}

static json_t *read_node(struct yaml_reader *reader, const yaml_event_t *event,
    struct yaml_node *parent, const char *token, size_t depth, struct error **err);

static json_t *read_sequence(
    struct yaml_reader *reader, struct yaml_node *node, size_t depth, struct error **err)
{
    auto_json json_t *array = json_array();
    for (;;) {
        auto_event yaml_event_t event = {0};
        if (next_event(reader, &event, err) < 0)
            return NULL;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return steal(&array);
        auto_free char *token =
            reader->plain ? NULL : json_pointer_index("", json_array_size(array));
        json_t *item = read_node(reader, &event, node, token, depth, err);
        if (item == NULL)
            return NULL;
        json_array_append_new(array, item);
    }
}

/* A key as a string; converts an integer or a boolean as Kubernetes does. *is_merge tells whether
 * it is the merge key. Owned by the caller. */
static char *read_key(
    struct yaml_reader *reader, const yaml_event_t *event, bool *is_merge, struct error **err)
{
    auto_json json_t *key = NULL;
    if (event->type == YAML_ALIAS_EVENT) {
        const struct yaml_anchor *anchor = find_anchor(reader, event, err);
        if (anchor == NULL)
            return NULL;
        key = json_incref(anchor->value);
    } else if (event->type == YAML_SCALAR_EVENT) {
        const char *tag = yaml_tag_type(event->data.scalar.tag);
        *is_merge = streq((const char *)event->data.scalar.value, "<<") &&
                    (tag == NULL ? event->data.scalar.plain_implicit : streq(tag, "merge"));
        key = *is_merge ? json_string("<<") : read_scalar(reader, event, err);
        if (key == NULL)
            return NULL;
        keep_anchor(reader, event->data.scalar.anchor,
            (struct yaml_anchor){.value = key, .values = 1, .bytes = event->data.scalar.length});
    }
    switch (key != NULL ? json_typeof(key) : JSON_NULL) {
    case JSON_STRING:
        return xstrdup(json_string_value(key));
    case JSON_INTEGER:
        return xasprintf("%lld", (long long)json_integer_value(key));
    case JSON_TRUE:
    case JSON_FALSE:
        return xstrdup(json_is_true(key) ? "true" : "false");
    default:
        break;
    }
    fail(reader, event->start_mark, err, "a key must be a string; quote it if it is one");
    return NULL;
}

/* Adds the members of source, which is at source_node, that object does not have. Returns 0, or -1
 * if source is not a mapping. */
static int merge_one(struct yaml_reader *reader, struct yaml_node *node, json_t *object,
    struct yaml_node *source_node, json_t *source)
{
    if (!json_is_object(source))
        return -1;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (source, key, value) {
        if (json_object_get(object, key) != NULL)
            continue;
        auto_free char *token = json_pointer_join("", key);
        struct yaml_node *from = yaml_places_child(reader->places, source_node, token);
        struct yaml_node *to = yaml_places_add(reader->places, node, token);
        to->place = from->place;
        yaml_node_set_target(to, from);
        json_object_set(object, key, value);
    }
    return 0;
}

/* Merges the value of the merge key: a mapping, or a sequence of mappings of which earlier ones
 * win. Source: https://yaml.org/type/merge.html */
static int merge_all(
    struct yaml_reader *reader, struct yaml_node *node, json_t *object, json_t *merged)
{
    struct yaml_node *merged_node = yaml_places_child(reader->places, node, "/<<");
    if (!json_is_array(merged))
        return merge_one(reader, node, object, merged_node, merged);
    size_t index = 0;
    json_t *source = NULL;
    json_array_foreach (merged, index, source) {
        auto_free char *token = json_pointer_index("", index);
        struct yaml_node *source_node = yaml_places_child(reader->places, merged_node, token);
        if (merge_one(reader, node, object, source_node, source) < 0)
            return -1;
    }
    return 0;
}

/* Checks that a key is the first of its name in a mapping, and in plain text no merge key. Returns
 * 0, or -1. */
static int check_key(struct yaml_reader *reader, yaml_mark_t mark, const char *key, bool is_merge,
    const struct yaml_node *first, bool again, struct error **err)
{
    if (reader->plain && is_merge)
        return fail(reader, mark, err, "the merge key << is not allowed");
    if (first == NULL && !again)
        return 0;
    auto_free char *shown = text_printable(key, strlen(key), SHOWN_TEXT);
    if (first == NULL)
        return fail(reader, mark, err, "duplicate key \"%s\"", shown);
    return fail(
        reader, mark, err, "duplicate key \"%s\", first on line %zu", shown, first->place.line);
}

static json_t *read_mapping(
    struct yaml_reader *reader, struct yaml_node *node, size_t depth, struct error **err)
{
    auto_json json_t *object = json_object();
    auto_json json_t *merged = NULL;
    yaml_mark_t merged_at = {0};
    for (;;) {
        auto_event yaml_event_t key_event = {0};
        auto_event yaml_event_t event = {0};
        bool is_merge = false;
        if (next_event(reader, &key_event, err) < 0)
            return NULL;
        if (key_event.type == YAML_MAPPING_END_EVENT)
            break;
        auto_free char *key = read_key(reader, &key_event, &is_merge, err);
        if (key == NULL)
            return NULL;
        auto_free char *token = reader->plain ? NULL : json_pointer_join("", key);
        const struct yaml_node *first =
            token != NULL ? yaml_places_child(reader->places, node, token) : NULL;
        bool again = token == NULL && json_object_get(object, key) != NULL;
        if (check_key(reader, key_event.start_mark, key, is_merge, first, again, err) < 0 ||
            next_event(reader, &event, err) < 0)
            return NULL;
        json_t *value = read_node(reader, &event, node, token, depth, err);
        if (value == NULL)
            return NULL;
        if (is_merge) {
            merged = value;
            merged_at = event.start_mark;
        } else {
            json_object_set_new(object, key, value);
        }
    }
    if (merged != NULL && merge_all(reader, node, object, merged) < 0) {
        fail(reader, merged_at, err, "the merge key << takes a mapping or a list of mappings");
        return NULL;
    }
    return steal(&object);
}

/* Checks the limits and the tag of a sequence or mapping. */
static int check_collection(struct yaml_reader *reader, const yaml_event_t *event,
    const yaml_char_t *tag, const char *type, size_t depth, struct error **err)
{
    const char *asked = yaml_tag_type(tag);
    if (depth > reader->max_depth)
        return fail(
            reader, event->start_mark, err, "nested deeper than %zu levels", reader->max_depth);
    if (asked != NULL && !streq((const char *)tag, "!") && !streq(asked, type)) {
        auto_free char *shown = yaml_tag_shown(tag);
        return fail(reader, event->start_mark, err, "the tag %s is not supported here", shown);
    }
    return 0;
}

/* Reads the value that begins with event, at token below parent; depth is its nesting depth. A new
 * reference. */
static json_t *read_node(struct yaml_reader *reader, const yaml_event_t *event,
    struct yaml_node *parent, const char *token, size_t depth, struct error **err)
{
    size_t values_before = reader->values;
    size_t bytes_before = reader->bytes;
    struct yaml_node *node = record_place(reader, event, parent, token);
    const yaml_char_t *anchor = NULL;
    json_t *value = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event, node, depth, err);
    if (++reader->values > YAML_MAX_VALUES) {
        fail(reader, event->start_mark, err, "more than %d values", YAML_MAX_VALUES);
        return NULL;
    }
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        value = read_scalar(reader, event, err);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        const yaml_char_t *tag = event->data.sequence_start.tag;
        if (check_collection(reader, event, tag, "seq", depth + 1, err) == 0)
            value = read_sequence(reader, node, depth + 1, err);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        const yaml_char_t *tag = event->data.mapping_start.tag;
        if (check_collection(reader, event, tag, "map", depth + 1, err) == 0)
            value = read_mapping(reader, node, depth + 1, err);
    }
    if (value != NULL)
        keep_anchor(reader, anchor,
            (struct yaml_anchor){
                .value = value,
                .node = node,
                .values = reader->values - values_before,
                .bytes = reader->bytes - bytes_before,
            });
    return value;
}

int yaml_reader_document(
    struct yaml_reader *reader, json_t **root, struct yaml_places **places, struct error **err)
{
    auto_event yaml_event_t start = {0};
    auto_event yaml_event_t event = {0};
    auto_event yaml_event_t end = {0};
    if (next_event(reader, &start, err) < 0)
        return -1;
    if (start.type == YAML_STREAM_START_EVENT)
        return yaml_reader_document(reader, root, places, err);
    if (start.type == YAML_STREAM_END_EVENT)
        return 0;
    reader->document = start.start_mark;
    if (next_event(reader, &event, err) < 0)
        return -1;
    *places = reader->places = reader->plain ? NULL : yaml_places_new(reader->cursor.text);
    forget_anchors(reader);
    bool empty = event.type == YAML_SCALAR_EVENT && event.data.scalar.length == 0 &&
                 event.data.scalar.plain_implicit;
    if (!empty) {
        *root = read_node(reader, &event, NULL, "", 0, err);
        if (*root == NULL)
            return -1;
    }
    return next_event(reader, &end, err) < 0 ? -1 : 1;
}
