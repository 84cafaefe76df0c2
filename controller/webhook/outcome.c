#include "controller/webhook/outcome.h"

const char *controller_review_outcome_name(enum controller_review_outcome outcome)
{
    static const char *const names[CONTROLLER_REVIEW_OUTCOMES] = {"untouched", "patched", "valid",
        "denied-input", "denied-policy", "unavailable", "bad-request"};
    return names[outcome];
}
