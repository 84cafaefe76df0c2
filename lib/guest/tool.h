/* A program that the launch needs for a moment: run to its end on libev's default loop; if it
 * fails, the error contains its output. */
#ifndef GUEST_TOOL_H
#define GUEST_TOOL_H

#include "base/error.h"

struct guest_tool;

/* error is NULL when it exited with 0; else the callee owns it: io, or canceled. */
typedef void guest_tool_done(void *user, struct error *take_error);

/* Starts argv, NULL-terminated, whose first word is searched in $PATH. package is the Debian
 * package that contains it. Returns the tool, owned by the loop until done has returned; or NULL
 * with an io error, in which case done is not called. */
struct guest_tool *guest_tool_start(const char *const *argv, const char *package,
    guest_tool_done *done, void *user, struct error **err);

/* Ends it now; done is called from the loop, with a canceled error. */
void guest_tool_cancel(struct guest_tool *tool);

#endif
