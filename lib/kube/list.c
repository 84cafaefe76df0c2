#include "kube/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "kube/resource.h"

/* A VMI has some hundred values. etcd takes objects of up to 1.5 MiB, of which the costliest,
 * "[[],[],…", would take 80 MiB. */
struct json_limits kube_object_limits(const char *const *keep)
{
    return (struct json_limits){
        .nodes = 20000, .bytes = 4 << 20, .depth = JSON_BUILD_MAX_DEPTH, .keep = keep};
}

enum { TOP = 1, IN_ITEMS = 2 }; /* levels of nesting */

struct kube_list {
    struct kube_list_sink sink;
    struct json_reader reader;
    struct json_builder page; /* all but the items */
    struct json_builder item;
    struct json_builder stub; /* of the item: built also when that is bad */
    size_t depth;
    bool is_items; /* the value to come at the top is that of "items" */
    bool in_items;
    bool has_items;
    struct error *error; /* the first; owned */
};

static void start_item(struct kube_list *list)
{
    static const char *const keep[] = {"/metadata/name", "/metadata/namespace", "/metadata/uid",
        "/metadata/resourceVersion", NULL};
    static const struct json_limits limits = {.nodes = 6, .bytes = 4096, .depth = 2, .keep = keep};
    const struct json_limits whole = kube_object_limits(list->sink.keep);
    json_builder_init(&list->item, &whole);
    json_builder_init(&list->stub, &limits);
}

static void clear_item(struct kube_list *list)
{
    json_builder_clear(&list->item);
    json_builder_clear(&list->stub);
}

static void tell_item(struct kube_list *list)
{
    auto_error struct error *err = NULL;
    auto_json json_t *item = json_builder_finish(&list->item, &err);
    auto_json json_t *stub = json_builder_finish(&list->stub, NULL);
    if (item != NULL && !json_is_object(item))
        error_set(&err, ERROR_INPUT, "it is %s, not an object", json_kind(item));
    if (err == NULL)
        list->sink.on_item(list->sink.user, item);
    else
        list->sink.on_bad(list->sink.user, stub, err->message);
    clear_item(list);
    start_item(list);
}

static void take_item(struct kube_list *list, const struct json_token *token)
{
    json_builder_take(&list->item, token);
    json_builder_take(&list->stub, token);
    if (json_builder_is_done(&list->item))
        tell_item(list);
}

static void on_token(void *user, const struct json_token *token)
{
    struct kube_list *list = user;
    bool opens = token->kind == JSON_TOKEN_OBJECT || token->kind == JSON_TOKEN_ARRAY;
    bool ends_items = token->kind == JSON_TOKEN_END && list->depth == IN_ITEMS;
    json_builder_take(&list->page, token);
    if (list->in_items && !ends_items)
        take_item(list, token);
    if (list->depth == TOP && token->kind == JSON_TOKEN_KEY) {
        list->is_items = token->fault == NULL && token->length == strlen("items") &&
                         memcmp(token->text, "items", token->length) == 0;
    } else if (list->depth == TOP && list->is_items) {
        list->in_items = token->kind == JSON_TOKEN_ARRAY;
        list->has_items = list->in_items || token->kind == JSON_TOKEN_NULL;
    } else if (ends_items) {
        list->in_items = false;
    }
    if (opens)
        list->depth++;
    if (token->kind == JSON_TOKEN_END)
        list->depth--;
    if (list->depth == TOP && token->kind != JSON_TOKEN_KEY && !list->in_items)
        list->is_items = false;
}

struct kube_list *kube_list_new(const struct kube_list_sink *sink)
{
    static const char *const keep[] = {"/metadata/resourceVersion", "/metadata/continue", NULL};
    /* the token of the next page is some hundred bytes */
    static const struct json_limits limits = {
        .nodes = 8, .bytes = 64 << 10, .depth = 2, .keep = keep};
    struct kube_list *list = xcalloc(1, sizeof(*list));
    list->sink = *sink;
    json_reader_init(&list->reader, on_token, list);
    json_builder_init(&list->page, &limits);
    start_item(list);
    return list;
}

void kube_list_free(struct kube_list *list)
{
    if (list == NULL)
        return;
    json_reader_clear(&list->reader);
    json_builder_clear(&list->page);
    clear_item(list);
    error_free(list->error);
    free(list);
}

void kube_list_feed(struct kube_list *list, const char *data, size_t length)
{
    if (list->error == NULL)
        json_reader_feed(&list->reader, data, length, NULL, &list->error);
}

json_t *kube_list_end(struct kube_list *list, struct error **err)
{
    if (list->error == NULL)
        json_reader_end(&list->reader, NULL, &list->error);
    auto_json json_t *page = NULL;
    if (list->error == NULL)
        page = json_builder_finish(&list->page, &list->error);
    if (list->error != NULL) {
        error_move(err, steal(&list->error));
        return NULL;
    }
    if (list->has_items && kube_resource_version(page)[0] != '\0')
        return steal(&page);
    error_set(err, ERROR_INPUT, "it is not a list with items and a resourceVersion");
    return NULL;
}
