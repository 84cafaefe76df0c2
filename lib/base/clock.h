/* The monotonic clock (CLOCK_MONOTONIC), for measuring how long something takes: setting the time
 * of day does not affect it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

double clock_seconds(void);
double clock_milliseconds(void);

#endif
