/* Objects by key, kept as compact JSON text: an eighth of their size as jansson values (a pruned
 * VMI 0.7 KiB instead of 5). They are decoded on access. */
#ifndef KUBE_CACHE_H
#define KUBE_CACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct kube_cache;

/* Owned by the caller. */
struct kube_cache *kube_cache_new(void);
void kube_cache_free(struct kube_cache *cache); /* NULL is allowed */

/* Stores object at key. Returns whether it differs from the previous one, ignoring
 * metadata.resourceVersion; *before gets the previous one, a new reference, or NULL, and is not set
 * if nothing changed. */
bool kube_cache_put(
    struct kube_cache *cache, const char *key, const json_t *object, json_t **before);

/* Removes the object at key. Returns it, a new reference, or NULL if there is none. */
json_t *kube_cache_remove(struct kube_cache *cache, const char *key);

/* The object at key, borrowed until control returns to the default loop, or NULL. Until then all that
 * was asked for takes memory. */
const json_t *kube_cache_get(struct kube_cache *cache, const char *key);

/* The same as a new reference: for many objects in one turn of the loop. */
json_t *kube_cache_read(const struct kube_cache *cache, const char *key);

size_t kube_cache_count(const struct kube_cache *cache);

/* Called with one object, which is borrowed until it returns. It must not change the cache. */
typedef void kube_cache_visit(void *user, const char *key, const json_t *object);

void kube_cache_each(struct kube_cache *cache, kube_cache_visit *visit, void *user);

/* Marks every object stale until it is put again. */
void kube_cache_stale(struct kube_cache *cache);

/* The object at key, if there is one, is no longer stale. */
void kube_cache_keep(struct kube_cache *cache, const char *key);

/* Removes the stale objects, and visits each after its removal. */
void kube_cache_sweep(struct kube_cache *cache, kube_cache_visit *visit, void *user);

/* Removes the objects that were first put since kube_cache_stale, and visits each after its
 * removal. */
void kube_cache_undo(struct kube_cache *cache, kube_cache_visit *visit, void *user);

/* About how much memory the objects take, and those of them that are not stale. */
size_t kube_cache_bytes(const struct kube_cache *cache);
size_t kube_cache_fresh_bytes(const struct kube_cache *cache);

#endif
