/* jansson's values out of a reader's tokens, within a budget, and of a large text only what is
 * wanted. What jansson's own parser refuses is built: zero bytes in strings, and whole numbers beyond
 * 64 bits, which become the nearest double, as Kubernetes holds them. */
#ifndef BASE_JSON_BUILD_H
#define BASE_JSON_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json_read.h"

enum {
    JSON_BUILD_MAX_DEPTH = 512, /* jansson frees values recursively */
    JSON_BUILD_MAX_KEPT = 24, /* pointers of one builder */
};

struct json_limits {
    size_t nodes; /* values that may be built */
    size_t bytes; /* of their strings and keys */
    size_t depth; /* arrays and objects inside one another, at most JSON_BUILD_MAX_DEPTH */
    const char *const
        *keep; /* JSON Pointers, ended by NULL, at most JSON_BUILD_MAX_KEPT, each of at
                                least one token: only what is at them or below is built, and the
                                objects on the way there. "*" stands for every key or index. NULL:
                                everything. Borrowed */
    const char *within; /* the member of the root that keep's pointers start at; the root's other
                           members are kept whole. NULL: they start at the root. Borrowed */
};

struct json_builder {
    struct json_limits left; /* of nodes and bytes: what may still be built */
    json_t *root; /* owned; NULL until the first token */
    struct json_build_level *open; /* the arrays and objects that have not ended; owned */
    size_t open_count;
    size_t open_size;
    size_t skipping; /* arrays and objects inside one another that are not built */
    char *key; /* of the value to come; owned */
    size_t key_length;
    size_t key_size;
    unsigned key_mask; /* which of keep still match with that key, one bit for each */
    bool done;
    struct error *error; /* the first fault, or NULL; owned */
};

/* A builder of one value. limits is copied. json_builder_clear is due. */
void json_builder_init(struct json_builder *builder, const struct json_limits *limits);

/* Takes the next token; a json_token_handler, whose user is the builder. After a fault, what was
 * built is freed and the tokens of the value are passed over. */
void json_builder_take(void *builder, const struct json_token *token);

/* Whether the last token of the value has been taken. */
bool json_builder_is_done(const struct json_builder *builder);

/* The value, new reference; the builder has none afterwards. NULL with an input error that says
 * what is wrong with it: a limit that it exceeds, a key that has a zero byte or occurs twice in
 * one object, a number that no double can hold, a token that has a fault. */
json_t *json_builder_finish(struct json_builder *builder, struct error **err);

void json_builder_clear(struct json_builder *builder);

/* Reads and builds a whole text. Returns a new reference, or NULL with an input error that says
 * what is wrong, and where in *fault when it is the text's structure (else line 0); fault may be
 * NULL. */
json_t *json_build(const char *text, size_t length, const struct json_limits *limits,
    struct json_fault *fault, struct error **err);

#endif
