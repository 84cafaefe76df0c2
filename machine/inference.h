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

/* What was inferred, or why nothing was. Zeroed is empty. */
struct machine_inferred {
    const char *name, *kind; /* borrowed from known; kind is NULL where no label says it */
    char *source; /* `the PersistentVolumeClaim "c" (dv.yaml:5:7: metadata.labels[…])`; owned */
    char *message; /* why not; owned */
};

/* Infers from the volume of that name of a VM. label is that of the name; the kind's is label and
 * "-kind". machine_inferred_clear is due whatever is returned.
 * Source: KubeVirt 1.9, how it infers from a claim, a DataVolume or its template, a DataSource and
 * a VolumeSnapshot. */
enum machine_inference machine_infer(const json_t *vm, const char *namespace, const char *volume,
    const char *label, struct machine_known *known, struct machine_inferred *out);

void machine_inferred_clear(struct machine_inferred *inferred);

#endif
