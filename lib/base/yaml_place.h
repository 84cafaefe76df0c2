/* Where the values of one YAML document stand in its text: a tree of nodes, one for each value
 * that is written there, each found by its token ("/key" or "/3") below its parent. What aliases
 * and merge keys repeat is written once: their nodes point to where. For base/yaml*.c only. */
#ifndef BASE_YAML_PLACE_H
#define BASE_YAML_PLACE_H

#include <stddef.h>
#include <yaml.h>

#include "base/yaml.h"

/* A position in well-formed UTF-8 text that keeps count of characters and lines. */
struct yaml_cursor {
    const char *text; /* borrowed */
    size_t length;
    size_t byte; /* how many bytes stand before the position */
    size_t character; /* how many characters do */
    struct yaml_place place;
};

void yaml_cursor_init(struct yaml_cursor *cursor, const char *text, size_t length);

/* Moves over one character; stays at the end of the text. */
void yaml_cursor_advance(struct yaml_cursor *cursor);

/* Moves to the position before which that many characters, or bytes, stand. */
void yaml_cursor_seek(struct yaml_cursor *cursor, size_t character);
void yaml_cursor_seek_byte(struct yaml_cursor *cursor, size_t byte);

struct yaml_places;
struct yaml_node; /* one value; owned by its places */

/* text is borrowed, for as long as the places live. */
struct yaml_places *yaml_places_new(const char *text);
void yaml_places_free(struct yaml_places *places); /* NULL is allowed */

/* Adds the value at token below parent, which is NULL for the root. */
struct yaml_node *yaml_places_add(
    struct yaml_places *places, struct yaml_node *parent, const char *token);

/* What stands at token below parent, also where parent only repeats another. Or NULL. */
struct yaml_node *yaml_places_child(
    const struct yaml_places *places, const struct yaml_node *parent, const char *token);

/* Says where the value begins and, in bytes of the text, what part of it is the value. */
void yaml_node_set_extent(struct yaml_node *node, struct yaml_place place, size_t from, size_t to);
void yaml_node_set_style(struct yaml_node *node, yaml_scalar_style_t style);

/* Says that the value is the one that target describes. */
void yaml_node_set_target(struct yaml_node *node, struct yaml_node *target);

struct yaml_place yaml_node_place(const struct yaml_node *node);

/* The places of the values in text, as far as it is one YAML document: reading stops at the first
 * fault. Owned by the caller. */
struct yaml_places *yaml_places_read(const char *text, size_t length);

#endif
