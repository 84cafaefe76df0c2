/* Repeated measurements of one thing, and what the benchmarks report of them. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <jansson.h>
#include <stddef.h>

struct sample {
    const char *name; /* what was measured; static */
    const char *unit; /* static */
    const char *target; /* what the design asks for; static, "" when nothing */
    double *values; /* owned */
    size_t count;
};

/* Milliseconds on the monotonic clock. */
double sample_now(void);

void sample_add(struct sample *sample, double value);

/* The value below which a part of the sorted sample lies: 0.5 is the median. count > 0. */
double sample_quantile(struct sample *sample, double part);

/* Prints one table row: name, median, the middle half, minimum and maximum, target. */
void sample_print(struct sample *sample);
void sample_print_header(void);

/* The same as an object. New reference. */
json_t *sample_json(struct sample *sample);

void sample_clear(struct sample *sample);

#endif
