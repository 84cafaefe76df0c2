/* The default instance type or preference of a volume: labels of what its disk is made from say
 * their names. */
#ifndef MACHINE_INFERENCE_H
#define MACHINE_INFERENCE_H

#include <jansson.h>

#include "machine/known.h"

enum machine_inference {
    MACHINE_INFERRED,
    MACHINE_NOT_INFERRED, /* the failure that inferFromVolumeFailurePolicy: Ignore covers */
    MACHINE_INFERENCE_FAILED, /* whatever the policy */
};

/* Infers from the volume of that name of a VM. label is that of the name; the kind's is label and
 * "-kind". *name and *kind (or NULL) are borrowed from known. On failure *message says why; owned
 * by the caller.
 * Source: KubeVirt 1.9, how it infers from a claim, a DataVolume or its template, a DataSource and
 * a VolumeSnapshot. */
enum machine_inference machine_infer(const json_t *vm, const char *namespace, const char *volume,
    const char *label, struct machine_known *known, const char **name, const char **kind,
    char **message);

#endif
