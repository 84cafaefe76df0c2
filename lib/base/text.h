/* Small questions about strings, and the nearest of some known names for a "did you mean". */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool streq(const char *a, const char *b); /* neither may be NULL */
bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* text, or otherwise when it is NULL. */
const char *text_or(const char *text, const char *otherwise);

/* The index of text among count names, or -1 when it is none of them. */
int text_index(const char *text, const char *const *names, size_t count);

/* Whether length bytes are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong). A zero
 * byte is well-formed. *bad_at, where not NULL, gets the offset of the first bad byte. */
bool text_is_utf8(const void *data, size_t length, size_t *bad_at);

/* A copy of length bytes that is safe to print on one line of a terminal or log: bytes that are
 * not printable UTF-8 become \xNN, and what is beyond max bytes becomes "…". Owned by the caller. */
char *text_printable(const void *data, size_t length, size_t max);

/* Parses a whole decimal number within [min, max]; anything else, also a plus sign, spaces and
 * trailing bytes, is false. */
bool text_parse_int(const char *text, long min, long max, long *out);

/* Parses a positive duration of one unit, as Go writes it: "30s", "1.5s", "250ms", "2m", "1h"; a
 * plain number is seconds. Within [1 ms, 24 h]; anything else is false. */
bool text_parse_duration(const char *text, int64_t *milliseconds);

/* The same within [min, max] milliseconds. */
bool text_parse_duration_within(const char *text, int64_t min, int64_t max, int64_t *milliseconds);

/* The nearest of count names within a third of its length in edits, letter case aside; NULL when
 * none is near. Borrowed from names. */
const char *suggest_nearest(const char *name, const char *const *names, size_t count);

/* ` (did you mean "NAME"?)` for the nearest of the names, or "" when none is near. Owned by the
 * caller. */
char *suggest_hint(const char *name, const char *const *names, size_t count);

/* The names as `A, B or C`, and as `A, B and C`. Owned by the caller. */
char *text_list(const char *const *names, size_t count);
char *text_list_all(const char *const *names, size_t count);

#endif
