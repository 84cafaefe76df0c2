/* Interrupts by the user: SIGINT, SIGTERM, and SIGHUP unless it is ignored, as nohup(1) has it. */
#ifndef CLI_ONLINE_INTERRUPT_H
#define CLI_ONLINE_INTERRUPT_H

#include <ev.h>
#include <stdbool.h>

enum { CLI_ONLINE_SIGNALS = 3 };

/* They are told to the default loop. */
struct cli_online_signals {
    ev_signal watchers[CLI_ONLINE_SIGNALS];
};

/* Until the end, they call on_signal, whose watcher's data is user, and do not end the program. */
void cli_online_signals_watch(struct cli_online_signals *signals,
    void (*on_signal)(struct ev_loop *loop, ev_signal *watcher, int events), void *user);
void cli_online_signals_end(struct cli_online_signals *signals); /* zeroed is allowed */

/* From now on they do not end the program, but are remembered, for work that looks for them. */
void cli_online_interrupt_watch(void);

bool cli_online_interrupt_came(void);

#endif
