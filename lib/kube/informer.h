/* A cache of all objects of one kind that is kept true by list and watch and never misses a
 * change: it resumes at the last resourceVersion after a connection that dropped, lists anew when
 * that has expired, and then finds out what went away meanwhile. */
#ifndef KUBE_INFORMER_H
#define KUBE_INFORMER_H

#include "kube/watch.h"

struct kube_informer;

/* Gives the part of object that is to be kept: a new reference, which may share values with
 * object or be it; NULL: this object is not kept, as if it were not there. metadata's name,
 * namespace, uid and resourceVersion must be in it. apiVersion and kind are always there. */
typedef json_t *kube_prune(void *user, json_t *object);

/* A change of the cache. Either is NULL: before, when it was added; after, when it is gone. Both
 * are borrowed. An object that was deleted and made anew under the same name is first gone and
 * then added, also when nobody watched meanwhile. Not called when the pruned object is the same but
 * for its resourceVersion. */
typedef void kube_changed(void *user, const char *key, const json_t *before, const json_t *after);

/* The callbacks come from the loop; none of them may free the informer. */
struct kube_informer_options {
    const struct kube_resource *resource; /* borrowed, as long as the informer lives */
    const char *namespace; /* NULL: all */
    const char *label_selector;
    const char *field_selector;
    int page; /* objects a list request: what is in memory whole at once; 0: 100 */
    kube_prune *prune; /* NULL: whole objects without metadata.managedFields */
    kube_changed *on_change; /* or NULL */
    void (*on_synced)(void *user); /* once: the first list is in the cache; or NULL */
    void *user;
};

/* Starts it. What it skips and why it starts over goes to the client's warn. Owned by the caller,
 * and to be freed before the client. */
struct kube_informer *kube_informer_new(
    struct kube_client *client, const struct kube_informer_options *options);
void kube_informer_free(struct kube_informer *informer); /* NULL is allowed */

bool kube_informer_synced(const struct kube_informer *informer);

/* The object at a key ("namespace/name"), borrowed until the loop runs on, or NULL. */
const json_t *kube_informer_get(const struct kube_informer *informer, const char *key);

size_t kube_informer_count(const struct kube_informer *informer);

/* Calls each for every object. */
void kube_informer_each(const struct kube_informer *informer,
    void (*each)(void *user, const char *key, const json_t *object), void *user);

/* How often a watch ended otherwise than in order, or a list had to start over. */
unsigned long kube_informer_restarts(const struct kube_informer *informer);

#endif
