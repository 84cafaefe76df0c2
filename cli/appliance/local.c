#include "cli/appliance/local.h"

#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/appliance/findings.h"
#include "cli/interrupt.h"

struct creation {
    struct appliance_local *operation; /* NULL: over */
    struct error *error;
    bool done;
    bool created;
};

static void on_done(void *user, struct error *take_error, const char *command)
{
    struct creation *creation = user;
    creation->operation = NULL;
    creation->done = true;
    creation->error = take_error;
    creation->created = command != NULL;
    if (command != NULL)
        printf("%s\n", command);
}

static void on_interrupt(void *user)
{
    const struct creation *creation = user;
    if (creation->operation != NULL)
        appliance_local_cancel(creation->operation);
}

/* The directory of the manifest, or NULL. Owned by the caller. */
static char *directory_of(const char *manifest)
{
    struct stat status;
    if (manifest == NULL || streq(manifest, "-"))
        return NULL;
    if (stat(manifest, &status) == 0 && S_ISDIR(status.st_mode))
        return xstrdup(manifest);
    const char *slash = strrchr(manifest, '/');
    return slash != NULL ? xstrndup(manifest, (size_t)(slash + 1 - manifest)) : xstrdup(".");
}

int cli_appliance_local(const struct appliance_local_request *request, const char *manifest,
    struct cli_report *report, struct error **err)
{
    struct creation creation = {0};
    struct appliance_local_request whole = *request;
    auto_free char *beside = directory_of(manifest);
    whole.beside = beside;
    struct cli_interrupt interrupt;
    struct findings findings = {0};
    cli_interrupt_watch(&interrupt, on_interrupt, &creation);
    struct appliance_local *operation =
        appliance_local_start(&whole, &findings, on_done, &creation);
    creation.operation = creation.done ? NULL : operation;
    while (!creation.done)
        ev_run(EV_DEFAULT_ EVRUN_ONCE);
    cli_interrupt_stop(&interrupt);
    cli_appliance_findings_add_vm(request->vm, &findings, report);
    findings_clear(&findings);
    error_move(err, creation.error);
    return creation.created ? 0 : -1;
}
