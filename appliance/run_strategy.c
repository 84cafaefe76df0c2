#include "appliance/run_strategy.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

enum { LONGEST_SHOWN = 80 };

static const char *const strategies[] = {"Always", "Halted", "Manual", "Once", "RerunOnFailure"};

/* States of a VM that are taken for strategies. */
static const struct {
    const char *state;
    const char *strategy;
} states[] = {{"Running", "Always"}, {"Started", "Always"}, {"Stopped", "Halted"}};

bool appliance_run_strategy_is_valid(const char *text)
{
    return text_index(text, strategies, ARRAY_SIZE(strategies)) >= 0;
}

const char *appliance_run_strategy_meant(const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(strategies); i++) {
        if (strcasecmp(text, strategies[i]) == 0)
            return strategies[i];
    }
    if (strcasecmp(text, APPLIANCE_WAIT_AS_RECEIVER) == 0)
        return APPLIANCE_WAIT_AS_RECEIVER;
    return strcasecmp(text, states[0].state) == 0 ? states[0].strategy : NULL;
}

char *appliance_run_strategy_refuse(const char *text)
{
    auto_free char *names = text_list(strategies, ARRAY_SIZE(strategies));
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    const char *meant = appliance_run_strategy_meant(text);
    if (meant == NULL && suggest_nearest(text, strategies, ARRAY_SIZE(strategies)) == NULL) {
        const char *names_of_states[ARRAY_SIZE(states)];
        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
            names_of_states[i] = states[i].state;
        const char *state = suggest_nearest(text, names_of_states, ARRAY_SIZE(states));
        for (size_t i = 0; state != NULL && i < ARRAY_SIZE(states); i++)
            meant = streq(state, states[i].state) ? states[i].strategy : meant;
    }
    auto_free char *hint = meant != NULL ? xasprintf(" (did you mean \"%s\"?)", meant)
                                         : suggest_hint(text, strategies, ARRAY_SIZE(strategies));
    return xasprintf("must be %s, not \"%s\"%s", names, shown, hint);
}
