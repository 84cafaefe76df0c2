/* Findings about manifests, each with its place in a file, written for people (file:line:col: path:
 * message) or for programs (JSON). */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/finding.h"
#include "base/yaml.h"
#include "cli/object.h"

/* Where a finding belongs. All borrowed; each may be NULL, and line 0 means no place. */
struct cli_report_place {
    const char *file;
    struct yaml_place place;
    const char *path; /* "hooks.kubevirt.io/hookSidecars[0].hostPath.type" */
    const struct cli_object *object;
};

struct cli_report_item;

struct cli_report {
    struct cli_report_item *items; /* owned */
    size_t count;
    size_t errors; /* items that are errors, unreadable input among them */
    size_t warnings;
    bool unreadable; /* some input could not be read at all */
    size_t files; /* checked, for the summary */
    size_t annotations;
};

/* Adds one finding; everything is copied. */
void cli_report_add(struct cli_report *report, enum finding_severity severity,
    enum error_class class, const struct cli_report_place *place, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Adds how many findings were not kept, as one item for each severity, which counts as all of
 * them. */
void cli_report_add_left_out(struct cli_report *report, const struct cli_report_place *place,
    const struct findings *findings);

/* Sorts the items from index first on, which belong to one file, by place. */
void cli_report_sort(struct cli_report *report, size_t first);

/* Adds input that could not be read; file may be NULL. Takes ownership of the error. */
void cli_report_add_unreadable(
    struct cli_report *report, const char *file, struct error *take_error);

/* Whether to colour output to a descriptor: only on a terminal, and unless NO_COLOR is set
 * (https://no-color.org). */
bool cli_report_colour(int fd);

/* Writes the findings, one per line. With colour, the place is bold, "warning:" yellow and the path
 * of an error red. Unprintable bytes are escaped. */
void cli_report_print(const struct cli_report *report, FILE *stream, bool colour);

/* {"findings": […], "errors": N, "warnings": N}. New reference. */
json_t *cli_report_json(const struct cli_report *report);

/* "2 files, 1 annotation: no errors, 1 warning". Owned by the caller. */
char *cli_report_summary(const struct cli_report *report);

/* 3 when some input was unreadable, 1 when there were errors, otherwise 0. */
int cli_report_exit_status(const struct cli_report *report);

void cli_report_clear(struct cli_report *report);

#endif
