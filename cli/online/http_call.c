#include "cli/online/http_call.h"

#include <ev.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/unused.h"
#include "cli/online/interrupt.h"

static const double tick_seconds = 0.2;

/* A transfer that runs, or a pause. */
struct turn {
    const struct cli_http_call *transfer; /* NULL: a pause */
    struct http_transfer *running; /* NULL: it has ended */
    struct cli_http_outcome *out;
    struct cli_online_signals signals;
    ev_timer timer;
    bool is_interrupted;
    bool gave_up;
};

static void on_data(void *user, const char *data, size_t length)
{
    struct turn *turn = user;
    turn->transfer->on_data(turn->transfer->user, turn->running, data, length);
}

static void on_done(void *user, const struct http_outcome *outcome)
{
    struct turn *turn = user;
    turn->running = NULL;
    *turn->out = (struct cli_http_outcome){
        .fault = outcome->fault,
        .code = outcome->code,
        .why = xstrdup(outcome->why),
        .body = xstrndup(outcome->body, outcome->length),
    };
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct turn *turn = watcher->data;
    turn->is_interrupted = true;
    ev_break(loop, EVBREAK_ALL);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct turn *turn = timer->data;
    if (turn->transfer == NULL) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    if (turn->running != NULL && turn->transfer->tick != NULL &&
        !turn->transfer->tick(turn->transfer->user, turn->running)) {
        turn->gave_up = true;
        ev_break(loop, EVBREAK_ALL);
    }
}

/* Runs the loop until the turn is over. */
static void turn_run(struct turn *turn, double seconds, double repeat)
{
    struct ev_loop *loop = EV_DEFAULT;
    ev_timer_init(&turn->timer, on_timer, seconds, repeat);
    turn->timer.data = turn;
    ev_now_update(loop);
    cli_online_signals_watch(&turn->signals, on_signal, turn);
    ev_timer_start(loop, &turn->timer);
    ev_run(loop, 0);
    cli_online_signals_end(&turn->signals);
    ev_timer_stop(loop, &turn->timer);
}

int cli_http_call_run(
    const struct cli_http_call *transfer, struct cli_http_outcome *out, struct error **err)
{
    struct turn turn = {.transfer = transfer, .out = out};
    struct http_transfer_options options = transfer->options;
    options.on_data = transfer->on_data != NULL ? on_data : NULL;
    options.on_done = on_done;
    options.user = &turn;
    turn.running = http_client_start(transfer->client, &options, err);
    if (turn.running == NULL)
        return -1;
    turn_run(&turn, tick_seconds, tick_seconds);
    if (turn.running == NULL)
        return 0;
    http_transfer_cancel(turn.running);
    return turn.gave_up ? error_set(err, ERROR_CANCELED, "given up")
                        : error_set(err, ERROR_CANCELED, "interrupted");
}

void cli_http_outcome_clear(struct cli_http_outcome *outcome)
{
    free(outcome->why);
    free(outcome->body);
    *outcome = (struct cli_http_outcome){0};
}

int cli_http_call_pause(int64_t milliseconds, struct error **err)
{
    struct turn turn = {0};
    turn_run(&turn, (double)milliseconds / 1000, 0);
    return turn.is_interrupted ? error_set(err, ERROR_CANCELED, "interrupted") : 0;
}
