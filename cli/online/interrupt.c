#include "cli/online/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/unused.h"

static const int numbers[CLI_ONLINE_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

static volatile sig_atomic_t came;

static bool is_ignored(int number)
{
    struct sigaction action;
    return number == SIGHUP && sigaction(number, NULL, &action) == 0 &&
           action.sa_handler == SIG_IGN;
}

void cli_online_signals_watch(struct cli_online_signals *signals,
    void (*on_signal)(struct ev_loop *loop, ev_signal *watcher, int events), void *user)
{
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ev_signal *watcher = &signals->watchers[i];
        ev_signal_init(watcher, on_signal, numbers[i]);
        watcher->data = user;
        if (!is_ignored(numbers[i]))
            ev_signal_start(EV_DEFAULT_ watcher);
    }
}

void cli_online_signals_end(struct cli_online_signals *signals)
{
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        ev_signal_stop(EV_DEFAULT_ & signals->watchers[i]);
}

static void on_signal(UNUSED int number)
{
    came = 1;
}

void cli_online_interrupt_watch(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (!is_ignored(numbers[i]))
            sigaction(numbers[i], &action, NULL);
    }
}

bool cli_online_interrupt_came(void)
{
    return came != 0;
}
