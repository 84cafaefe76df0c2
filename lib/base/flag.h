/* What the command line of every program says in the same words: its help, and why a flag is not
 * taken. */
#ifndef BASE_FLAG_H
#define BASE_FLAG_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* Refuses a word that getopt_long(3) did not like; names are those of all flags, without dashes.
 * Returns -1 with a usage error: the flag takes no value, or is not known, and then the nearest
 * that is. */
int flag_refuse(const char *word, const char *const *names, size_t count, struct error **err);

/* Parses the duration that is given as --name (text_parse_duration). Returns 0, or -1 with a usage
 * error that says what would be right. */
int flag_parse_duration(
    const char *name, const char *value, int64_t *milliseconds, struct error **err);

/* Writes a flag's entry of the help: left as --help shows the flag, padded to column characters,
 * and then the help, each of its lines from the same column on. */
void flag_describe(FILE *out, int column, const char *left, const char *help);

#endif
