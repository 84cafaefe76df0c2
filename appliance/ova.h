/* The files of an OVF package: an OVA, which is a tar archive of them, or a descriptor with its files
 * beside it. */
#ifndef APPLIANCE_OVA_H
#define APPLIANCE_OVA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { APPLIANCE_OVA_MAX_FILES = 1000 };

struct appliance_ova_file {
    char *name; /* as the package calls it; owned */
    char *path; /* where it is; owned */
    uint64_t size;
};

/* Zeroed is empty. */
struct appliance_ova {
    struct appliance_ova_file *files; /* owned */
    size_t count;
    const struct appliance_ova_file *descriptor; /* the .ovf */
    const struct appliance_ova_file *manifest; /* the .mf; NULL: there is none */
    const struct appliance_ova_file *certificate; /* the .cert; NULL: there is none */
    bool (*is_canceled)(void); /* set by the caller, asked while files are read; or NULL */
};

/* Unpacks the archive at path into a directory, in which each file has a name of ours. Returns 0, or
 * -1 with an error: it is not a tar archive, has no descriptor or several, a name that is not safe
 * or is there twice, a link or device, too many files. appliance_ova_clear is due either way. */
int appliance_ova_unpack(
    struct appliance_ova *ova, const char *path, const char *directory, struct error **err);

/* Has the descriptor at path, and of the files beside it the manifest of its name and what that
 * names, as far as they are regular files. Returns 0, or -1 with an error. appliance_ova_clear is
 * due either way. */
int appliance_ova_open(struct appliance_ova *ova, const char *path, struct error **err);

/* Adds a file beside the descriptor at path to a package that was opened, if it is a regular one. */
void appliance_ova_add_beside(struct appliance_ova *ova, const char *path, const char *name);

/* The file of that name, or NULL. Borrowed. */
const struct appliance_ova_file *appliance_ova_find(
    const struct appliance_ova *ova, const char *name);

/* Checks each digest of the manifest, and that it has one of every file but itself and the
 * certificate. Returns 0, also without a manifest, or -1 with an error that names the file. */
int appliance_ova_verify(const struct appliance_ova *ova, struct error **err);

void appliance_ova_clear(struct appliance_ova *ova);

#endif
