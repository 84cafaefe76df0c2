#include "domain/diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "domain/edits.h"
#include "domain/layout.h"

enum {
    CONTEXT = 3, /* unchanged lines shown around a change */
    COMPARED_MAX = 50000, /* with more lines than this from the first difference to the last, all of
                             them count as changed */
};

/* A part of a text: whole lines, except that the text's last one may lack its newline. */
struct stretch {
    const char *start;
    const char *end;
};

static const char *next_line(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline != NULL ? newline + 1 : end;
}

static size_t count_lines(struct stretch text)
{
    size_t count = 0;
    for (const char *at = text.start; at < text.end; count++)
        at = next_line(at, text.end);
    return count;
}

/* How many bytes of whole lines two texts share at the start. */
static size_t common_start(struct stretch a, struct stretch b)
{
    size_t lines = 0;
    for (size_t i = 0; a.start + i < a.end && b.start + i < b.end; i++) {
        if (a.start[i] != b.start[i])
            break;
        if (a.start[i] == '\n')
            lines = i + 1;
    }
    return lines;
}

static bool line_starts(struct stretch text, size_t bytes_before_end)
{
    const char *at = text.end - bytes_before_end;
    return at == text.start || at[-1] == '\n';
}

/* The same at the end. */
static size_t common_end(struct stretch a, struct stretch b)
{
    size_t lines = 0;
    for (size_t i = 1; a.start + i <= a.end && b.start + i <= b.end; i++) {
        if (*(a.end - i) != *(b.end - i))
            break;
        if (line_starts(a, i) && line_starts(b, i))
            lines = i;
    }
    return lines;
}

