#include "annotations/outline.h"

#include <string.h>
#include <strings.h>

#include "annotations/sidecar.h"
#include "base/json_read.h"

struct walk {
    size_t depth; /* of arrays and objects that are open */
    bool is_array, is_null;
    size_t entries;
    bool at_host_path; /* the value of an entry's hostPath comes next */
    bool host_path;
};

static void take(void *user, const struct json_token *token)
{
    static const char name[] = "hostPath";
    struct walk *walk = user;
    enum json_token_kind kind = token->kind;
    if (kind == JSON_TOKEN_END) {
        walk->depth--;
        return;
    }
    if (kind == JSON_TOKEN_KEY) {
        walk->at_host_path = walk->depth == 2 && token->length == strlen(name) &&
                             strncasecmp(token->text, name, strlen(name)) == 0;
        return;
    }
    if (walk->depth == 0) {
        walk->is_array = kind == JSON_TOKEN_ARRAY;
        walk->is_null = kind == JSON_TOKEN_NULL;
    }
    walk->entries += walk->depth == 1;
    walk->host_path = walk->host_path || (walk->at_host_path && kind == JSON_TOKEN_OBJECT);
    walk->at_host_path = false;
    walk->depth += kind == JSON_TOKEN_OBJECT || kind == JSON_TOKEN_ARRAY;
}

struct annotations_outline annotations_outline(const char *text, size_t length)
{
    struct annotations_outline outline = {0};
    if (length > ANNOTATIONS_MAX_BYTES)
        return outline;
    if (strspn(text, " \t\r\n") == length) {
        outline.empty = true;
        return outline;
    }
    struct walk walk = {0};
    struct json_reader reader;
    json_reader_init(&reader, take, &walk);
    bool whole = json_reader_feed(&reader, text, length, NULL, NULL) == 0 &&
                 json_reader_end(&reader, NULL, NULL) == 0;
    json_reader_clear(&reader);
    outline.empty = whole && (walk.is_null || (walk.is_array && walk.entries == 0));
    outline.host_path = whole && walk.is_array && walk.host_path;
    return outline;
}
