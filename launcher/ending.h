/* The end that a signal asks for: of the launch, or of the guest while one runs, which is shut down
 * and has a time to do so. */
#ifndef LAUNCHER_ENDING_H
#define LAUNCHER_ENDING_H

#include <ev.h>
#include <stdbool.h>

#include "guest/guest.h"

/* A signal came; again: after another one. */
typedef void launcher_ending_signalled(void *user, bool again);

/* The guest cannot be ended. The callee owns the error. */
typedef void launcher_ending_failed(void *user, struct error *take_error);

/* Zeroed is what was not begun. */
struct launcher_ending {
    struct ev_loop *loop; /* NULL before launcher_ending_watch */
    launcher_ending_signalled *on_signal;
    launcher_ending_failed *on_failure;
    void *user;
    ev_signal signals[4];
    int signal; /* the first one; 0: none */
    ev_tstamp signal_time; /* of the first one */
    struct guest *guest; /* that is being ended; NULL before */
    ev_timer button; /* presses it, from the first signal on */
    ev_timer grace; /* since the first signal */
    bool over;
};

/* Takes SIGTERM, SIGINT, SIGHUP and SIGQUIT from now on, which come from the loop. */
void launcher_ending_watch(struct launcher_ending *ending, struct ev_loop *loop,
    launcher_ending_signalled *signalled, launcher_ending_failed *failed, void *user);

/* Ends the guest: presses its power button, and destroys it when it has not ended after
 * grace_seconds; at once when there are none, or again is set. Its end comes as its event. */
void launcher_ending_guest(
    struct launcher_ending *ending, struct guest *guest, double grace_seconds, bool again);

/* The error that says which signal ended the launch. Owned by the caller. */
struct error *launcher_ending_error(const struct launcher_ending *ending);

/* Lets the guest be, and takes no signal any more: those that come are ignored. */
void launcher_ending_stop(struct launcher_ending *ending);

#endif
