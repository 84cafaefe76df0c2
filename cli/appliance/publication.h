/* What hookctl appliance publish does with its objects, wherever they come from. */
#ifndef CLI_APPLIANCE_PUBLICATION_H
#define CLI_APPLIANCE_PUBLICATION_H

#include "appliance/publish.h"
#include "cli/appliance/set.h"
#include "cli/cluster_options.h"

struct cli_publish_options {
    struct cli_cluster_options cluster;
    char *vm;
    char *source;
    char *instancetype;
    char *preference;
    char *password;
    bool apply;
    char *output;
};

/* Zeroed is empty. */
struct cli_publication {
    struct cli_appliance_set set;
    struct cli_report report;
    struct appliance_publication publication;
    char *namespace; /* of the DataSource; owned, as is its name */
    char *name;
};

/* Loads the files and publishes. With a set that reads, as often as more is wanted. Returns 0 (also
 * with errors in the report: then publication.data_source is NULL), or -1 with an error. */
int cli_publication_make(
    struct cli_publication *publication, const struct cli_arguments *arguments, struct error **err);

/* Writes the DataSource and what it owns to standard output. */
int cli_publication_print(const struct cli_publication *publication,
    const struct cli_publish_options *options, struct error **err);

/* Prints the findings, and the error if result is negative, which it takes. Returns the exit
 * status. */
int cli_publication_end(struct cli_publication *publication, const struct cli_arguments *arguments,
    int result, struct error *take_error);

void cli_publication_clear(struct cli_publication *publication);

#endif
