/* The Secrets and ConfigMaps of a completed VM as directories on this machine, each with a file for
 * each key, as Kubernetes mounts them. */
#ifndef APPLIANCE_LOCAL_FILES_H
#define APPLIANCE_LOCAL_FILES_H

#include <jansson.h>

#include "appliance/local_source.h"

struct appliance_local_file {
    char *key; /* the name of the file; owned */
    char *data; /* followed by a zero byte; secret; owned */
    size_t length;
};

struct appliance_local_directory {
    char *name; /* for --volume-dir; owned */
    char *given; /* the path of a directory that is there already; or NULL; owned */
    struct appliance_local_file *files; /* owned */
    size_t count;
};

/* Zeroed is empty. */
struct appliance_local_files {
    struct appliance_local_directory *items; /* owned */
    size_t count;
};

/* Finds the data of a VMI's volumes and access credentials among objects, an array of Secrets and
 * ConfigMaps (or NULL), else in a directory that is given for the volume, or for the Secret or
 * ConfigMap. What is missing, unless it is optional, or not right is an error among the findings,
 * whose pointers are within the VM. Returns 0, or -1 with errors; appliance_local_files_clear is due
 * either way. */
int appliance_local_files_find(struct appliance_local_files *out, const json_t *vmi,
    const json_t *objects, struct appliance_local_sources *sources, struct findings *findings);

/* Writes the files of those that are not given into new directories below directory, readable by
 * their owner alone. Returns 0, or -1 with an io error. */
int appliance_local_files_write(
    const struct appliance_local_files *files, const char *directory, struct error **err);

/* Wipes what is secret, and frees. */
void appliance_local_files_clear(struct appliance_local_files *files);

#endif
