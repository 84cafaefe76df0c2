#include "kube/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Keeps a piece of an incomplete line. */
static void hold(struct kube_lines *lines, const char *data, size_t length)
{
    if (lines->dropped > 0 || lines->length + length > lines->limit) {
        lines->dropped += lines->length + length;
        free(steal(&lines->held));
        lines->length = lines->capacity = 0;
        return;
    }
    if (lines->length + length > lines->capacity) {
        lines->capacity = 2 * (lines->length + length);
        lines->held = xrealloc(lines->held, lines->capacity);
    }
    if (length > 0)
        memcpy(lines->held + lines->length, data, length);
    lines->length += length;
}

/* Passes on the line that ends with data. */
static bool end_line(
    struct kube_lines *lines, const char *data, size_t length, kube_line *each, void *user)
{
    if (lines->dropped == 0 && lines->length == 0 && length <= lines->limit)
        return each(user, data, length);
    hold(lines, data, length);
    if (lines->dropped > 0) {
        size_t dropped = lines->dropped;
        lines->dropped = 0;
        return each(user, NULL, dropped);
    }
    auto_free char *line = steal(&lines->held);
    size_t whole = lines->length;
    lines->length = lines->capacity = 0;
    return each(user, line, whole);
}

void kube_lines_feed(
    struct kube_lines *lines, const char *data, size_t length, kube_line *each, void *user)
{
    const char *end = data + length;
    const char *newline = NULL;
    while (data < end && (newline = memchr(data, '\n', (size_t)(end - data))) != NULL) {
        if (!end_line(lines, data, (size_t)(newline - data), each, user))
            return;
        data = newline + 1;
    }
    if (data < end)
        hold(lines, data, (size_t)(end - data));
}

void kube_lines_clear(struct kube_lines *lines)
{
    free(lines->held);
    *lines = (struct kube_lines){.limit = lines->limit};
}
