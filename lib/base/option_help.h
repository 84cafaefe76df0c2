/* The help of a program, from its table of options. */
#ifndef BASE_OPTION_HELP_H
#define BASE_OPTION_HELP_H

#include <stdio.h>

#include "base/option.h"

/* The layout of the help. */
struct option_help_style {
    size_t column; /* where the texts begin; on the next line if the option is longer */
    size_t width; /* texts are wrapped at words; 0: they keep their own line breaks */
    bool letters; /* "-h, --help", or as much space if there is no letter */
    bool defaults; /* each text ends with the default */
};

/* Writes the options of the table's subcommand, each with its text. */
void option_help_write(
    FILE *out, const struct option_table *table, const struct option_help_style *style);

/* The required options as in a usage line, each followed by a space: "--sidecars N ". Owned by the
 * caller. */
char *option_help_required(const struct option_table *table);

/* An option's help text on one line, without details. Owned by the caller. */
char *option_help_brief(const struct option_row *row);

#endif
