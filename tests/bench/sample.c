/* The clock of the benchmarks, and the statistics of repeated measurements. */
#include "tests/bench/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

double sample_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void sample_add(struct sample *sample, double value)
{
    sample->values = xreallocarray(sample->values, sample->count + 1, sizeof(*sample->values));
    sample->values[sample->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double sample_quantile(struct sample *sample, double part)
{
    qsort(sample->values, sample->count, sizeof(*sample->values), compare);
    double place = part * (double)(sample->count - 1);
    size_t below = (size_t)place;
    size_t above = below + 1 < sample->count ? below + 1 : below;
    double between = place - (double)below;
    return sample->values[below] * (1 - between) + sample->values[above] * between;
}

void sample_print_header(void)
{
    printf("| what | median | middle half | min to max | runs | target |\n");
    printf("|---|---|---|---|---|---|\n");
}

void sample_print(struct sample *sample)
{
    printf("| %s | %.2f %s | %.2f to %.2f | %.2f to %.2f | %zu | %s |\n", sample->name,
        sample_quantile(sample, 0.5), sample->unit, sample_quantile(sample, 0.25),
        sample_quantile(sample, 0.75), sample_quantile(sample, 0), sample_quantile(sample, 1),
        sample->count, sample->target);
    fflush(stdout);
}

json_t *sample_json(struct sample *sample)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f}", "name", sample->name, "unit",
        sample->unit, "target", sample->target, "runs", (int)sample->count, "min",
        sample_quantile(sample, 0), "p25", sample_quantile(sample, 0.25), "median",
        sample_quantile(sample, 0.5), "p75", sample_quantile(sample, 0.75), "max",
        sample_quantile(sample, 1));
}

void sample_clear(struct sample *sample)
{
    free(sample->values);
    sample->values = NULL;
    sample->count = 0;
}
