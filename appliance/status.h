/* What controllers write into the status of an object: phases, conditions, errors. */
#ifndef APPLIANCE_STATUS_H
#define APPLIANCE_STATUS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* The status of an object that is waited for is judged by a function of this form: 1, it is done; 0,
 * it is worked on, and *saying gets a sentence about that, owned by the caller; -1, it has failed,
 * with a remote error that has the object's own words; the caller prepends which object it is. */
typedef int appliance_status_look(const json_t *object, char **saying, struct error **err);

/* The condition of that type, borrowed, or NULL. */
const json_t *appliance_status_condition(const json_t *object, const char *type);

/* Whether the condition of that type is "True". */
bool appliance_status_is_true(const json_t *object, const char *type);

/* What a condition says: its message, or else its reason; "" if it says nothing. Borrowed. KubeVirt
 * writes sentences into the reason of some kinds, and words such as "PodReady" into that of others. */
const char *appliance_status_words(const json_t *condition);

/* Everything the status says of its state: its error, then all conditions, as "Ready is False (Not
 * ready)", joined by "; ". Owned by the caller. */
char *appliance_status_all(const json_t *object);

/* The string at status.KEY, borrowed, or "". */
const char *appliance_status_text(const json_t *object, const char *key);

/* status.error.message, borrowed, or NULL. */
const char *appliance_status_error(const json_t *object);

/* Whether the object is being deleted. */
bool appliance_status_is_ending(const json_t *object);

/* Whether a VirtualMachine has an instance: it runs, or is about to start or to stop. */
bool appliance_status_is_running(const json_t *vm);

/* Sets *err to a remote error: what, and unless they are empty, ": " and words. Returns -1. */
int appliance_status_fail(const char *what, const char *words, struct error **err);

#endif
