#include "cli/interrupt.h"

#include <signal.h>

#include "base/memory.h"
#include "base/unused.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
_Static_assert(ARRAY_SIZE(numbers) == ARRAY_SIZE(((struct cli_interrupt *)NULL)->signals),
    "each has a watcher");

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct cli_interrupt *interrupt = watcher->data;
    interrupt->cancel(interrupt->user);
}

void cli_interrupt_watch(struct cli_interrupt *interrupt, void (*cancel)(void *user), void *user)
{
    interrupt->cancel = cancel;
    interrupt->user = user;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ev_signal_init(&interrupt->signals[i], on_signal, numbers[i]);
        interrupt->signals[i].data = interrupt;
        ev_signal_start(EV_DEFAULT_ & interrupt->signals[i]);
    }
}

void cli_interrupt_stop(struct cli_interrupt *interrupt)
{
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        ev_signal_stop(EV_DEFAULT_ & interrupt->signals[i]);
}
