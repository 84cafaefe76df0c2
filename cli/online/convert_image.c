#include "cli/online/convert_image.h"

#include <errno.h>
#include <ev.h>
#include <string.h>

#include "base/subprocess.h"
#include "base/text.h"
#include "base/unused.h"
#include "cli/online/interrupt.h"

enum {
    OUTPUT_LIMIT = 64 << 10,
    ERROR_TAIL_LIMIT = 1024,
    KILL_GRACE_MS = 1000,
};

struct conversion {
    struct subprocess *child; /* NULL: it has ended */
    struct error **err;
    int result;
};

static void on_end(void *user, struct subprocess_result *result)
{
    struct conversion *conversion = user;
    conversion->child = NULL;
    conversion->result = -1;
    if (result->canceled) {
        error_set(conversion->err, ERROR_CANCELED, "it was interrupted");
    } else if (result->wait_status != 0) {
        auto_free char *how = subprocess_describe(result->wait_status);
        auto_free char *words =
            text_printable(result->error_tail, strlen(result->error_tail), ERROR_TAIL_LIMIT);
        error_set(conversion->err, ERROR_IO, "qemu-img %s: %s", how, words);
    } else {
        conversion->result = 0;
    }
}

/* Looks whether the user has interrupted. */
static void on_tick(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    const struct conversion *conversion = timer->data;
    if (conversion->child != NULL && cli_online_interrupt_came())
        subprocess_cancel(conversion->child);
}

int cli_convert_image(const char *from, const char *from_format, const char *to,
    const char *to_format, struct error **err)
{
    static const double tick_seconds = 0.2;
    const char *const argv[] = {
        "qemu-img", "convert", "-f", from_format, "-O", to_format, from, to, NULL};
    struct conversion conversion = {.err = err};
    const struct subprocess_options options = {
        .argv = argv,
        .output_limit = OUTPUT_LIMIT,
        .error_tail_limit = ERROR_TAIL_LIMIT,
        .kill_grace_ms = KILL_GRACE_MS,
        .on_done = on_end,
        .user = &conversion,
    };
    struct error *error = NULL;
    struct ev_loop *loop = ev_default_loop(0);
    conversion.child = subprocess_start(&options, &error);
    if (conversion.child == NULL && error->errnum == ENOENT) {
        error_free(error);
        return error_set(
            err, ERROR_IO, "qemu-img is not installed (on Debian, install the package qemu-utils)");
    }
    if (conversion.child == NULL)
        return error_move(err, error);
    ev_timer timer;
    ev_timer_init(&timer, on_tick, tick_seconds, tick_seconds);
    timer.data = &conversion;
    ev_timer_start(loop, &timer);
    while (conversion.child != NULL)
        ev_run(loop, EVRUN_ONCE);
    ev_timer_stop(loop, &timer);
    return conversion.result;
}
