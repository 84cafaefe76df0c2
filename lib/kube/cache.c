#include "kube/cache.h"

#include <ev.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/memory.h"
#include "base/unused.h"
#include "kube/list.h"
#include "kube/resource.h"

struct item {
    char *state; /* resourceVersion, a zero byte, and the object without it as JSON text */
    json_t *decoded; /* in cache->lent, if decoded in this turn */
    uint32_t decoded_turn;
    uint32_t generation; /* in which it was last put */
    uint32_t born; /* in which it was first put */
    UT_hash_handle hh;
    char key[];
};

struct kube_cache {
    struct item *items;
    json_t *lent; /* an array of what was decoded in this turn of the loop */
    ev_prepare take_back; /* active while anything is lent */
    uint32_t turn;
    uint32_t generation;
    size_t bytes; /* of all items */
    size_t fresh; /* of those that are not stale */
};

static const char *text_of(const char *state)
{
    return state + strlen(state) + 1;
}

/* About what an item takes. */
static size_t size_of(const struct item *item)
{
    size_t state = 0;
    if (item->state != NULL)
        state = strlen(item->state) + strlen(text_of(item->state)) + 2;
    return sizeof(*item) + strlen(item->key) + state;
}

static void uncount(struct kube_cache *cache, const struct item *item)
{
    cache->bytes -= size_of(item);
    if (item->generation == cache->generation)
        cache->fresh -= size_of(item);
}

static void count(struct kube_cache *cache, const struct item *item)
{
    cache->bytes += size_of(item);
    if (item->generation == cache->generation)
        cache->fresh += size_of(item);
}

/* The state of an item, owned by the caller. Keys are sorted, so that equal objects have equal
 * texts. */
static char *encode(const json_t *object)
{
    auto_json json_t *plain = json_copy((json_t *)object);
    json_t *metadata = json_copy(json_object_get(object, "metadata"));
    json_object_del(metadata, "resourceVersion");
    json_object_set_new(plain, "metadata", metadata);
    auto_free char *text = json_write_sorted(plain);
    const char *version = kube_resource_version(object);
    size_t head = strlen(version) + 1;
    size_t tail = strlen(text) + 1;
    char *state = xmalloc(head + tail);
    memcpy(state, version, head);
    memcpy(state + head, text, tail);
    return state;
}

/* A new reference. */
static json_t *decode(const char *state)
{
    const char *text = text_of(state);
    struct json_limits limits = kube_object_limits(NULL);
    limits.nodes = limits.bytes = SIZE_MAX; /* what was put can be taken out */
    json_t *object = json_build(text, strlen(text), &limits, NULL, NULL);
    json_t *metadata = json_object_get(object, "metadata");
    json_object_set_new(metadata, "resourceVersion", json_string(state));
    return object;
}

static void on_take_back(struct ev_loop *loop, ev_prepare *watcher, UNUSED int events)
{
    struct kube_cache *cache = watcher->data;
    ev_prepare_stop(loop, watcher);
    json_array_clear(cache->lent);
    cache->turn++;
}

struct kube_cache *kube_cache_new(void)
{
    struct kube_cache *cache = xcalloc(1, sizeof(*cache));
    cache->lent = json_array();
    cache->turn = 1; /* no item was decoded in it */
    ev_prepare_init(&cache->take_back, on_take_back);
    cache->take_back.data = cache;
    return cache;
}

static void item_free(struct kube_cache *cache, struct item *item)
{
    uncount(cache, item);
    HASH_DEL(cache->items, item);
    free(item->state);
    free(item);
}

void kube_cache_free(struct kube_cache *cache)
{
    if (cache == NULL)
        return;
    ev_prepare_stop(EV_DEFAULT, &cache->take_back);
    struct item *item = NULL;
    struct item *next = NULL;
    HASH_ITER (hh, cache->items, item, next)
        item_free(cache, item);
    json_decref(cache->lent);
    free(cache);
}

