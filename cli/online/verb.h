/* A verb that makes an object in a cluster and waits for it: what the runs of these subcommands have
 * in common. */
#ifndef CLI_ONLINE_VERB_H
#define CLI_ONLINE_VERB_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>

#include "appliance/status.h"
#include "cli/appliance/verbs.h"
#include "cli/online/cluster.h"
#include "cli/online/interrupt.h"
#include "cli/online/meter.h"

struct cli_verb {
    const struct cli_arguments *arguments;
    const struct cli_verb_options *options;
    struct cli_cluster *cluster; /* owned */
    struct cli_meter *meter; /* owned */
    char *namespace; /* owned */
    char *name; /* that the operand says; owned */
    struct cli_online_signals signals; /* they do not end the process between two waits */
    bool is_interrupted;
};

/* Opens the cluster for the object that operand names ("NAMESPACE/NAME" or "NAME"). Returns 0, or -1
 * with an error; cli_verb_close is due either way. */
int cli_verb_open(struct cli_verb *verb, const struct cli_arguments *arguments, const char *operand,
    struct error **err);

/* Returns the exit status for error, which is taken and may be NULL: it is written as cli_fail
 * does. */
int cli_verb_close(struct cli_verb *verb, struct error *take_error);

/* Writes a line to standard error, below what the meter shows. */
void cli_verb_tell(struct cli_verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads an object of the verb's namespace (or of none). Returns 0 with *out, a new reference, NULL if
 * it is not there; or -1 with an error. */
int cli_verb_get(struct cli_verb *verb, const struct kube_resource *resource, const char *name,
    json_t **out, struct error **err);

/* Whether an object that exists is what we want to make. */
typedef bool cli_verb_same(const json_t *existing, const json_t *ours);

/* Makes the object. With --dry-run the API server only checks it, and it is printed. Returns 1; 0 if
 * it is there already and the same (same; NULL: that counts as another); or -1 with an error, which
 * says so of one that is there and another. *out, unless out is NULL, gets it as the cluster has it,
 * a new reference. */
int cli_verb_create(struct cli_verb *verb, const struct kube_resource *resource, json_t *object,
    cli_verb_same *same, json_t **out, struct error **err);

/* Waits for the object, saying how it goes on. again says how to wait for it once more, for the error
 * of a wait that is interrupted or takes too long; NULL: it will be removed. Returns 0 with *out (or
 * NULL), a new reference to the object when it was done; or -1 with an error. */
int cli_verb_wait(struct cli_verb *verb, const struct kube_resource *resource, const char *name,
    appliance_status_look *look, const char *again, json_t **out, struct error **err);

/* Removes an object that we made, unless its UID says that another has its name; also after an
 * interruption. What fails is told. NULL is allowed. */
void cli_verb_remove(
    struct cli_verb *verb, const struct kube_resource *resource, const json_t *object);

#endif
