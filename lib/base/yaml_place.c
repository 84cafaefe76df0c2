#include "base/yaml_place.h"

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/yaml_align.h"
#include "base/yaml_node.h"
#include "base/yaml_read.h"

/* Replaces what JSON allows and libyaml rejects, by as many bytes and characters, for only places
 * matter here: escaped surrogate pairs; DEL, U+0080 to U+009F but for the line break U+0085, U+FFFE
 * and U+FFFF. */
static void replace_rejected(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (at[0] == '\\' && at[1] == 'u' && (at[2] == 'd' || at[2] == 'D'))
            at[2] = '0';
        else if (at[0] == 0x7f)
            at[0] = '.';
        else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 && at[1] != 0x85)
            at[1] = 0xa0;
        else if (at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe)
            at[2] = 0xbd;
    }
}

struct yaml_places *yaml_places_read(const char *text, size_t length)
{
    struct yaml_reader reader;
    auto_free char *input = xstrndup(text, length);
    replace_rejected(input);
    struct yaml_places *places = NULL;
    json_t *root = NULL;
    yaml_reader_init(&reader, "", text, input, strlen(input));
    yaml_reader_document(&reader, &root, &places, NULL);
    yaml_reader_clear(&reader);
    json_decref(root);
    return places != NULL ? places : yaml_places_new(text);
}

struct yaml_place yaml_place_of(const struct yaml_document *document, const char *pointer)
{
    bool exact = false;
    const struct yaml_node *node = yaml_places_find(document->places, pointer, &exact);
    return node != NULL ? node->place : (struct yaml_place){0};
}

/* A string of the document. */
struct string {
    struct yaml_place place; /* line 0: not found */
    const struct yaml_inner *inner; /* NULL: not a string, or not written at this place */
    size_t length;
};

static struct string string_at(const struct yaml_document *document, const char *pointer)
{
    bool exact = false;
    const struct yaml_places *places = document->places;
    struct yaml_node *node = yaml_places_find(places, pointer, &exact);
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
        *node->inner = (struct yaml_inner){
            .places = yaml_places_read(text, string.length),
            .where = yaml_scalar_align(raw, node->style, text, string.length),
        };
    }
    string.inner = node->inner;
    return string;
}

static struct yaml_place place_of_byte(const struct string *string, size_t byte)
{
    bool known = string->inner != NULL && string->inner->where != NULL && byte <= string->length;
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
    const struct yaml_node *found = yaml_places_find(string.inner->places, inner_pointer, &exact);
    return found != NULL ? place_of_byte(&string, found->from) : string.place;
}
