/* The configuration file of a program: a YAML object with a key for each option of its table. */
#ifndef BASE_OPTION_FILE_H
#define BASE_OPTION_FILE_H

#include "base/option.h"

/* The apiVersion and kind that the file must have. */
struct option_file_kind {
    const char *api_version;
    const char *kind;
};

/* Reads the file's values into target. Returns 0, or -1 with an io error, or with an input error
 * that names the file, the line and the key, and suggests the nearest known key or a valid
 * value. */
int option_file_read(const struct option_table *table, const struct option_file_kind *kind,
    const char *path, void *target, struct error **err);

/* The option's key: "webhookListen" for webhook-listen. Owned by the caller. */
char *option_file_key(const struct option_row *row);

#endif
