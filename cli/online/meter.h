/* What is going on, for a person: on a terminal one line of standard error that is redrawn, elsewhere
 * a line for each new sentence, and for each tenth of a transfer. */
#ifndef CLI_ONLINE_METER_H
#define CLI_ONLINE_METER_H

#include <stdint.h>
#include <stdio.h>

struct cli_meter;

/* Shows nothing yet. Owned by the caller. */
struct cli_meter *cli_meter_new(FILE *stream);

/* "WHAT: SENTENCE", unless it was said last. */
void cli_meter_say(struct cli_meter *meter, const char *what, const char *sentence);

/* How much of a transfer is done; total 0: it is not known. */
void cli_meter_bytes(struct cli_meter *meter, const char *what, uint64_t done, uint64_t total);

/* Erases the line, so that something else can be written. */
void cli_meter_hide(struct cli_meter *meter);

void cli_meter_free(struct cli_meter *meter); /* hides it; NULL is allowed */

/* "1.5 GiB". Owned by the caller. */
char *cli_meter_size(uint64_t bytes);

#endif
