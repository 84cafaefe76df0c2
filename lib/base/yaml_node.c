#include "base/yaml_node.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The key of a node in the table. The table stays as large as the document, whereas whole pointers
 * as keys would grow with its depth. */
struct yaml_node_key {
    const struct yaml_node *parent;
    char token[];
};

struct yaml_places *yaml_places_new(const char *text)
{
    struct yaml_places *places = xcalloc(1, sizeof(*places));
    places->text = text;
    return places;
}

static void inner_free(struct yaml_inner *inner)
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
    HASH_CLEAR(hh, places->nodes); /* keeps the nodes and their order */
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
static struct yaml_node_key *key_new(
    const struct yaml_node *parent, const char *token, size_t length)
{
    struct yaml_node_key *key = xmalloc(sizeof(*key) + length);
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
    auto_free struct yaml_node_key *key = key_new(repeats ? parent->target : parent, token, length);
    struct yaml_node *node = NULL;
    HASH_FIND(hh, places->nodes, key, sizeof(*key) + length, node);
    return node;
}

struct yaml_node *yaml_places_child(
    const struct yaml_places *places, const struct yaml_node *parent, const char *token)
{
    return child_of(places, parent, token, strlen(token));
}

void yaml_node_set_target(struct yaml_node *node, struct yaml_node *target)
{
    bool repeats = target != NULL && target->target != NULL;
    node->target = repeats ? target->target : target;
}

struct yaml_node *yaml_places_find(
    const struct yaml_places *places, const char *pointer, bool *exact)
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
