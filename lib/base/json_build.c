#include "base/json_build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* An array or object that has not ended. */
struct json_build_level {
    json_t *value; /* borrowed */
    unsigned mask; /* which of keep still match, one bit for each; WHOLE: all below is kept */
    unsigned items_mask; /* of an array: of its items */
    size_t tokens[JSON_BUILD_MAX_KEPT]; /* of those that match, where the token of what comes next
                                           begins in the pointer */
};

enum {
    LONGEST_SHOWN = 80,
    WHOLE = 1U << JSON_BUILD_MAX_KEPT, /* in a mask: everything below is kept */
};

void json_builder_init(struct json_builder *builder, const struct json_limits *limits)
{
    *builder = (struct json_builder){.left = *limits};
    if (builder->left.depth > JSON_BUILD_MAX_DEPTH)
        builder->left.depth = JSON_BUILD_MAX_DEPTH;
}

static void drop(struct json_builder *builder)
{
    json_decref(builder->root);
    builder->root = NULL;
}

void json_builder_clear(struct json_builder *builder)
{
    drop(builder);
    free(builder->open);
    free(builder->key);
    error_free(builder->error);
}

bool json_builder_is_done(const struct json_builder *builder)
{
    return builder->done;
}

json_t *json_builder_finish(struct json_builder *builder, struct error **err)
{
    if (builder->error != NULL) {
        error_move(err, steal(&builder->error));
        return NULL;
    }
    return steal(&builder->root);
}

/* Whether the key of the value to come is text. */
static bool is_key(const struct json_builder *builder, const char *text)
{
    return strlen(text) == builder->key_length &&
           memcmp(text, builder->key, builder->key_length) == 0;
}

/* Whether the reference token at the beginning of pointer, which ends with a slash or the pointer,
 * stands for the key: RFC 6901, where ~1 is a slash and ~0 is ~. */
static bool is_token(const char *pointer, const char *key, size_t length)
{
    size_t at = 0;
    for (; *pointer != '\0' && *pointer != '/'; pointer++, at++) {
        char byte = *pointer;
        if (byte == '~' && pointer[1] != '\0' && pointer[1] != '/')
            byte = *++pointer == '1' ? '/' : '~';
        if (at == length || key[at] != byte)
            return false;
    }
    return at == length;
}

/* Whether what comes next in the innermost open value, under the current key unless that is an
 * array, is at the reference token at the beginning of pointer. */
static bool matches(const struct json_builder *builder, const char *pointer, bool in_array)
{
    if (pointer[0] == '*' && (pointer[1] == '\0' || pointer[1] == '/'))
        return true;
    return !in_array && is_token(pointer, builder->key, builder->key_length);
}

/* How many values precede the one that keep's pointers start at, on the way from the root. */
static size_t start_of(const struct json_builder *builder)
{
    return builder->left.within != NULL ? 1 : 0;
}

/* The mask of what comes next in the innermost open value: 0 when it is not wanted. An array has one
 * for all its items, an object one for each key. */
static unsigned find_mask(const struct json_builder *builder, bool in_array)
{
    const struct json_build_level *level = &builder->open[builder->open_count - 1];
    if (level->mask >= WHOLE)
        return WHOLE;
    if (builder->open_count <= start_of(builder))
        return !in_array && is_key(builder, builder->left.within) ? level->mask : WHOLE;
    unsigned mask = 0;
    for (unsigned rest = level->mask; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctz(rest);
        const char *token = builder->left.keep[i] + level->tokens[i];
        if (!matches(builder, token, in_array))
            continue;
        bool last = strchr(token, '/') == NULL;
        mask |= last ? WHOLE : 1U << i;
    }
    return mask;
}

/* The mask of the root: all pointers. */
static unsigned mask_of_root(const struct json_builder *builder)
{
    unsigned mask = 0;
    if (builder->left.keep == NULL)
        return WHOLE;
    for (unsigned i = 0; builder->left.keep[i] != NULL; i++)
        mask |= 1U << i;
    return mask;
}

