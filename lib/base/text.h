/* Questions about strings, parsers of numbers and durations, and the nearest known name for a "did
 * you mean". */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool streq(const char *a, const char *b); /* neither may be NULL */
bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* text, or otherwise if it is NULL. */
const char *text_or(const char *text, const char *otherwise);

/* The index of text among count names, or -1 if it is not among them. */
int text_index(const char *text, const char *const *names, size_t count);

/* Whether length bytes are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong). A zero
 * byte is well-formed. *bad_at, unless NULL, gets the offset of the first bad byte. */
bool text_is_utf8(const void *data, size_t length, size_t *bad_at);

/* A copy of length bytes that is safe to print on one line of a terminal or log: bytes that are not
 * printable UTF-8 become \xNN, and everything beyond max bytes becomes "…". Owned by the caller. */
char *text_printable(const void *data, size_t length, size_t max);

/* Parses a whole decimal number within [min, max]; returns false for anything else, including a
 * plus sign, spaces and trailing bytes. */
bool text_parse_int(const char *text, long min, long max, long *out);

/* Parses a positive duration of one unit, as Go writes it: "30s", "1.5s", "250ms", "2m", "1h"; a
 * plain number is seconds. Returns false for anything else and outside [1 ms, 24 h]. */
bool text_parse_duration(const char *text, int64_t *milliseconds);

/* The same within [min, max] milliseconds. */
bool text_parse_duration_within(const char *text, int64_t min, int64_t max, int64_t *milliseconds);

/* The name among count names that is nearest to name, ignoring case; NULL if none is within a third
 * of its length in edits. Borrowed from names. */
const char *suggest_nearest(const char *name, const char *const *names, size_t count);

/* The same, if no other one is as near. */
const char *suggest_only(const char *name, const char *const *names, size_t count);

/* ` (did you mean "NAME"?)` for the nearest of the names, or "" if none is near. Owned by the
 * caller. */
char *suggest_hint(const char *name, const char *const *names, size_t count);

/* The names as `A, B or C`, and as `A, B and C`. Owned by the caller. */
char *text_list(const char *const *names, size_t count);
char *text_list_all(const char *const *names, size_t count);

#endif
