#include "guest/console.h"

#include "base/unused.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 1000 };

struct guest_console {
    struct ev_loop *loop;
    ev_io input; /* the FIFO is readable; stopped while there is data to write */
    ev_io output; /* the output is writable; started while there is data */
    bool broken; /* nobody reads the output */
    size_t length; /* of data that was read and not yet written */
    char data[PIPE_BUF]; /* what a writable pipe accepts without blocking */
};

/* Reads what fits. Returns whether there is data to write. */
static bool pull(struct guest_console *console)
{
    ssize_t got = read(console->input.fd, console->data, sizeof(console->data));
    console->length = got > 0 && !console->broken ? (size_t)got : 0;
    return console->length > 0;
}

/* Writes what was read, or as much as is accepted. Returns whether all is written. */
static bool push(struct guest_console *console)
{
    ssize_t put = write(console->output.fd, console->data, console->length);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (put < 0) {
        console->broken = true;
        put = (ssize_t)console->length;
    }
    console->length -= (size_t)put;
    memmove(console->data, console->data + put, console->length);
    return console->length == 0;
}

static void on_input(struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct guest_console *console = watcher->data;
    if (!pull(console))
        return;
    ev_io_stop(loop, &console->input);
    ev_io_start(loop, &console->output);
}

static void on_output(struct ev_loop *loop, ev_io *watcher, UNUSED int events)
{
    struct guest_console *console = watcher->data;
    if (!push(console))
        return;
    ev_io_stop(loop, &console->output);
    ev_io_start(loop, &console->input);
}

struct guest_console *guest_console_open(
    struct ev_loop *loop, const char *path, int output, struct error **err)
{
    /* Opened for writing too, so that it never reaches its end. */
    int fd = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0) {
        error_set_errno(err, "creating %s for the console", path);
        return NULL;
    }
    struct guest_console *console = xcalloc(1, sizeof(*console));
    console->loop = loop;
    ev_io_init(&console->input, on_input, fd, EV_READ);
    ev_io_init(&console->output, on_output, output, EV_WRITE);
    console->broken = output < 0;
    console->input.data = console->output.data = console;
    ev_io_start(loop, &console->input);
    return console;
}

/* Waits a little for the output to become writable. Returns whether it has. */
static bool is_taken(const struct guest_console *console)
{
    struct pollfd output = {.fd = console->output.fd, .events = POLLOUT};
    return poll(&output, 1, PATIENCE_MS) == 1;
}

void guest_console_free(struct guest_console *console)
{
    if (console == NULL)
        return;
    ev_io_stop(console->loop, &console->input);
    ev_io_stop(console->loop, &console->output);
    while ((console->length > 0 || pull(console)) && is_taken(console))
        push(console);
    close(console->input.fd);
    free(console);
}