/* The mask of the value to come: 0 when it is not wanted. */
static unsigned mask_of_next(const struct json_builder *builder)
{
    if (builder->open_count == 0)
        return mask_of_root(builder);
    const struct json_build_level *level = &builder->open[builder->open_count - 1];
    return json_is_array(level->value) ? level->items_mask : builder->key_mask;
}

/* Gives the value up for what is set as the error: what is open is passed over to its end. */
static void give_up(struct json_builder *builder)
{
    drop(builder);
    builder->skipping += builder->open_count;
    builder->open_count = 0;
}

/* The fault of a token's text. */
static void fault_of_text(
    struct json_builder *builder, const char *what, const char *text, size_t length, const char *is)
{
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    error_set(&builder->error, ERROR_INPUT, "the %s \"%s\" %s", what, shown, is);
    give_up(builder);
}

/* Takes one value and its bytes from what may still be built. */
static bool afford(struct json_builder *builder, size_t bytes)
{
    if (builder->left.nodes == 0) {
        error_set(&builder->error, ERROR_INPUT, "it has too many values");
    } else if (bytes > builder->left.bytes) {
        error_set(&builder->error, ERROR_INPUT, "its keys and strings have too many bytes");
    } else {
        builder->left.nodes--;
        builder->left.bytes -= bytes;
        return true;
    }
    give_up(builder);
    return false;
}

/* Source: Kubernetes, k8s.io/apimachinery/pkg/util/json: an int64, or else a float64. */
static json_t *build_number(struct json_builder *builder, const struct json_token *token)
{
    char text[JSON_READ_MAX_NUMBER + 1];
    memcpy(text, token->text, token->length);
    text[token->length] = '\0';
    errno = 0;
    if (strpbrk(text, ".eE") == NULL) {
        long long whole = strtoll(text, NULL, 10);
        if (errno == 0)
            return json_integer(whole);
    }
    double number = strtod(text, NULL);
    if (isfinite(number))
        return json_real(number);
    fault_of_text(builder, "number", text, token->length, "is too large");
    return NULL;
}

static json_t *build_value(struct json_builder *builder, const struct json_token *token)
{
    switch (token->kind) {
    case JSON_TOKEN_OBJECT:
        return json_object();
    case JSON_TOKEN_ARRAY:
        return json_array();
    case JSON_TOKEN_STRING:
        return json_stringn_nocheck(token->text, token->length);
    case JSON_TOKEN_NUMBER:
        return build_number(builder, token);
    case JSON_TOKEN_TRUE:
        return json_true();
    case JSON_TOKEN_FALSE:
        return json_false();
    case JSON_TOKEN_NULL:
    case JSON_TOKEN_KEY:
    case JSON_TOKEN_END:
        break;
    }
    return json_null();
}

/* Puts a value where it belongs; takes the reference. */
static void place(struct json_builder *builder, json_t *take_value)
{
    if (builder->open_count == 0) {
        builder->root = take_value;
        return;
    }
    json_t *outer = builder->open[builder->open_count - 1].value;
    if (json_is_array(outer))
        json_array_append_new(outer, take_value);
    else
        json_object_setn_new_nocheck(outer, builder->key, builder->key_length, take_value);
}

/* Where the reference tokens of a level begin in keep's pointers: those after the ones above. */
static void find_tokens(const struct json_builder *builder, struct json_build_level *level)
{
    bool at_start = builder->open_count == start_of(builder);
    for (unsigned rest = level->mask; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctz(rest);
        const char *pointer = builder->left.keep[i];
        size_t above = at_start ? 0 : level[-1].tokens[i];
        level->tokens[i] = above + strcspn(pointer + above, "/") + 1;
    }
}

static void open_value(struct json_builder *builder, json_t *value, unsigned mask)
{
    if (builder->open_count == builder->open_size) {
        builder->open_size = builder->open_size * 2 + 8;
        builder->open = xreallocarray(builder->open, builder->open_size, sizeof(*builder->open));
    }
    struct json_build_level *level = &builder->open[builder->open_count];
    level->value = value;
    level->mask = mask;
    if (mask < WHOLE && builder->open_count >= start_of(builder))
        find_tokens(builder, level);
    builder->open_count++;
    if (json_is_array(value))
        level->items_mask = find_mask(builder, true);
}

