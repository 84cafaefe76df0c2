/* The times of one run as a JSON object: how long collecting, the chain, and each hop took. */
#ifndef MANAGER_TIMINGS_H
#define MANAGER_TIMINGS_H

#include "manager/event.h"

struct manager_timings;

/* Starts counting now. command is borrowed. Never freed. */
struct manager_timings *manager_timings_new(const char *command);

/* Records the times in an event. */
void manager_timings_note(struct manager_timings *timings, const struct manager_event *event);

/* Record the end of collecting, and of the operation after it. */
void manager_timings_collected(struct manager_timings *timings);
void manager_timings_finished(struct manager_timings *timings);

/* Appends the object, as one line, to the file at path. status is the program's exit status; error
 * is why it is not 0, or NULL. Returns 0, or -1 with an io error. */
int manager_timings_append(const struct manager_timings *timings, const char *path, int status,
    const struct error *error, struct error **err);

#endif
