/* The documents that the first hooks of a virtual machine get, made from the machine as
 * hook-launcher makes them. */
#ifndef CLI_DOCUMENTS_H
#define CLI_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/machine.h"
#include "cli/report.h"

/* Owned. Zeroed is empty. */
struct cli_documents {
    char *domain; /* NULL: none could be made */
    size_t domain_length;
    char *cloud_init; /* CloudInitData as JSON; NULL: the machine has none */
    bool emulated; /* the domain is for emulation: this machine has no KVM that works */
};

/* Whether the machine has a volume with cloud-init data. */
bool cli_documents_has_cloud_init(const struct cli_machine *machine);

/* Makes both documents into *documents, which is empty before. What is wrong with the machine goes
 * to the report, with its place in the manifest, as errors, or as warnings if lenient. Files that
 * the machine refers to need not be there. Returns 0, or -1 if there is no domain. */
int cli_documents_make(struct cli_documents *documents, const struct cli_machine *machine,
    bool lenient, struct cli_report *report);

void cli_documents_clear(struct cli_documents *documents);

#endif
