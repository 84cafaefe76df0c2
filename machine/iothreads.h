/* Threads that do the disks' input and output beside QEMU's main thread. */
#ifndef MACHINE_IOTHREADS_H
#define MACHINE_IOTHREADS_H

#include "machine/conversion.h"

/* How many threads there are, numbered from 1. */
struct machine_iothreads {
    unsigned
        shared; /* the first ones: disks without a thread of their own take turns; 0 for a pool */
    unsigned dedicated; /* the ones after them: for one disk each */
    unsigned pool; /* with the policy supplementalPool: all disks use all of these; else 0 */
};

/* Counts the threads that a VMI asks for by ioThreadsPolicy or its disks' dedicatedIOThread: all 0
 * if it does not. Source: KubeVirt's user guide, "Disks and Volumes", IOThreads. */
struct machine_iothreads machine_iothreads_count(const struct machine_conversion *conversion);

/* Writes <iothreads> if there are any. */
void machine_iothreads_convert(const struct machine_conversion *conversion);

#endif
