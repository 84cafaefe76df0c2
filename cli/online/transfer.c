#include "cli/online/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unused.h"
#include "cli/online/interrupt.h"

#define REDRAW_S 0.1

static void forget(struct cli_transfer *transfer)
{
    cli_progress_free(transfer->progress);
    for (size_t i = 0; i < transfer->count; i++)
        free(transfer->names[i]);
    free(transfer->names);
    xstrset(&transfer->current, NULL);
    transfer->progress = NULL;
    transfer->names = NULL;
    transfer->count = 0;
}

void cli_transfer_begin(
    struct cli_transfer *transfer, const char *verb, char *const *names, size_t count)
{
    forget(transfer);
    transfer->verb = verb;
    transfer->names = xcalloc(count, sizeof(*transfer->names));
    transfer->count = count;
    for (size_t i = 0; i < count; i++)
        transfer->names[i] = xstrdup(names[i]);
    transfer->progress = cli_progress_new(stderr, (const char *const *)transfer->names, count);
}

static void show(struct cli_transfer *transfer, const char *name, uint64_t done, uint64_t size)
{
    double now = clock_seconds();
    if (transfer->progress == NULL || now - transfer->shown < REDRAW_S)
        return;
    transfer->shown = now;
    auto_free char *state = xasprintf("%s %3" PRIu64 "%% of %" PRIu64 " MiB", transfer->verb,
        size > 0 ? (uint64_t)((double)done * 100 / (double)size) : 100, size >> 20);
    cli_progress_set(transfer->progress, name, false, state);
}

static void on_tell(void *user, const char *disk, uint64_t done, uint64_t size)
{
    show(user, disk, done, size);
}

static bool is_canceled(UNUSED void *user)
{
    return cli_online_interrupt_came();
}

struct appliance_artifact_progress cli_transfer_progress(struct cli_transfer *transfer)
{
    return (struct appliance_artifact_progress){on_tell, is_canceled, transfer};
}

void cli_transfer_on_progress(void *user, uint64_t bytes)
{
    struct cli_transfer *transfer = user;
    if (cli_online_interrupt_came() && transfer->client != NULL)
        oci_client_cancel(transfer->client);
    if (transfer->current != NULL)
        show(transfer, transfer->current, bytes, transfer->size);
}

void cli_transfer_select(struct cli_transfer *transfer, const char *name, uint64_t size)
{
    xstrset(&transfer->current, name);
    transfer->size = size;
}

void cli_transfer_done(struct cli_transfer *transfer, const char *name, const char *state)
{
    xstrset(&transfer->current, NULL);
    if (transfer->progress != NULL)
        cli_progress_set(transfer->progress, name, false, state);
}

void cli_transfer_end(struct cli_transfer *transfer)
{
    forget(transfer);
}
