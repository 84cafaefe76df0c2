/* The guest's serial console on standard output: QEMU writes it to a FIFO, from which it is passed
 * on as fast as it is taken. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <ev.h>

#include "base/error.h"

struct guest_console;

/* Makes the FIFO at path, which is borrowed, and passes on what comes in it from now on. Returns
 * it, owned by the caller, or NULL with an io error. */
struct guest_console *guest_console_open(
    struct ev_loop *loop, const char *path, struct error **err);

/* Passes on what is still in the FIFO, waiting a second at most for standard output to take it, and
 * closes it. NULL is allowed. */
void guest_console_free(struct guest_console *console);

#endif
