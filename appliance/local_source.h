/* The files on this machine that an appliance's disks are made from. */
#ifndef APPLIANCE_LOCAL_SOURCE_H
#define APPLIANCE_LOCAL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/finding.h"
#include "base/pairs.h"

/* Zeroed: there are none. */
struct appliance_local_sources {
    const struct pairs *given; /* --source NAME=PATH; or NULL; borrowed */
    const char *beside; /* the directory in which others are looked for; or NULL; borrowed */
    bool *used; /* which of given were; owned */
};

/* The path of the file or directory that is given for the first of names that has one, absolute and
 * without symbolic links. Owned by the caller; NULL if none has, or with an error at pointer if it
 * does not exist. */
char *appliance_local_source_given(struct appliance_local_sources *sources,
    const char *const *names, size_t count, const char *pointer, struct findings *findings);

/* The same for an image that lies beside the manifest: NAME.qcow2, NAME.img or NAME.raw. A name with
 * a slash has none. */
char *appliance_local_source_beside(
    const struct appliance_local_sources *sources, const char *const *names, size_t count);

/* Adds an error at "" for each that was not used. */
void appliance_local_sources_check(
    const struct appliance_local_sources *sources, struct findings *findings);

void appliance_local_sources_clear(struct appliance_local_sources *sources);

#endif
