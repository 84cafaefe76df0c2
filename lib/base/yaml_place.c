#include "base/yaml_place.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/yaml_align.h"

enum { ADDRESS_SIZE = sizeof(void *) };

/* The places within a string that is itself JSON. */
struct inner {
    struct yaml_places *places; /* positions are in the string; owned */
    struct yaml_place *where; /* of each byte of the string, in the file; NULL: unknown; owned */
};

/* What a node is found by. It keeps the table as large as the document, where whole pointers as
 * keys would grow with its depth. */
struct node_key {
    const struct yaml_node *parent;
    char token[];
};

struct yaml_node {
    struct node_key *key; /* owned */
    struct yaml_place place;
    size_t from; /* the value is text[from, to), with its anchor and tag */
    size_t to;
    yaml_scalar_style_t style; /* YAML_ANY_SCALAR_STYLE: no scalar */
    struct yaml_node *target; /* which has none itself; or NULL */
    struct inner *inner; /* made when first asked for */
    UT_hash_handle hh;
};

struct yaml_places {
    const char *text;
    struct yaml_node *nodes;
};

void yaml_cursor_init(struct yaml_cursor *cursor, const char *text, size_t length)
{
    *cursor = (struct yaml_cursor){.text = text, .length = length, .place = {1, 1}};
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

void yaml_cursor_advance(struct yaml_cursor *cursor)
{
    if (cursor->byte == cursor->length)
        return;
    if (cursor->text[cursor->byte] == '\n') {
        cursor->place.line++;
        cursor->place.column = 1;
    } else {
        cursor->place.column++;
    }
    cursor->character++;
    do
        cursor->byte++;
    while (cursor->byte < cursor->length && is_continuation(cursor->text[cursor->byte]));
}

void yaml_cursor_seek(struct yaml_cursor *cursor, size_t character)
{
    if (character < cursor->character)
        yaml_cursor_init(cursor, cursor->text, cursor->length);
    while (cursor->character < character && cursor->byte < cursor->length)
        yaml_cursor_advance(cursor);
}

void yaml_cursor_seek_byte(struct yaml_cursor *cursor, size_t byte)
{
    if (byte < cursor->byte)
        yaml_cursor_init(cursor, cursor->text, cursor->length);
    while (cursor->byte < byte && cursor->byte < cursor->length)
        yaml_cursor_advance(cursor);
}

struct yaml_places *yaml_places_new(const char *text)
{
    struct yaml_places *places = xcalloc(1, sizeof(*places));
    places->text = text;
    return places;
}

static void inner_free(struct inner *inner)
{
    if (inner == NULL)
        return;
    yaml_places_free(inner->places);
    free(inner->where);
    free(inner);
}

void yaml_places_free(struct yaml_places *places)
{
    if (places == NULL)
        return;
    struct yaml_node *node = places->nodes;
    HASH_CLEAR(hh, places->nodes); /* leaves the nodes and their order as they are */
    while (node != NULL) {
        struct yaml_node *next = node->hh.next;
        inner_free(node->inner);
        free(node->key);
        free(node);
        node = next;
    }
    free(places);
}

/* Owned by the caller. */
static struct node_key *key_new(const struct yaml_node *parent, const char *token, size_t length)
{
    struct node_key *key = xmalloc(sizeof(*key) + length);
    key->parent = parent;
    memcpy(key->token, token, length);
    return key;
}

struct yaml_node *yaml_places_add(
    struct yaml_places *places, struct yaml_node *parent, const char *token)
{
    struct yaml_node *node = xcalloc(1, sizeof(*node));
    size_t length = strlen(token);
    node->key = key_new(parent, token, length);
    HASH_ADD_KEYPTR(hh, places->nodes, node->key, sizeof(*node->key) + length, node);
    return node;
}

static struct yaml_node *child_of(const struct yaml_places *places, const struct yaml_node *parent,
    const char *token, size_t length)
{
    bool repeats = parent != NULL && parent->target != NULL;
    auto_free struct node_key *key = key_new(repeats ? parent->target : parent, token, length);
    struct yaml_node *node = NULL;
    HASH_FIND(hh, places->nodes, key, sizeof(*key) + length, node);
    return node;
}

struct yaml_node *yaml_places_child(
    const struct yaml_places *places, const struct yaml_node *parent, const char *token)
{
    return child_of(places, parent, token, strlen(token));
}

void yaml_node_set_extent(struct yaml_node *node, struct yaml_place place, size_t from, size_t to)
{
    node->place = place;
    node->from = from;
    node->to = to;
}

void yaml_node_set_style(struct yaml_node *node, yaml_scalar_style_t style)
{
    node->style = style;
}

void yaml_node_set_target(struct yaml_node *node, struct yaml_node *target)
{
    bool repeats = target != NULL && target->target != NULL;
    node->target = repeats ? target->target : target;
}

struct yaml_place yaml_node_place(const struct yaml_node *node)
{
    return node->place;
}

/* The node at pointer, or the nearest above it; *exact tells which. NULL in an empty tree. */
static struct yaml_node *node_at(const struct yaml_places *places, const char *pointer, bool *exact)
{
    struct yaml_node *node = yaml_places_child(places, NULL, "");
    *exact = node != NULL;
    while (node != NULL && *pointer == '/') {
        size_t length = 1 + strcspn(pointer + 1, "/");
        struct yaml_node *child = child_of(places, node, pointer, length);
        if (child == NULL) {
            *exact = false;
            break;
        }
        node = child;
        pointer += length;
    }
    return node;
}

struct yaml_place yaml_place_of(const struct yaml_document *document, const char *pointer)
{
    bool exact = false;
    const struct yaml_node *node = node_at(document->places, pointer, &exact);
    return node != NULL ? node->place : (struct yaml_place){0};
}

/* A string of the document. */
struct string {
    struct yaml_place place; /* line 0: there is nothing at all */
    const struct inner *inner; /* NULL: it is no string, or not written at this place */
    size_t length;
};

static struct string string_at(const struct yaml_document *document, const char *pointer)
{
    bool exact = false;
    const struct yaml_places *places = document->places;
    struct yaml_node *node = node_at(places, pointer, &exact);
    const json_t *value = json_pointer_get(document->root, pointer);
    if (node == NULL)
        return (struct string){0};
    struct string string = {.place = node->place, .length = json_string_length(value)};
    if (node->target != NULL)
        node = node->target;
    if (!exact || !json_is_string(value) || node->style == YAML_ANY_SCALAR_STYLE)
        return string;
    if (node->inner == NULL) {
        const char *text = json_string_value(value);
        struct yaml_cursor raw = {.text = places->text, .length = node->to, .byte = node->from};
        raw.place = node->place;
        node->inner = xmalloc(sizeof(*node->inner));
        *node->inner = (struct inner){
            .places = yaml_places_read(text, string.length),
            .where = yaml_scalar_align(raw, node->style, text, string.length),
        };
    }
    string.inner = node->inner;
    return string;
}

static struct yaml_place place_of_byte(const struct string *string, size_t byte)
{
    bool known = string->inner != NULL && string->inner->where != NULL && byte < string->length;
    return known ? string->inner->where[byte] : string->place;
}

struct yaml_place yaml_place_of_byte(
    const struct yaml_document *document, const char *pointer, size_t byte)
{
    struct string string = string_at(document, pointer);
    return place_of_byte(&string, byte);
}

struct yaml_place yaml_place_inside(
    const struct yaml_document *document, const char *pointer, const char *inner_pointer)
{
    bool exact = false;
    struct string string = string_at(document, pointer);
    if (string.inner == NULL)
        return string.place;
    const struct yaml_node *found = node_at(string.inner->places, inner_pointer, &exact);
    return found != NULL ? place_of_byte(&string, found->from) : string.place;
}
