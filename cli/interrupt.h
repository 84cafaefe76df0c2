/* Ends an operation of a subcommand when a signal asks for it. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <ev.h>

/* Zeroed means not started. */
struct cli_interrupt {
    void (*cancel)(void *user);
    void *user;
    ev_signal signals[4];
};

/* From now on, SIGINT, SIGTERM, SIGHUP and SIGQUIT call cancel from libev's default loop. */
void cli_interrupt_watch(struct cli_interrupt *interrupt, void (*cancel)(void *user), void *user);

void cli_interrupt_stop(struct cli_interrupt *interrupt);

#endif
