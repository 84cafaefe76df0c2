/* The monotonic clock (CLOCK_MONOTONIC), for measuring how long something takes and for
 * what is waited for: setting the time of day does not affect it. libev's ev_now and ev_time are the
 * time of day; its ev_timer is on this clock, and its ev_periodic is not. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

double clock_seconds(void);
double clock_milliseconds(void);

#endif