/* A line, and where to put its number; equal lines get the same number. */
struct line {
    const char *start;
    size_t length;
    int *number;
};

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left;
    const struct line *b = right;
    int order = memcmp(a->start, b->start, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static void split(struct stretch text, struct line *lines, int *numbers)
{
    for (const char *at = text.start; at < text.end; lines++, numbers++) {
        const char *end = next_line(at, text.end);
        *lines = (struct line){at, (size_t)(end - at), numbers};
        at = end;
    }
}

/* The edits between two stretches that share no line at the start and end. */
static size_t find_edits(struct stretch before, struct stretch after, struct domain_edit **edits)
{
    size_t before_count = count_lines(before);
    size_t after_count = count_lines(after);
    size_t count = before_count + after_count;
    if (count > COMPARED_MAX) {
        *edits = xmalloc(sizeof(**edits));
        **edits = (struct domain_edit){0, before_count, 0, after_count};
        return 1;
    }
    auto_free struct line *lines = xcalloc(count + 1, sizeof(*lines));
    auto_free int *numbers = xcalloc(count + 1, sizeof(*numbers));
    split(before, lines, numbers);
    split(after, lines + before_count, numbers + before_count);
    qsort(lines, count, sizeof(*lines), compare_lines);
    for (size_t i = 1; i < count; i++)
        *lines[i].number = *lines[i - 1].number + (compare_lines(&lines[i - 1], &lines[i]) != 0);
    return domain_edits_find(numbers, before_count, numbers + before_count, after_count, edits);
}

/* The printing position: what is left of both texts, and the numbers of the next lines. */
struct cursor {
    struct stretch before;
    struct stretch after;
    size_t before_line; /* from 0 */
    size_t after_line;
};

/* Removes count lines from the start of a text, and writes them if out is not NULL. */
static void take_lines(FILE *out, char mark, size_t count, struct stretch *text)
{
    for (; count > 0; count--) {
        const char *next = next_line(text->start, text->end);
        if (out != NULL) {
            fputc(mark, out);
            fwrite(text->start, 1, (size_t)(next - text->start), out);
            if (next[-1] != '\n')
                fputs("\n\\ No newline at end of file\n", out);
        }
        text->start = next;
    }
}

/* Advances to a line of before; the lines up to there are the same in both texts. */
static void take_same(FILE *out, size_t until, struct cursor *cursor)
{
    size_t count = until - cursor->before_line;
    take_lines(out, ' ', count, &cursor->before);
    take_lines(NULL, ' ', count, &cursor->after);
    cursor->before_line += count;
    cursor->after_line += count;
}

/* Prints a hunk's range, "-12,3": its first line and number of lines. An empty range gives the line
 * before it. */
static void print_range(FILE *out, char mark, size_t first, size_t count)
{
    fprintf(out, count == 1 ? "%c%zu" : "%c%zu,%zu", mark, count > 0 ? first + 1 : first, count);
}

/* Prints one hunk. before_count is the number of lines in the whole text. */
static void print_hunk(FILE *out, const struct domain_edit *edits, size_t count,
    size_t before_count, struct cursor *cursor)
{
    const struct domain_edit *last = &edits[count - 1];
    if (edits[0].before - cursor->before_line > CONTEXT)
        take_same(NULL, edits[0].before - CONTEXT, cursor);
    size_t below = before_count - last->before_end;
    if (below > CONTEXT)
        below = CONTEXT;
    fputs("@@ ", out);
    print_range(out, '-', cursor->before_line, last->before_end + below - cursor->before_line);
    fputc(' ', out);
    print_range(out, '+', cursor->after_line, last->after_end + below - cursor->after_line);
    fputs(" @@\n", out);
    for (const struct domain_edit *edit = edits; edit <= last; edit++) {
        take_same(out, edit->before, cursor);
        take_lines(out, '-', edit->before_end - edit->before, &cursor->before);
        take_lines(out, '+', edit->after_end - edit->after, &cursor->after);
        cursor->before_line = edit->before_end;
        cursor->after_line = edit->after_end;
    }
    take_same(out, last->before_end + below, cursor);
}

/* Prints all hunks and adds up the change. */
static void print_hunks(FILE *out, const struct domain_edit *edits, size_t count,
    struct stretch before, struct stretch after, struct domain_change *change)
{
    size_t before_count = count_lines(before);
    struct cursor cursor = {.before = before, .after = after};
    for (size_t first = 0, next = 0; first < count; first = next) {
        do {
            change->removed += edits[next].before_end - edits[next].before;
            change->added += edits[next].after_end - edits[next].after;
            next++;
        } while (next < count && edits[next].before - edits[next - 1].before_end <= 2 * CONTEXT);
        print_hunk(out, edits + first, next - first, before_count, &cursor);
    }
}

/* The edits between two whole texts. */
static size_t find_all_edits(
    struct stretch before, struct stretch after, struct domain_edit **edits)
{
    struct stretch before_middle = before;
    struct stretch after_middle = after;
    size_t above = common_start(before, after);
    before_middle.start += above;
    after_middle.start += above;
    size_t below = common_end(before_middle, after_middle);
    before_middle.end -= below;
    after_middle.end -= below;
    size_t count = find_edits(before_middle, after_middle, edits);
    size_t lines_above = count_lines((struct stretch){before.start, before_middle.start});
    for (size_t i = 0; i < count; i++) {
        (*edits)[i].before += lines_above;
        (*edits)[i].before_end += lines_above;
        (*edits)[i].after += lines_above;
        (*edits)[i].after_end += lines_above;
    }
    return count;
}

char *domain_diff_text(struct bytes before, struct bytes after, const char *label_before,
    const char *label_after, struct domain_change *change)
{
    struct domain_change total = {0};
    char *text = NULL;
    size_t text_length = 0;
    FILE *out = open_memstream(&text, &text_length);
    if (out == NULL)
        abort(); /* out of memory */
    struct stretch from = {before.data, before.data + before.length};
    struct stretch to = {after.data, after.data + after.length};
    struct domain_edit *edits = NULL;
    size_t count = find_all_edits(from, to, &edits);
    if (count > 0) {
        fprintf(out, "--- %s\n+++ %s\n", label_before, label_after);
        print_hunks(out, edits, count, from, to, &total);
    }
    free(edits);
    fclose(out);
    if (change != NULL)
        *change = total;
    return text;
}

char *domain_diff(struct bytes before, struct bytes after, const char *label_before,
    const char *label_after, struct domain_change *change)
{
    auto_free char *before_layout = NULL;
    auto_free char *after_layout = NULL;
    if (before.length != after.length || memcmp(before.data, after.data, before.length) != 0) {
        struct bytes from = {0};
        struct bytes to = {0};
        before_layout = domain_layout(before.data, before.length, &from.length);
        after_layout = domain_layout(after.data, after.length, &to.length);
        from.data = before_layout;
        to.data = after_layout;
        if (before_layout != NULL && after_layout != NULL)
            return domain_diff_text(from, to, label_before, label_after, change);
    }
    return domain_diff_text(before, after, label_before, label_after, change);
}
