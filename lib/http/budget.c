#include "http/budget.h"

#include <utlist.h>

#include "base/clock.h"

enum {
    FAIR_PART = 16, /* who gets on has received this part of what it holds */
    STALL_FACTOR = 100, /* a second without getting on counts as so much more is held */
    AGE_PART = 100, /* seconds of age that count as much as what is held */
    FAIR_SHARE = 4, /* a quarter of all is what any address may be sending */
};

static const double pause_seconds = 0.5; /* in which an honest client may be busy */

void http_budget_init(struct http_budget *budget, size_t most)
{
    *budget = (struct http_budget){.most = most};
    pthread_mutex_init(&budget->mutex, NULL);
}

void http_budget_clear(struct http_budget *budget)
{
    pthread_mutex_destroy(&budget->mutex);
}

void http_budget_enter(struct http_budget *budget, struct http_holding *holding)
{
    holding->since = holding->moved = clock_seconds();
    pthread_mutex_lock(&budget->mutex);
    DL_APPEND(budget->first, holding);
    pthread_mutex_unlock(&budget->mutex);
}

/* Nothing more is sent. */
static void end_claim(struct http_budget *budget, struct http_holding *holding)
{
    http_crowd_leave(&budget->crowds, holding->crowd, holding->claim);
    holding->crowd = NULL;
    holding->claim = 0;
}

void http_budget_leave(struct http_budget *budget, struct http_holding *holding)
{
    pthread_mutex_lock(&budget->mutex);
    http_budget_release(budget, holding);
    end_claim(budget, holding);
    DL_DELETE(budget->first, holding);
    pthread_mutex_unlock(&budget->mutex);
}

void http_budget_move(struct http_holding *holding, size_t bytes)
{
    holding->arrived += bytes;
    if (holding->arrived < holding->bytes / FAIR_PART)
        return;
    holding->arrived = 0;
    holding->moved = clock_seconds();
}

/* How much it weighs that a request holds what it holds. */
static double weight_of(const struct http_budget *budget, struct http_holding *holding, double time)
{
    size_t sending = holding->crowd != NULL ? holding->crowd->size : holding->claim;
    if (sending < holding->bytes)
        sending = holding->bytes;
    if (sending < budget->most / FAIR_SHARE)
        sending = budget->most / FAIR_SHARE;
    double share = (double)sending / (double)budget->most;
    double stalled = time - holding->moved - pause_seconds;
    if (stalled < 0 || (holding->is_waiting != NULL && holding->is_waiting(holding)))
        stalled = 0; /* it is the server that is slow */
    double idle = 1 + (time - holding->since) / AGE_PART + stalled * STALL_FACTOR;
    return (double)holding->bytes * idle * share * share;
}

/* Returns who loses what it holds, or NULL: all is kept. */
static struct http_holding *heaviest(const struct http_budget *budget)
{
    struct http_holding *found = NULL;
    struct http_holding *each = NULL;
    double most = -1;
    double time = clock_seconds();
    DL_FOREACH (budget->first, each) {
        double weight = each->kept || each->bytes == 0 ? -1 : weight_of(budget, each, time);
        if (weight > most) {
            found = each;
            most = weight;
        }
    }
    return found;
}

void http_budget_expect(struct http_budget *budget, struct http_holding *holding,
    const struct sockaddr *address, size_t size)
{
    pthread_mutex_lock(&budget->mutex);
    holding->claim = size;
    holding->crowd = http_crowd_join(&budget->crowds, address, size);
    pthread_mutex_unlock(&budget->mutex);
}

void http_budget_keep(struct http_budget *budget, struct http_holding *holding)
{
    pthread_mutex_lock(&budget->mutex);
    holding->kept = true;
    end_claim(budget, holding);
    pthread_mutex_unlock(&budget->mutex);
}

bool http_budget_take(struct http_budget *budget, struct http_holding *holding, size_t more)
{
    http_budget_count(budget, holding, more);
    while (budget->held > budget->most) {
        struct http_holding *loser = heaviest(budget);
        if (loser == NULL || loser == holding) {
            budget->held -= more;
            holding->bytes -= more;
            return false;
        }
        http_budget_release(budget, loser);
        loser->on_lost(loser);
    }
    return true;
}

void http_budget_count(struct http_budget *budget, struct http_holding *holding, size_t more)
{
    budget->held += more;
    holding->bytes += more;
}

void http_budget_release(struct http_budget *budget, struct http_holding *holding)
{
    budget->held -= holding->bytes;
    holding->bytes = 0;
}
