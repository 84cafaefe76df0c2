/* Backoff of a repeated action: immediate when the last one was a while ago, else after a delay
 * that doubles up to 15 s, whether the action fails or somebody keeps undoing it. */
#ifndef CONTROLLER_CERTIFICATES_PACE_H
#define CONTROLLER_CERTIFICATES_PACE_H

#include <ev.h>

/* Embedded; on the default loop. */
struct controller_pace {
    struct ev_timer timer;
    double last; /* of the last action, by clock_seconds; 0: never */
    double delay; /* after it, in seconds */
    void (*go)(void *user);
    void *user;
};

void controller_pace_init(struct controller_pace *pace, void (*go)(void *user), void *user);
void controller_pace_clear(struct controller_pace *pace);

/* Lets the loop call go when the delay is over. Asking again before that changes nothing. */
void controller_pace_ask(struct controller_pace *pace);

/* The action is done now, successful or not: the next one is delayed. */
void controller_pace_count(struct controller_pace *pace);

#endif
