/* One hostPath object of a hook sidecar: a file or directory of the node, mounted into the
 * sidecar: its checks, and the pod's volume and mount that it becomes. */
#ifndef HOSTPATH_HOSTPATH_H
#define HOSTPATH_HOSTPATH_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/finding.h"

/* What must exist on the host before the container starts.
 * Source: Kubernetes API reference, HostPathVolumeSource. */
enum hostpath_type {
    HOSTPATH_DIRECTORY,
    HOSTPATH_DIRECTORY_OR_CREATE,
    HOSTPATH_FILE,
    HOSTPATH_FILE_OR_CREATE,
    HOSTPATH_SOCKET,
    HOSTPATH_CHAR_DEVICE,
    HOSTPATH_BLOCK_DEVICE,
};

enum { HOSTPATH_PATH_MAX = 4096 };

struct hostpath {
    char *path; /* on the node; absolute, without "..", normalized; owned */
    char *volume_path; /* in the container; likewise; owned */
    enum hostpath_type type;
    bool read_only;
};

/* Parses a type name; NULL and "" mean the default, Directory. Returns 0, or -1 with an input error
 * that lists the valid names and the nearest one. Its message continues the name of the field:
 * "must be …". */
int hostpath_type_parse(const char *name, enum hostpath_type *out, struct error **err);

/* The names of the types by their numbers, ended by NULL. */
extern const char *const hostpath_type_names[];

/* "Directory", "DirectoryOrCreate", … Static. */
const char *hostpath_type_name(enum hostpath_type type);

/* The hostPath that an object means which has been checked: path, volumePath and type are right
 * where they are there, readOnly is a boolean. A path that is not there is NULL. Owned by the
 * caller. */
struct hostpath *hostpath_new(const json_t *object);

void hostpath_free(struct hostpath *hostpath);

/* Checks that path has the form that the annotation allows: it begins with "/", has at most
 * HOSTPATH_PATH_MAX bytes, no component "..", and no control characters. Adds a finding at pointer
 * if not; returns whether it is valid. */
bool hostpath_check_path(const char *path, const char *pointer, struct findings *findings);

/* Returns the path without repeated slashes, "." components and a trailing slash, owned by the
 * caller. path must be absolute and without "..". */
char *hostpath_normalize(const char *path);

/* The same, or NULL if path has a component "..". */
char *hostpath_place(const char *path);

/* Whether path is prefix or is below it, compared by component after normalizing: /a/b is below /a
 * and /a/, not below /a/bc. Both must be absolute; false if either contains "..". Only names are
 * compared; symbolic links on the node are not followed. */
bool hostpath_is_below(const char *path, const char *prefix);

/* The same for two paths in normal form, as hostpath_place returns them. */
bool hostpath_place_is_below(const char *place, const char *prefix);

/* The pod's volume and the sidecar's volumeMount for this object, with a volume name. New
 * references.
 * Source: Kubernetes API reference, Volume and VolumeMount. */
json_t *hostpath_volume(const struct hostpath *hostpath, const char *volume_name);
json_t *hostpath_volume_mount(const struct hostpath *hostpath, const char *volume_name);

#endif
