/* The sizes of blocks that suit a volume. */
#ifndef MACHINE_BLOCK_SIZE_H
#define MACHINE_BLOCK_SIZE_H

#include "machine/volume_item.h"

/* In bytes. */
struct machine_block_size {
    long long logical; /* 0: none is known */
    long long physical;
    long long discard; /* -1: none is known */
};

/* Returns the block sizes of the device, or of the file system of the file that the volume is in,
 * or will be in. */
struct machine_block_size machine_block_size_of(const struct machine_volume *volume);

#endif
