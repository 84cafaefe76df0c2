#include "controller/drain.h"

#include <ev.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/unused.h"

/* How often to check whether the last review was answered, in seconds. */
static const double LOOK = 0.01;

struct controller_drain {
    struct controller_drain_options options;
    ev_timer quiesce, look, limit;
    bool quiet; /* no new reviews, and none in progress */
    bool released; /* the lease was released */
};

static void end_when_done(struct controller_drain *drain)
{
    if (drain->quiet && drain->released)
        drain->options.on_drained(drain->options.user);
}

static void on_released(void *user)
{
    struct controller_drain *drain = user;
    drain->released = true;
    end_when_done(drain);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct controller_drain *drain = timer->data;
    if (controller_server_busy(drain->options.webhooks))
        return;
    ev_timer_stop(loop, timer);
    drain->quiet = true;
    end_when_done(drain);
}

static void on_quiesce(struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct controller_drain *drain = timer->data;
    if (drain->options.webhooks == NULL) {
        drain->quiet = true;
        end_when_done(drain);
        return;
    }
    controller_server_quiesce(drain->options.webhooks);
    ev_timer_start(loop, &drain->look);
}

static void on_limit(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct controller_drain *drain = timer->data;
    log_warning("%s did not finish in time", drain->quiet ? "releasing the lease" : "reviews");
    drain->options.on_drained(drain->options.user);
}

struct controller_drain *controller_drain_new(const struct controller_drain_options *options)
{
    struct controller_drain *drain = xcalloc(1, sizeof(*drain));
    double limit = (double)options->limit_ms / 1000;
    drain->options = *options;
    drain->released = options->lease == NULL;
    ev_timer_init(&drain->quiesce, on_quiesce, options->webhooks == NULL ? 0 : limit / 3, 0);
    ev_timer_init(&drain->look, on_look, 0, LOOK);
    ev_timer_init(&drain->limit, on_limit, limit, 0);
    drain->quiesce.data = drain->look.data = drain->limit.data = drain;
    /* a kept-alive connection would lose a request that is sent while we close it */
    if (options->webhooks != NULL)
        controller_server_dismiss(options->webhooks);
    ev_timer_start(EV_DEFAULT, &drain->quiesce);
    ev_timer_start(EV_DEFAULT, &drain->limit);
    if (options->lease != NULL)
        kube_lease_release(options->lease, on_released, drain);
    return drain;
}

void controller_drain_free(struct controller_drain *drain)
{
    if (drain == NULL)
        return;
    ev_timer_stop(EV_DEFAULT, &drain->quiesce);
    ev_timer_stop(EV_DEFAULT, &drain->look);
    ev_timer_stop(EV_DEFAULT, &drain->limit);
    free(drain);
}
