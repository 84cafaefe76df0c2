#include "launcher/ending.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/unused.h"

enum {
    BUTTON_SECONDS = 2, /* between presses of the power button, which a booting guest ignores */
    AGAIN_SECONDS = 1, /* a signal sooner after the first is the same one, sent to a whole group */
};

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
_Static_assert(ARRAY_SIZE(signals) == ARRAY_SIZE(((struct launcher_ending *)NULL)->signals),
    "each has a watcher");

static void on_button(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct launcher_ending *ending = watcher->data;
    auto_error struct error *error = NULL;
    if (guest_shutdown(ending->guest, &error) < 0)
        log_warning("%s", error->message);
}

/* Ends QEMU; an event reports its end, unless this fails. */
static void destroy_guest(struct launcher_ending *ending)
{
    struct error *error = NULL;
    if (guest_destroy(ending->guest, &error) < 0)
        ending->on_failure(ending->user, error);
}

static void on_grace(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    log_warning("the guest did not shut down in time and is destroyed");
    destroy_guest(watcher->data);
}

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct launcher_ending *ending = watcher->data;
    bool again = ending->signal != 0;
    if (ending->over || (again && clock_seconds() - ending->signal_time < AGAIN_SECONDS))
        return;
    if (!again) {
        ending->signal = watcher->signum;
        ending->signal_time = clock_seconds();
    }
    ending->on_signal(ending->user, again);
}

void launcher_ending_watch(struct launcher_ending *ending, struct ev_loop *loop,
    launcher_ending_signalled *signalled, launcher_ending_failed *failed, void *user)
{
    *ending = (struct launcher_ending){
        .loop = loop, .on_signal = signalled, .on_failure = failed, .user = user};
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        ev_signal_init(&ending->signals[i], on_signal, signals[i]);
        ending->signals[i].data = ending;
        ev_signal_start(loop, &ending->signals[i]);
    }
    ev_timer_init(&ending->button, on_button, 0, 0);
    ev_timer_init(&ending->grace, on_grace, 0, 0);
    ending->button.data = ending->grace.data = ending;
}

void launcher_ending_guest(
    struct launcher_ending *ending, struct guest *guest, double grace_seconds, bool again)
{
    const char *name = sigabbrev_np(ending->signal);
    ending->guest = guest;
    if (again || grace_seconds <= 0) {
        log_info("SIG%s: the guest is destroyed", name);
        destroy_guest(ending);
        return;
    }
    log_info("SIG%s: the guest has %.0f seconds to shut down", name, grace_seconds);
    ev_now_update(ending->loop);
    ev_timer_set(&ending->button, 0, BUTTON_SECONDS);
    ev_timer_start(ending->loop, &ending->button);
    ev_timer_set(&ending->grace, grace_seconds, 0);
    ev_timer_start(ending->loop, &ending->grace);
}

struct error *launcher_ending_error(const struct launcher_ending *ending)
{
    struct error *error = NULL;
    error_set(&error, ERROR_CANCELED, "ended by SIG%s", sigabbrev_np(ending->signal));
    return error;
}

void launcher_ending_stop(struct launcher_ending *ending)
{
    ending->over = true;
    if (ending->loop == NULL)
        return;
    ev_timer_stop(ending->loop, &ending->button);
    ev_timer_stop(ending->loop, &ending->grace);
}
