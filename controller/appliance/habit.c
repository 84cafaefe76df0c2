#include "controller/appliance/habit.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

struct controller_habits {
    char *source; /* owned */
    struct controller_habit habit; /* owned */
    UT_hash_handle hh;
};

void controller_habit_add(struct controller_habit *habit, const struct appliance_wanted *wanted)
{
    if (habit->count == CONTROLLER_HABIT_MOST)
        return;
    habit->wants[habit->count++] = (struct appliance_wanted){
        .kind = wanted->kind,
        .namespace = wanted->namespace != NULL ? xstrdup(wanted->namespace) : NULL,
        .name = wanted->name != NULL ? xstrdup(wanted->name) : NULL,
    };
}

void controller_habit_clear(struct controller_habit *habit)
{
    for (size_t i = 0; i < habit->count; i++) {
        free((char *)habit->wants[i].namespace);
        free((char *)habit->wants[i].name);
    }
    habit->count = 0;
}

static struct controller_habits *find(const struct controller_habits *habits, const char *source)
{
    struct controller_habits *found = NULL;
    HASH_FIND_STR(habits, source, found);
    return found;
}

const struct controller_habit *controller_habits_get(
    const struct controller_habits *habits, const char *source)
{
    const struct controller_habits *found = find(habits, source);
    return found != NULL ? &found->habit : NULL;
}

static void forget(struct controller_habits **habits, struct controller_habits *one)
{
    HASH_DEL(*habits, one);
    controller_habit_clear(&one->habit);
    free(one->source);
    free(one);
}

void controller_habits_set(
    struct controller_habits **habits, const char *source, struct controller_habit *take_habit)
{
    struct controller_habits *one = find(*habits, source);
    if (one == NULL) {
        if (HASH_COUNT(*habits) >= CONTROLLER_HABITS_MOST)
            forget(habits, *habits);
        one = xcalloc(1, sizeof(*one));
        one->source = xstrdup(source);
        HASH_ADD_KEYPTR(hh, *habits, one->source, strlen(one->source), one);
    }
    controller_habit_clear(&one->habit);
    one->habit = *take_habit;
    take_habit->count = 0;
}

void controller_habits_clear(struct controller_habits **habits)
{
    while (*habits != NULL)
        forget(habits, *habits);
}
