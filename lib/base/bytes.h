/* A string with its length. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <string.h>

struct bytes {
    const char *data; /* borrowed; may contain zero bytes and need not end with one */
    size_t length;
};

/* A string without its final zero byte. */
static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

#endif
