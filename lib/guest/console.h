/* Copies the guest's serial console to an output: QEMU writes to a FIFO, whose data is passed on as
 * fast as the output accepts it. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <ev.h>

#include "base/error.h"

struct guest_console;

/* Creates the FIFO at path, which is borrowed, and starts to pass on what arrives in it to output,
 * a descriptor that stays the caller's; -1: it is thrown away. Returns the console, owned by the
 * caller, or NULL with an io error. */
struct guest_console *guest_console_open(
    struct ev_loop *loop, const char *path, int output, struct error **err);

/* Passes on what is still in the FIFO, waiting at most a second for the output to accept it,
 * and closes it. NULL is allowed. */
void guest_console_free(struct guest_console *console);

#endif
