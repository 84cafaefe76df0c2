#include "appliance/edits.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void appliance_edits_add(struct appliance_edits *edits, size_t from, size_t to, char *take_text)
{
    size_t count = edits->count;
    if ((count & (count - 1)) == 0) /* doubles at powers of two */
        edits->items =
            xreallocarray(edits->items, count > 0 ? count * 2 : 1, sizeof(*edits->items));
    struct appliance_edit *edit = &edits->items[edits->count++];
    *edit = (struct appliance_edit){.from = from, .to = to, .order = count};
    edit->text = take_text;
}

static int compare(const void *a, const void *b)
{
    const struct appliance_edit *first = a;
    const struct appliance_edit *second = b;
    if (first->from != second->from)
        return first->from < second->from ? -1 : 1;
    return first->order < second->order ? -1 : 1;
}

char *appliance_edits_apply(struct appliance_edits *edits, const char *text)
{
    size_t length = strlen(text);
    size_t size = length + 1;
    for (size_t i = 0; i < edits->count; i++)
        size += strlen(edits->items[i].text);
    if (edits->count > 0)
        qsort(edits->items, edits->count, sizeof(*edits->items), compare);
    char *out = xmalloc(size);
    char *end = out;
    size_t done = 0;
    for (size_t i = 0; i < edits->count; i++) {
        const struct appliance_edit *edit = &edits->items[i];
        if (edit->from < done || edit->to < edit->from || edit->to > length)
            continue;
        end = mempcpy(end, text + done, edit->from - done);
        end = mempcpy(end, edit->text, strlen(edit->text));
        done = edit->to;
    }
    memcpy(end, text + done, length - done + 1);
    return out;
}

void appliance_edits_clear(struct appliance_edits *edits)
{
    for (size_t i = 0; i < edits->count; i++)
        free_secret(edits->items[i].text, strlen(edits->items[i].text));
    free(edits->items);
    *edits = (struct appliance_edits){0};
}
