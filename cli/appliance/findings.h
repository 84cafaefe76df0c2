/* The findings about an appliance in a subcommand's report. */
#ifndef CLI_APPLIANCE_FINDINGS_H
#define CLI_APPLIANCE_FINDINGS_H

#include "appliance/report.h"
#include "cli/report.h"

/* Adds all findings, file by file, sorted by place. Those about an object that was read from a
 * cluster have its namespace and name in place of a file. */
void cli_appliance_findings_add(const struct appliance_report *findings, struct cli_report *report);

/* Adds findings whose pointers are within a completed VM; "" is about the request. */
void cli_appliance_findings_add_vm(
    const json_t *vm, const struct findings *findings, struct cli_report *report);

#endif
