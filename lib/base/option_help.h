/* The help of a program, from its table of options. */
#ifndef BASE_OPTION_HELP_H
#define BASE_OPTION_HELP_H

#include <stdio.h>

#include "base/option.h"

/* How the help looks. */
struct option_help_style {
    size_t column; /* where the texts begin; a line below the option where that is longer */
    size_t width; /* texts are broken at words to fit; 0: they keep their own lines */
    bool letters; /* "-h, --help", and without a letter as much space */
    bool defaults; /* each text ends with the default */
};

/* Writes the options that the table's subcommand has, each with its text. */
void option_help_write(
    FILE *out, const struct option_table *table, const struct option_help_style *style);

/* The options that must be given, as a usage line has them, each with a space behind it:
 * "--sidecars N ". Owned by the caller. */
char *option_help_required(const struct option_table *table);

/* What an option is for, on one line and without the details. Owned by the caller. */
char *option_help_brief(const struct option_row *row);

#endif
