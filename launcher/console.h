/* The guest's serial console on standard output: QEMU writes it to a FIFO, from which it is passed
 * on as fast as it is taken. */
#ifndef LAUNCHER_CONSOLE_H
#define LAUNCHER_CONSOLE_H

#include <ev.h>

#include "base/error.h"

struct launcher_console;

/* Makes the FIFO at path, which is borrowed, and passes on what comes in it from now on. Returns
 * it, owned by the caller, or NULL with an io error. */
struct launcher_console *launcher_console_open(
    struct ev_loop *loop, const char *path, struct error **err);

/* Passes on what is still in the FIFO, waiting a second at most for standard output to take it, and
 * closes it. NULL is allowed. */
void launcher_console_free(struct launcher_console *console);

#endif
