#include "controller/rules.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct controller_rules {
    atomic_uint references;
    struct hostpath_policy *policy; /* owned; or NULL */
    struct controller_review_options options;
};

static pthread_mutex_t current_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct controller_rules *current; /* guarded by current_mutex */

void controller_rules_set(
    struct hostpath_policy *take_policy, const struct controller_review_options *options)
{
    struct controller_rules *rules = xcalloc(1, sizeof(*rules));
    atomic_init(&rules->references, 1);
    rules->policy = take_policy;
    rules->options = *options;
    rules->options.policy = take_policy;

    pthread_mutex_lock(&current_mutex);
    struct controller_rules *before = current;
    current = rules;
    pthread_mutex_unlock(&current_mutex);
    controller_rules_unref(before);
}

struct controller_rules *controller_rules_current(void)
{
    pthread_mutex_lock(&current_mutex);
    struct controller_rules *rules = current;
    if (rules != NULL)
        atomic_fetch_add(&rules->references, 1);
    pthread_mutex_unlock(&current_mutex);
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
