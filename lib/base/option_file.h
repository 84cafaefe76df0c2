/* The configuration file of a program: a YAML object in which each option of its table is a key. */
#ifndef BASE_OPTION_FILE_H
#define BASE_OPTION_FILE_H

#include "base/option.h"

/* What the file says it is. */
struct option_file_kind {
    const char *api_version;
    const char *kind;
};

/* Puts the file's values into target. Returns 0, or -1 with an io error, or with an input error
 * that names the file, the line and the key, the nearest known key and what would be right. */
int option_file_read(const struct option_table *table, const struct option_file_kind *kind,
    const char *path, void *target, struct error **err);

/* The option's key: "webhookListen" for webhook-listen. Owned by the caller. */
char *option_file_key(const struct option_row *row);

#endif
