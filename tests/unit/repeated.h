/* Long texts of which the middle is one text many times. */
#ifndef TESTS_UNIT_REPEATED_H
#define TESTS_UNIT_REPEATED_H

#include <stddef.h>
#include <utstring.h>

/* head, count times body, tail. Owned by the caller. */
static inline char *repeated(const char *head, const char *body, size_t count, const char *tail)
{
    UT_string text;
    utstring_init(&text);
    utstring_bincpy(&text, head, strlen(head));
    for (size_t i = 0; i < count; i++)
        utstring_bincpy(&text, body, strlen(body));
    utstring_bincpy(&text, tail, strlen(tail));
    return utstring_body(&text);
}

#endif
