/* Marks a parameter that the callback's type requires but the function does not use. */
#ifndef BASE_UNUSED_H
#define BASE_UNUSED_H

#define UNUSED __attribute__((unused))

#endif
