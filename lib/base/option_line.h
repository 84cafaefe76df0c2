/* The command line of a program, read by its table of options with getopt_long(3). */
#ifndef BASE_OPTION_LINE_H
#define BASE_OPTION_LINE_H

#include "base/option.h"

/* An option that was given. */
struct option_given {
    const struct option_row *row;
    const char *value; /* borrowed from the words, or from the row */
};

struct option_line {
    struct option_given *given; /* in their order; owned */
    size_t count;
    int operands; /* the index of the first word that is no option */
};

/* Reads the words; argv[0] is none of them. Each value is put into its member of target as soon as
 * it is read; with target NULL they are only collected. Returns 0, or -1 with a usage error that
 * names the option and what would be right. option_line_clear is due either way. */
int option_line_read(const struct option_table *table, int argc, char **argv, void *target,
    struct option_line *line, struct error **err);

/* Puts what was collected into target, row by row; of an option that is not repeatable the last
 * value alone. Returns 0, or -1 with a usage error that names the option. */
int option_line_apply(const struct option_table *table, const struct option_line *line,
    void *target, struct error **err);

/* The last value that was given for an option, borrowed, or NULL. */
const char *option_line_value(const struct option_line *line, const char *name);

/* Returns -1 with a usage error when the table's subcommand cannot do without an option that was
 * not given. */
int option_line_require(const struct option_table *table, const struct option_line *line,
    const char *name, struct error **err);

void option_line_clear(struct option_line *line);

#endif
