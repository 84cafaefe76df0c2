/* Long texts of which the middle is one text many times. */
#ifndef TESTS_UNIT_REPEATED_H
#define TESTS_UNIT_REPEATED_H

#include <stddef.h>
#include <string.h>

#include "base/memory.h"

/* head, count times body, tail. Owned by the caller. */
static inline char *repeated(const char *head, const char *body, size_t count, const char *tail)
{
    size_t step = strlen(body);
    size_t last = strlen(tail) + 1;
    char *text = xmalloc(strlen(head) + count * step + last);
    char *end = stpcpy(text, head);
    for (size_t i = 0; i < count; i++, end += step)
        memcpy(end, body, step);
    memcpy(end, tail, last);
    return text;
}

#endif
