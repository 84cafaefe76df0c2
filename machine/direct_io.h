/* Direct I/O: reading and writing a file past the page cache (open(2), O_DIRECT). */
#ifndef MACHINE_DIRECT_IO_H
#define MACHINE_DIRECT_IO_H

#include <stdbool.h>

/* Whether the file or device at path can be opened for direct I/O; if it does not exist, whether a
 * file there could: one is created and removed again. */
bool machine_direct_io_works(const char *path);

#endif
