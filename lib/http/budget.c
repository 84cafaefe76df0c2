#include "http/budget.h"

#include <utlist.h>

#include "base/clock.h"

enum { FAIR_PART = 16 }; /* who gets on has received this part of what it holds */

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

void http_budget_leave(struct http_budget *budget, struct http_holding *holding)
{
    pthread_mutex_lock(&budget->mutex);
    http_budget_release(budget, holding);
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

/* Returns who has held the most for the longest time: in all, or without getting on. NULL: nobody
 * that could lose it. */
static struct http_holding *heaviest(const struct http_budget *budget, double time, bool in_all)
{
    struct http_holding *found = NULL;
    struct http_holding *each = NULL;
    double most = in_all ? -1 : 0;
    DL_FOREACH (budget->first, each) {
        double weight = (double)each->bytes * (time - (in_all ? each->since : each->moved));
        if (!each->kept && each->bytes > 0 && weight > most) {
            found = each;
            most = weight;
        }
    }
    return found;
}

/* Returns who loses what it holds, or NULL: all is kept. */
static struct http_holding *choose(const struct http_budget *budget)
{
    double time = clock_seconds();
    struct http_holding *found = NULL;
    while ((found = heaviest(budget, time, false)) != NULL) {
        if (found->is_waiting == NULL || !found->is_waiting(found))
            return found;
        found->moved = time; /* it is the server that is slow */
    }
    return heaviest(budget, time, true);
}

bool http_budget_take(struct http_budget *budget, struct http_holding *holding, size_t more)
{
    http_budget_count(budget, holding, more);
    while (budget->held > budget->most) {
        struct http_holding *loser = choose(budget);
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
