/* How soon a thing is done again: at once when it has not been done for a while, else after a delay
 * that doubles up to 15 s, whether it failed or somebody undoes it each time. */
#ifndef CONTROLLER_CERTIFICATES_PACE_H
#define CONTROLLER_CERTIFICATES_PACE_H

#include <ev.h>

/* Embedded; on the default loop. */
struct controller_pace {
    struct ev_timer timer;
    double last; /* when it was last done, on the loop's clock; 0: never */
    double delay; /* after that, in seconds */
    void (*go)(void *user);
    void *user;
};

void controller_pace_init(struct controller_pace *pace, void (*go)(void *user), void *user);
void controller_pace_clear(struct controller_pace *pace);

/* Has go called, from the loop, when it is time. Asking again before that changes nothing. */
void controller_pace_ask(struct controller_pace *pace);

/* The thing is done now, for good or ill: the next time comes later. */
void controller_pace_count(struct controller_pace *pace);

#endif
