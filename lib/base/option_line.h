/* Parses a program's command line by its table of options, with getopt_long(3). */
#ifndef BASE_OPTION_LINE_H
#define BASE_OPTION_LINE_H

#include "base/option.h"

/* An option that was given. */
struct option_given {
    const struct option_row *row;
    const char *value; /* borrowed from argv or the row */
};

struct option_line {
    struct option_given *given; /* in order; owned */
    size_t count;
    int operands; /* the index of the first argument that is not an option */
};

/* Parses argv, without argv[0]. Stores each value in its member of target as soon as it is read;
 * with target NULL, only collects them. Returns 0, or -1 with a usage error that names the option
 * and says what is valid. Call option_line_clear in either case. */
int option_line_read(const struct option_table *table, int argc, char **argv, void *target,
    struct option_line *line, struct error **err);

/* Stores the collected values in target, row by row; for an option that is not repeatable, only the
 * last one. Returns 0, or -1 with a usage error that names the option. */
int option_line_apply(const struct option_table *table, const struct option_line *line,
    void *target, struct error **err);

/* The last value given for an option, borrowed, or NULL. */
const char *option_line_value(const struct option_line *line, const char *name);

/* Returns 0, or -1 with a usage error if the table's subcommand requires the option (NULL: any) and
 * it was not given. */
int option_line_require(const struct option_table *table, const struct option_line *line,
    const char *name, struct error **err);

void option_line_clear(struct option_line *line);

#endif
