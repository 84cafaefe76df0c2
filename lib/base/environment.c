#include "base/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"

/* Where the variable with a name is in the list. */
struct place {
    size_t index;
    UT_hash_handle hh; /* by the name, which is borrowed */
};

struct list {
    const char **items;
    size_t count;
    struct place *places;
};

static void put(struct list *list, const char *variable, bool replace)
{
    size_t length = strcspn(variable, "=");
    struct place *place = NULL;
    HASH_FIND(hh, list->places, variable, length, place);
    if (place == NULL) {
        place = xcalloc(1, sizeof(*place));
        place->index = list->count++;
        HASH_ADD_KEYPTR(hh, list->places, variable, length, place);
        list->items[place->index] = variable;
    } else if (replace) {
        list->items[place->index] = variable;
    }
}

static size_t count(const char *const *variables)
{
    size_t length = 0;
    while (variables != NULL && variables[length] != NULL)
        length++;
    return length;
}

const char **environment_with(const char *const *variables, const char *const *set)
{
    size_t there = count(variables);
    size_t added = count(set);
    struct list list = {.items = xcalloc(there + added + 1, sizeof(*list.items))};
    for (size_t i = 0; i < there; i++)
        put(&list, variables[i], false);
    for (size_t i = 0; i < added; i++)
        put(&list, set[i], true);
    struct place *place = NULL;
    struct place *next = NULL;
    HASH_ITER (hh, list.places, place, next) {
        HASH_DEL(list.places, place);
        free(place);
    }
    return list.items;
}
