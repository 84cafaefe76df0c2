/* Ending on a signal: ends the launch or, while a guest runs, shuts the guest down within a grace
 * period. */
#ifndef LAUNCHER_ENDING_H
#define LAUNCHER_ENDING_H

#include <ev.h>
#include <stdbool.h>

#include "guest/guest.h"

/* Called on a signal; again is set if it is not the first. */
typedef void launcher_ending_signalled(void *user, bool again);

/* Called when the guest cannot be ended. The callee owns the error. */
typedef void launcher_ending_failed(void *user, struct error *take_error);

/* Zeroed means not started. */
struct launcher_ending {
    struct ev_loop *loop; /* NULL before launcher_ending_watch */
    launcher_ending_signalled *on_signal;
    launcher_ending_failed *on_failure;
    void *user;
    ev_signal signals[4];
    int signal; /* the first one; 0: none */
    double signal_time; /* of the first one; clock_seconds */
    struct guest *guest; /* the guest being ended; NULL before */
    ev_timer button; /* presses the power button, from the first signal on */
    ev_timer grace; /* runs from the first signal */
    bool over;
};

/* From now on, handles SIGTERM, SIGINT, SIGHUP and SIGQUIT, and reports them from the loop. */
void launcher_ending_watch(struct launcher_ending *ending, struct ev_loop *loop,
    launcher_ending_signalled *signalled, launcher_ending_failed *failed, void *user);

/* Ends the guest: presses its power button, and destroys it if it still runs after grace_seconds;
 * destroys it at once if that is 0 or again is set. The guest's event reports its end. */
void launcher_ending_guest(
    struct launcher_ending *ending, struct guest *guest, double grace_seconds, bool again);

/* Returns the error that says which signal ended the launch. Owned by the caller. */
struct error *launcher_ending_error(const struct launcher_ending *ending);

/* Leaves the guest alone, and ignores signals from now on. */
void launcher_ending_stop(struct launcher_ending *ending);

#endif
