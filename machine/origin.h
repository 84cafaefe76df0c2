/* Where the values of an expanded VM come from that the VM itself does not have, so that an error
 * about one of them names the instance type or preference that set it. */
#ifndef MACHINE_ORIGIN_H
#define MACHINE_ORIGIN_H

#include <stdbool.h>

#include "machine/reference.h"

struct machine_origin; /* opaque */

/* Zeroed is empty. */
struct machine_origins {
    struct machine_origin *items; /* by pointer; owned */
};

/* Notes that the value at a JSON Pointer within the VMI comes from the one at from within the spec
 * of what reference refers to, which is borrowed. */
void machine_origins_add(struct machine_origins *origins, const char *pointer,
    const struct machine_reference *reference, const char *from);

/* Whether something set the value at a JSON Pointer within the VMI, or a value that this is a part
 * of. origins may be NULL: nothing was applied. */
bool machine_origins_has(const struct machine_origins *origins, const char *pointer);

/* A message about the value at a JSON Pointer within the VMI, followed by what set it, if something
 * did. origins may be NULL. Owned by the caller. */
char *machine_origins_message(
    const struct machine_origins *origins, const char *pointer, const char *message);

void machine_origins_clear(struct machine_origins *origins);

#endif
