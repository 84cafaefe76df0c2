/* What each sidecar is doing, live on a terminal: a block of lines that is redrawn in place and
 * removed at the end. Nothing is shown on anything but a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli_progress;

/* Shows nothing yet. Copies names (count of them). Owned by the caller. */
struct cli_progress *cli_progress_new(FILE *stream, const char *const *names, size_t count);

/* Sets the state beside a name and redraws the block. With running, the time since then is shown
 * too; cli_progress_tick updates it. */
void cli_progress_set(
    struct cli_progress *progress, const char *name, bool running, const char *state);
void cli_progress_tick(struct cli_progress *progress);

/* Erases the block, so that something else can be written; the next set or tick redraws it. */
void cli_progress_hide(struct cli_progress *progress);

void cli_progress_free(struct cli_progress *progress); /* hides it; NULL is allowed */

#endif
