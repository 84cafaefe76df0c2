/* What completing a DataSource has wanted the last time: with that at hand from the beginning, it is
 * completed once, and not again for each thing that it turns out to want. */
#ifndef CONTROLLER_APPLIANCE_HABIT_H
#define CONTROLLER_APPLIANCE_HABIT_H

#include "appliance/objects.h"

enum {
    CONTROLLER_HABITS_MOST = 1024, /* DataSources; the oldest are forgotten first */
    CONTROLLER_HABIT_MOST = 32, /* wants of one */
};

/* The wants of one DataSource. Zeroed is empty. */
struct controller_habit {
    struct appliance_wanted wants[CONTROLLER_HABIT_MOST]; /* their strings are owned */
    size_t count;
};

/* Adds a want, unless there are too many. */
void controller_habit_add(struct controller_habit *habit, const struct appliance_wanted *wanted);
void controller_habit_clear(struct controller_habit *habit);

struct controller_habits; /* opaque; NULL is empty */

/* The habit of a DataSource ("namespace/name"), borrowed until one is set, or NULL. */
const struct controller_habit *controller_habits_get(
    const struct controller_habits *habits, const char *source);

/* Sets the habit of a DataSource; takes what it has, and leaves it empty. */
void controller_habits_set(
    struct controller_habits **habits, const char *source, struct controller_habit *take_habit);

void controller_habits_clear(struct controller_habits **habits);

#endif
