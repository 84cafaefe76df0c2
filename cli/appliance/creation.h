/* The machine that hookctl appliance create makes: what the options and the operands ask for, and
 * the objects that come of it. */
#ifndef CLI_APPLIANCE_CREATION_H
#define CLI_APPLIANCE_CREATION_H

#include "appliance/complete.h"
#include "base/pairs.h"
#include "cli/appliance/set.h"
#include "cli/cluster_options.h"

struct cli_create_options {
    struct cli_cluster_options cluster;
    char *namespace;
    struct pairs parameters;
    char *instancetype;
    char *preference;
    char *run_strategy;
    struct option_texts ssh_keys;
    char *password;
    char *password_file;
    bool repair;
    bool expand;
    bool print_rbac;
    bool apply;
    char *local; /* directory */
    struct pairs sources;
    char *output;
};

/* Zeroed is empty. Not to be copied. */
struct cli_creation {
    struct cli_appliance_set set; /* its read may be set before cli_creation_make */
    struct cli_report report;
    const struct appliance_object *source; /* borrowed from the set */
    const char *namespace; /* of the VM; borrowed */
    char *name; /* of the VM; owned */
    struct option_texts ssh_keys; /* owned */
    char *password; /* that was given; owned, and wiped */
    struct appliance_completion completion;
};

/* Completes what the arguments, those of create, ask for. default_namespace is that of the VM if
 * there is no -n; borrowed. Returns 0, or -1 with an error, which is not set if the report has the
 * errors. */
int cli_creation_make(struct cli_creation *creation, const struct cli_arguments *arguments,
    const char *default_namespace, struct error **err);

/* Prints what the options say: the VM and what it needs, the VMI that hook-launcher runs, or the
 * rights that it needs; or creates the machine on this one, and prints the command that boots it. Returns 0, or -1 with an error, which is not set if the report has the
 * errors. */
int cli_creation_print(
    struct cli_creation *creation, const struct cli_create_options *options, struct error **err);

/* Says on standard error, once, the password that was made, and the values of parameters that were
 * generated. */
void cli_creation_say_secrets(
    const struct cli_creation *creation, const struct cli_arguments *arguments);

/* Prints the report, or reports the error; takes ownership of it. Returns the exit status. */
int cli_creation_end(const struct cli_creation *creation, const struct cli_arguments *arguments,
    int result, struct error *take_error);

void cli_creation_clear(struct cli_creation *creation);

#endif