static struct item *find(const struct kube_cache *cache, const char *key)
{
    struct item *item = NULL;
    HASH_FIND_STR(cache->items, key, item);
    return item;
}

static struct item *find_or_add(struct kube_cache *cache, const char *key)
{
    struct item *item = find(cache, key);
    if (item != NULL)
        return item;
    size_t length = strlen(key);
    item = xcalloc(1, sizeof(*item) + length + 1);
    memcpy(item->key, key, length);
    item->born = item->generation = cache->generation;
    HASH_ADD_KEYPTR(hh, cache->items, item->key, length, item);
    count(cache, item);
    return item;
}

bool kube_cache_put(
    struct kube_cache *cache, const char *key, const json_t *object, json_t **before)
{
    struct item *item = find_or_add(cache, key);
    auto_free char *old = item->state;
    uncount(cache, item);
    item->state = encode(object);
    item->generation = cache->generation;
    count(cache, item);
    item->decoded_turn = 0;
    if (old != NULL && strcmp(text_of(old), text_of(item->state)) == 0)
        return false;
    *before = old != NULL ? decode(old) : NULL;
    return true;
}

json_t *kube_cache_remove(struct kube_cache *cache, const char *key)
{
    struct item *item = find(cache, key);
    if (item == NULL)
        return NULL;
    json_t *object = decode(item->state);
    item_free(cache, item);
    return object;
}

const json_t *kube_cache_get(struct kube_cache *cache, const char *key)
{
    struct item *item = find(cache, key);
    if (item == NULL)
        return NULL;
    if (item->decoded_turn != cache->turn) {
        item->decoded = decode(item->state);
        item->decoded_turn = cache->turn;
        json_array_append_new(cache->lent, item->decoded);
        ev_prepare_start(EV_DEFAULT, &cache->take_back);
    }
    return item->decoded;
}

json_t *kube_cache_read(const struct kube_cache *cache, const char *key)
{
    const struct item *item = find(cache, key);
    return item != NULL ? decode(item->state) : NULL;
}

size_t kube_cache_count(const struct kube_cache *cache)
{
    return HASH_COUNT(cache->items);
}

void kube_cache_each(struct kube_cache *cache, kube_cache_visit *visit, void *user)
{
    for (const struct item *item = cache->items; item != NULL; item = item->hh.next) {
        auto_json json_t *object = decode(item->state);
        visit(user, item->key, object);
    }
}

void kube_cache_stale(struct kube_cache *cache)
{
    cache->generation++;
    cache->fresh = 0;
}

void kube_cache_keep(struct kube_cache *cache, const char *key)
{
    struct item *item = find(cache, key);
    if (item == NULL)
        return;
    uncount(cache, item);
    item->generation = cache->generation;
    count(cache, item);
}

/* Removes an item, and visits its object after that. */
static void evict(struct kube_cache *cache, struct item *item, kube_cache_visit *visit, void *user)
{
    auto_free char *key = xstrdup(item->key);
    auto_json json_t *object = decode(item->state);
    item_free(cache, item);
    visit(user, key, object);
}

void kube_cache_sweep(struct kube_cache *cache, kube_cache_visit *visit, void *user)
{
    struct item *item = NULL;
    struct item *next = NULL;
    HASH_ITER (hh, cache->items, item, next) {
        if (item->generation != cache->generation)
            evict(cache, item, visit, user);
    }
}

void kube_cache_undo(struct kube_cache *cache, kube_cache_visit *visit, void *user)
{
    struct item *item = NULL;
    struct item *next = NULL;
    HASH_ITER (hh, cache->items, item, next) {
        if (item->born == cache->generation)
            evict(cache, item, visit, user);
    }
}

size_t kube_cache_bytes(const struct kube_cache *cache)
{
    return cache->bytes;
}

size_t kube_cache_fresh_bytes(const struct kube_cache *cache)
{
    return cache->fresh;
}
