/* A time of day that a test sets. It takes the place of the C library's for everything that is
 * linked into the test; the monotonic clock is the real one. For one source file of a program. */
#ifndef TESTS_UNIT_TIME_OF_DAY_H
#define TESTS_UNIT_TIME_OF_DAY_H

#include <ev.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t time_of_day_offset; /* seconds */

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (clock == CLOCK_REALTIME)
        out->tv_sec += time_of_day_offset;
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    int result = (int)syscall(SYS_gettimeofday, out, zone);
    out->tv_sec += time_of_day_offset;
    return result;
}

/* Sets the time of day by so many seconds, and returns when the loop has noticed: it looks at it
 * about twice a second. */
static inline void time_of_day_set(struct ev_loop *loop, time_t seconds)
{
    static const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    ev_tstamp wanted = ev_now(loop) + (ev_tstamp)seconds / 2;
    time_of_day_offset += seconds;
    while (seconds < 0 ? ev_now(loop) > wanted : ev_now(loop) < wanted) {
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        ev_now_update(loop);
    }
}

#endif