static void take_key(struct json_builder *builder, const struct json_token *token)
{
    if (token->length + 1 > builder->key_size) {
        builder->key_size = token->length * 2 + 16;
        builder->key = xrealloc(builder->key, builder->key_size);
    }
    memcpy(builder->key, token->text, token->length);
    builder->key[token->length] = '\0';
    builder->key_length = token->length;
    builder->key_mask = find_mask(builder, false);
    if (builder->key_mask == 0)
        return;
    if (memchr(token->text, '\0', token->length) != NULL) {
        /* jansson's copies would call it by what precedes the zero byte */
        fault_of_text(builder, "key", token->text, token->length, "has a zero byte");
        return;
    }
    const json_t *outer = builder->open[builder->open_count - 1].value;
    if (json_object_getn(outer, token->text, token->length) != NULL)
        fault_of_text(builder, "key", token->text, token->length, "occurs twice");
}

static bool opens(const struct json_token *token)
{
    return token->kind == JSON_TOKEN_OBJECT || token->kind == JSON_TOKEN_ARRAY;
}

/* Builds a value that is wanted. */
static void take_value(struct json_builder *builder, const struct json_token *token, unsigned mask)
{
    if (opens(token) && builder->open_count >= builder->left.depth) {
        error_set(&builder->error, ERROR_INPUT, "it is nested deeper than %zu levels",
            builder->left.depth);
        give_up(builder);
        return;
    }
    bool in_object =
        builder->open_count > 0 && json_is_object(builder->open[builder->open_count - 1].value);
    size_t bytes = token->kind == JSON_TOKEN_STRING ? token->length : 0;
    if (!afford(builder, bytes + (in_object ? builder->key_length : 0)))
        return;
    json_t *value = build_value(builder, token);
    if (value == NULL)
        return;
    place(builder, value);
    if (opens(token))
        open_value(builder, value, mask);
}

static void take_end(struct json_builder *builder)
{
    if (builder->skipping > 0)
        builder->skipping--;
    else
        builder->open_count--;
}

void json_builder_take(void *user, const struct json_token *token)
{
    struct json_builder *builder = user;
    bool ignored = builder->error != NULL || builder->skipping > 0;
    if (token->kind == JSON_TOKEN_END) {
        take_end(builder);
    } else if (ignored) {
        builder->skipping += opens(token);
    } else if (token->fault != NULL) {
        bool key = token->kind == JSON_TOKEN_KEY;
        if (key || mask_of_next(builder) != 0)
            fault_of_text(builder, key ? "key" : "value", token->text, token->length, token->fault);
    } else if (token->kind == JSON_TOKEN_KEY) {
        take_key(builder, token);
    } else {
        unsigned mask = mask_of_next(builder);
        if (mask != 0)
            take_value(builder, token, mask);
        /* it ends with what was given up, or is passed over */
        if (opens(token) && (mask == 0 || builder->error != NULL))
            builder->skipping++;
    }
    if (token->kind != JSON_TOKEN_KEY && builder->open_count == 0 && builder->skipping == 0)
        builder->done = true;
}

json_t *json_build(const char *text, size_t length, const struct json_limits *limits,
    struct json_fault *fault, struct error **err)
{
    struct json_reader reader;
    struct json_builder builder;
    json_t *value = NULL;
    if (fault != NULL)
        *fault = (struct json_fault){0};
    json_builder_init(&builder, limits);
    json_reader_init(&reader, json_builder_take, &builder);
    if (json_reader_feed(&reader, text, length, fault, err) == 0 &&
        json_reader_end(&reader, fault, err) == 0)
        value = json_builder_finish(&builder, err);
    json_reader_clear(&reader);
    json_builder_clear(&builder);
    return value;
}
