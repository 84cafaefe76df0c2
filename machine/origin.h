/* Where the values of an expanded VM come from that the VM itself does not have, so that an error
 * about one of them names the instance type or preference that set it. */
#ifndef MACHINE_ORIGIN_H
#define MACHINE_ORIGIN_H

#include "base/finding.h"
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

/* The message of a finding, and what set the value that it is about, or a value that this is a part
 * of. The finding's pointer is within the VMI. Owned by the caller. */
char *machine_origins_message(const struct machine_origins *origins, const struct finding *finding);

void machine_origins_clear(struct machine_origins *origins);

#endif
