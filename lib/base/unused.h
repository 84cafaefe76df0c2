/* Parameters that the type of a callback demands, and that this function does not read. */
#ifndef BASE_UNUSED_H
#define BASE_UNUSED_H

#define UNUSED __attribute__((unused))

#endif
