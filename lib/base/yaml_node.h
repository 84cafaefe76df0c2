/* The places of the values of one YAML document in its text: a tree with one node for each value
 * written there, found by its token ("/key" or "/3") below its parent. Nodes of aliases and merge
 * keys point to the node of the value that they repeat. For base/yaml*.c only. */
#ifndef BASE_YAML_NODE_H
#define BASE_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>
#include <yaml.h>

#include "base/yaml_cursor.h"

/* The places within a string that is itself JSON. */
struct yaml_inner {
    struct yaml_places *places; /* relative to the string; owned */
    struct yaml_place
        *where; /* of each byte of the string and of its end, in the file; NULL: unknown; owned */
};

/* One value; owned by its places. key is private to the tree. */
struct yaml_node {
    struct yaml_node_key *key; /* owned */
    struct yaml_place place; /* where the value begins */
    size_t from; /* the value is text[from, to), with its anchor and tag */
    size_t to;
    yaml_scalar_style_t style; /* YAML_ANY_SCALAR_STYLE: not a scalar */
    struct yaml_node *target; /* the node that this one repeats; it has no target itself */
    struct yaml_inner *inner; /* owned; NULL until needed */
    UT_hash_handle hh;
};

struct yaml_places {
    const char *text; /* borrowed */
    struct yaml_node *nodes;
};

/* text is borrowed as long as the places live. */
struct yaml_places *yaml_places_new(const char *text);
void yaml_places_free(struct yaml_places *places); /* NULL is allowed */

/* Adds the value at token below parent, which is NULL for the root. */
struct yaml_node *yaml_places_add(
    struct yaml_places *places, struct yaml_node *parent, const char *token);

/* The node at token below parent, or NULL. parent may repeat another node. */
struct yaml_node *yaml_places_child(
    const struct yaml_places *places, const struct yaml_node *parent, const char *token);

/* The node at a JSON Pointer, or at its nearest ancestor; *exact tells which. NULL in an empty
 * tree. */
struct yaml_node *yaml_places_find(
    const struct yaml_places *places, const char *pointer, bool *exact);

/* Makes node repeat the value that target describes. */
void yaml_node_set_target(struct yaml_node *node, struct yaml_node *target);

#endif
