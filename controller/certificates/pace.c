#include "controller/certificates/pace.h"

#include "base/clock.h"
#include "base/unused.h"

static const double first_delay = 1.0;
static const double longest_delay = 15.0;
static const double forgotten_after = 30.0;

static void on_timer(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct controller_pace *pace = timer->data;
    pace->go(pace->user);
}

void controller_pace_init(struct controller_pace *pace, void (*go)(void *user), void *user)
{
    *pace = (struct controller_pace){.go = go, .user = user};
    ev_init(&pace->timer, on_timer);
    pace->timer.data = pace;
}

void controller_pace_clear(struct controller_pace *pace)
{
    ev_timer_stop(EV_DEFAULT_ & pace->timer);
}

void controller_pace_ask(struct controller_pace *pace)
{
    if (ev_is_active(&pace->timer))
        return;
    ev_now_update(EV_DEFAULT);
    double wait = pace->last == 0 ? 0 : pace->last + pace->delay - clock_seconds();
    ev_timer_set(&pace->timer, wait > 0 ? wait : 0.0, 0.0);
    ev_timer_start(EV_DEFAULT_ & pace->timer);
}

void controller_pace_count(struct controller_pace *pace)
{
    double now = clock_seconds();
    if (pace->last == 0 || now - pace->last > forgotten_after)
        pace->delay = 0;
    else
        pace->delay = pace->delay == 0 ? first_delay : 2 * pace->delay;
    if (pace->delay > longest_delay)
        pace->delay = longest_delay;
    pace->last = now;
}
