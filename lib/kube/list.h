/* One page of a list as it arrives: each object is built and told alone, so that one which cannot be
 * built hides no other, and no more than one is in memory. */
#ifndef KUBE_LIST_H
#define KUBE_LIST_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json_build.h"

/* An object of the list, borrowed. */
typedef void kube_list_item(void *user, json_t *object);

/* An object that could not be built, and why. What could be read of its metadata's name, namespace,
 * uid and resourceVersion is in stub, borrowed; it may be NULL. */
typedef void kube_list_bad(void *user, const json_t *stub, const char *why);

struct kube_list_sink {
    kube_list_item *on_item;
    kube_list_bad *on_bad;
    void *user;
    const char *const *keep; /* as in kube_object_limits */
};

/* What is built of one object at most: a larger one is bad. keep: JSON Pointers to the parts that
 * are wanted, ended by NULL, borrowed; NULL: all of it. */
struct json_limits kube_object_limits(const char *const *keep);

struct kube_list;

/* A page of which nothing has arrived. sink is copied. Owned by the caller. */
struct kube_list *kube_list_new(const struct kube_list_sink *sink);
void kube_list_free(struct kube_list *list); /* NULL is allowed */

/* Reads on. Errors are kept until kube_list_end. */
void kube_list_feed(struct kube_list *list, const char *data, size_t length);

/* The page is over. Returns what it has besides its items, new reference: {"metadata": {"continue",
 * "resourceVersion"}}; NULL with an input error when it is not JSON, or not a list with items and a
 * resourceVersion. */
json_t *kube_list_end(struct kube_list *list, struct error **err);

#endif
