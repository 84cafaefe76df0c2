/* The rules that the webhooks apply: immutable and reference-counted, so that a new policy can
 * replace them during reviews. */
#ifndef CONTROLLER_WEBHOOK_RULES_H
#define CONTROLLER_WEBHOOK_RULES_H

#include "controller/webhook/review.h"

struct controller_rules;

/* Holds the current rules for the webhooks. */
struct controller_rules_store;

/* An empty store, owned by the caller; to be freed when no other thread uses it. */
struct controller_rules_store *controller_rules_store_new(void);
void controller_rules_store_free(struct controller_rules_store *store); /* NULL is allowed */

/* Replaces the current rules; takes ownership of the policy (NULL: no policy). The policy in
 * options is ignored; its strings are borrowed for good. Any thread. */
void controller_rules_store_set(struct controller_rules_store *store,
    struct hostpath_policy *take_policy, const struct controller_review_options *options);

/* A reference to the current rules, or NULL before they were first set. Any thread. */
struct controller_rules *controller_rules_store_current(struct controller_rules_store *store);
void controller_rules_unref(struct controller_rules *rules); /* NULL is allowed */

/* Borrowed as long as the reference is held. */
const struct controller_review_options *controller_rules_options(
    const struct controller_rules *rules);

DEFINE_CLEANUP(controller_rules, struct controller_rules *, controller_rules_unref);
#define auto_controller_rules auto_cleanup(controller_rules)

#endif
