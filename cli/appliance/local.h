/* hookctl appliance create --local: a completed VM as files on this machine. */
#ifndef CLI_APPLIANCE_LOCAL_H
#define CLI_APPLIANCE_LOCAL_H

#include "appliance/local.h"
#include "cli/report.h"

/* Creates the request's directory (--local) with its sources (--source), and writes the command that
 * boots the VM to standard output. The request's beside is set: it is where manifest is, the first
 * file or directory of -f (NULL: there is none). What is wrong with the VM goes to the report.
 * Returns 0, or -1 with an error, which is not set when the report has the errors. */
int cli_appliance_local(const struct appliance_local_request *request, const char *manifest,
    struct cli_report *report, struct error **err);

#endif
