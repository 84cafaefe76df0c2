/* An informer: a cache of all objects of one kind, kept up to date by list and watch, that never
 * misses a change. After a dropped connection it resumes at the last resourceVersion; if that has
 * expired, it lists again and finds out what was deleted meanwhile. */
#ifndef KUBE_INFORMER_H
#define KUBE_INFORMER_H

#include "kube/watch.h"

struct kube_informer;

/* Returns the part of object to be kept: a new reference, which may share values with object or be
 * object itself; NULL: object is treated as if it did not exist. The part must contain metadata's
 * name, namespace, uid and resourceVersion. apiVersion and kind of object are always set. */
typedef json_t *kube_prune(void *user, json_t *object);

/* A change of the cache. before is NULL if the object was added, after if it is gone; both are
 * borrowed. An object that was deleted and created again under the same name is first gone and then
 * added, even if no watch saw it. Not called if the pruned object differs only in its
 * resourceVersion. */
typedef void kube_changed(void *user, const char *key, const json_t *before, const json_t *after);

/* The callbacks are called from the loop and must not free the informer. */
struct kube_informer_options {
    const struct kube_resource *resource; /* borrowed, as long as the informer lives */
    const char *namespace; /* NULL: all */
    const char *label_selector;
    const char *field_selector;
    int page; /* objects a list request asks for; 0: 500 */
    const char *const *keep; /* as in kube_object_limits: what prune needs; static */
    kube_prune *prune; /* NULL: whole objects without metadata.managedFields */
    kube_changed *on_change; /* or NULL */
    kube_list_bad *on_unreadable; /* an object that cannot be built: the cache keeps what it has at
                                     its key; or NULL */
    void (*on_synced)(void *user); /* once: the first list is in the cache; or NULL */
    void *user;
};

/* Starts an informer. What it skips and why it starts over is passed to the client's warn. Owned by
 * the caller; free it before the client. */
struct kube_informer *kube_informer_new(
    struct kube_client *client, const struct kube_informer_options *options);
void kube_informer_free(struct kube_informer *informer); /* NULL is allowed */

bool kube_informer_synced(const struct kube_informer *informer);

/* The object at a key ("namespace/name"), borrowed until control returns to the loop, or NULL. */
const json_t *kube_informer_get(const struct kube_informer *informer, const char *key);

/* The same as a new reference: for many objects in one turn of the loop. */
json_t *kube_informer_read(const struct kube_informer *informer, const char *key);

size_t kube_informer_count(const struct kube_informer *informer);

/* Calls each for every object. */
void kube_informer_each(const struct kube_informer *informer,
    void (*each)(void *user, const char *key, const json_t *object), void *user);

/* How often a watch did not end normally, or a list had to start over. */
unsigned long kube_informer_restarts(const struct kube_informer *informer);

#endif
