#include "controller/webhook/rules.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct controller_rules {
    atomic_uint references;
    struct hostpath_policy *policy; /* owned; or NULL */
    struct controller_review_options options;
};

struct controller_rules_store {
    pthread_mutex_t mutex;
    struct controller_rules *current; /* a reference, or NULL; guarded by mutex */
};

struct controller_rules_store *controller_rules_store_new(void)
{
    struct controller_rules_store *store = xcalloc(1, sizeof(*store));
    pthread_mutex_init(&store->mutex, NULL);
    return store;
}

void controller_rules_store_free(struct controller_rules_store *store)
{
    if (store == NULL)
        return;
    controller_rules_unref(store->current);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

void controller_rules_store_set(struct controller_rules_store *store,
    struct hostpath_policy *take_policy, const struct controller_review_options *options)
{
    struct controller_rules *rules = xcalloc(1, sizeof(*rules));
    atomic_init(&rules->references, 1);
    rules->policy = take_policy;
    rules->options = *options;
    rules->options.policy = take_policy;

    pthread_mutex_lock(&store->mutex);
    struct controller_rules *before = store->current;
    store->current = rules;
    pthread_mutex_unlock(&store->mutex);
    controller_rules_unref(before);
}

struct controller_rules *controller_rules_store_current(struct controller_rules_store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct controller_rules *rules = store->current;
    if (rules != NULL)
        atomic_fetch_add(&rules->references, 1);
    pthread_mutex_unlock(&store->mutex);
    return rules;
}

void controller_rules_unref(struct controller_rules *rules)
{
    if (rules == NULL || atomic_fetch_sub(&rules->references, 1) != 1)
        return;
    hostpath_policy_free(rules->policy);
    free(rules);
}

const struct controller_review_options *controller_rules_options(
    const struct controller_rules *rules)
{
    return &rules->options;
}
