/* The outcome of a review, for metrics. */
#ifndef CONTROLLER_WEBHOOK_OUTCOME_H
#define CONTROLLER_WEBHOOK_OUTCOME_H

enum controller_review_outcome {
    CONTROLLER_REVIEW_UNTOUCHED, /* allowed, nothing to change */
    CONTROLLER_REVIEW_PATCHED,
    CONTROLLER_REVIEW_VALID, /* an object that was checked */
    CONTROLLER_REVIEW_DENIED_INPUT,
    CONTROLLER_REVIEW_DENIED_POLICY, /* only by the policy, or for lack of a right */
    CONTROLLER_REVIEW_UNAVAILABLE, /* denied, because what it needs could not be read in time */
    CONTROLLER_REVIEW_BAD_REQUEST, /* not a valid AdmissionReview */
};

enum { CONTROLLER_REVIEW_OUTCOMES = CONTROLLER_REVIEW_BAD_REQUEST + 1 };

/* "patched", "denied-policy", …: the label of metrics. Static. */
const char *controller_review_outcome_name(enum controller_review_outcome outcome);

#endif
