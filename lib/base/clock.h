/* The clock by which it is measured how long something takes: it goes forward alone, whatever the
 * time of day is set to (CLOCK_MONOTONIC). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

double clock_seconds(void);
double clock_milliseconds(void);

#endif
