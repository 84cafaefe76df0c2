/* Repeated measurements of one quantity, and their report. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <jansson.h>
#include <stddef.h>

struct sample {
    const char *name; /* what was measured; static */
    const char *unit; /* static */
    const char *target; /* required by the design; static, "" if none */
    double *values; /* owned */
    size_t count;
};

/* Milliseconds on the monotonic clock. */
double sample_now(void);

void sample_add(struct sample *sample, double value);

/* The quantile of the sorted sample: 0.5 is the median. count > 0. */
double sample_quantile(struct sample *sample, double part);

/* Prints one table row: name, median, the middle half, minimum and maximum, target. */
void sample_print(struct sample *sample);
void sample_print_header(void);

/* The same as a JSON object. New reference. */
json_t *sample_json(struct sample *sample);

void sample_clear(struct sample *sample);

#endif
