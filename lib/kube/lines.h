/* Splits a stream that arrives in pieces, cut anywhere, into lines. */
#ifndef KUBE_LINES_H
#define KUBE_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed except for limit is an empty stream. */
struct kube_lines {
    size_t limit; /* bytes of the longest line, without its newline */
    char *held; /* the beginning of an incomplete line; owned */
    size_t length, capacity;
    size_t dropped; /* bytes so far of a line that is over the limit */
};

/* One line without its newline, borrowed; NULL: it was length bytes long, more than the limit.
 * Returns whether to go on. */
typedef bool kube_line(void *user, const char *line, size_t length);

/* Calls each for every line that data completes, until one returns false. */
void kube_lines_feed(
    struct kube_lines *lines, const char *data, size_t length, kube_line *each, void *user);

void kube_lines_clear(struct kube_lines *lines);

#endif
