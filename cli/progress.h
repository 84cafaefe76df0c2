/* What each sidecar is doing, live on a terminal: a block of lines that is written over in place,
 * and gone when it has ended. On anything but a terminal nothing is shown. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli_progress;

/* Shows nothing yet. names (count of them) is copied. Owned by the caller. */
struct cli_progress *cli_progress_new(FILE *stream, const char *const *names, size_t count);

/* Sets what stands behind a name, and shows the block anew. With running, the time since then is
 * shown beside it and moves on at each cli_progress_tick. */
void cli_progress_set(
    struct cli_progress *progress, const char *name, bool running, const char *state);
void cli_progress_tick(struct cli_progress *progress);

/* Takes the block off the terminal, so that something else can be written; the next set or tick
 * shows it again. */
void cli_progress_hide(struct cli_progress *progress);

void cli_progress_free(struct cli_progress *progress); /* hides it; NULL is allowed */

#endif
