/* A program that the launch needs for a moment: run to its end on libev's default loop, with what
 * it said when it failed. */
#ifndef GUEST_TOOL_H
#define GUEST_TOOL_H

#include "base/error.h"

struct guest_tool;

/* error is NULL when it exited with 0; else the callee owns it: io, or canceled. */
typedef void guest_tool_done(void *user, struct error *take_error);

/* Starts argv, NULL-terminated, whose first word is found in $PATH. package is the Debian package
 * that has it. Returns it, owned by the loop until done has returned; or NULL with an io error, and
 * then done is not called. */
struct guest_tool *guest_tool_start(const char *const *argv, const char *package,
    guest_tool_done *done, void *user, struct error **err);

/* Ends it now; done comes from the loop, with a canceled error. */
void guest_tool_cancel(struct guest_tool *tool);

#endif
