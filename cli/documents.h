/* The documents that the first hooks of a virtual machine get, made from the machine as
 * hook-launcher makes them. */
#ifndef CLI_DOCUMENTS_H
#define CLI_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pairs.h"
#include "cli/machine.h"
#include "cli/report.h"

/* Owned. Zeroed is empty. */
struct cli_documents {
    char *domain; /* NULL: none could be made */
    size_t domain_length;
    char *cloud_init; /* CloudInitData as JSON; NULL: none could be made, or the machine has none */
    bool emulated; /* the domain is for emulation: this machine has no KVM that works */
};

/* What the hooks of a run need. */
struct cli_documents_wish {
    bool domain; /* if it can be made */
    bool needs_domain; /* what is in its way is an error, not a warning */
    bool cloud_init; /* what is in their way is an error */
};

/* Makes what is wished for into *documents, which is empty before. What is wrong with the machine
 * goes to the report, with its place in the manifest, as far as the wish is concerned. Files that
 * the machine refers to need not be there, except those of directories: the --volume-dir of
 * hook-launcher. */
void cli_documents_make(struct cli_documents *documents, const struct cli_machine *machine,
    const struct cli_documents_wish *wish, const struct pairs *directories,
    struct cli_report *report);

void cli_documents_clear(struct cli_documents *documents);

#endif
