/* Objects by their keys, kept as compact JSON text: an eighth of what they take as jansson values
 * (a pruned VMI 0.7 KiB instead of 5). They are decoded when they are asked for. */
#ifndef KUBE_CACHE_H
#define KUBE_CACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct kube_cache;

/* Owned by the caller. */
struct kube_cache *kube_cache_new(void);
void kube_cache_free(struct kube_cache *cache); /* NULL is allowed */

/* Keeps object at key. Returns whether it is another than before, metadata.resourceVersion aside;
 * *before is what was there, a new reference, or NULL; it is not set when nothing changed. */
bool kube_cache_put(
    struct kube_cache *cache, const char *key, const json_t *object, json_t **before);

/* Takes the object at key out. A new reference, or NULL when there is none. */
json_t *kube_cache_remove(struct kube_cache *cache, const char *key);

/* The object at key, borrowed until the default loop runs on, or NULL. */
const json_t *kube_cache_get(struct kube_cache *cache, const char *key);

size_t kube_cache_count(const struct kube_cache *cache);

/* Told of one object, which is borrowed until it returns. It must not change the cache. */
typedef void kube_cache_visit(void *user, const char *key, const json_t *object);

void kube_cache_each(struct kube_cache *cache, kube_cache_visit *visit, void *user);

/* Calls everything that is there now stale, until it is put again. */
void kube_cache_stale(struct kube_cache *cache);

/* Removes what is stale, and visits each of it when it is gone. */
void kube_cache_sweep(struct kube_cache *cache, kube_cache_visit *visit, void *user);

#endif
