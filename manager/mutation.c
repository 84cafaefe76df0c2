#include "manager/mutation.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "proto/domain_hook.pb-c.h"

/* Short names for the generated types. */
typedef Kubevirt__Hooks__Plugins__V1alpha1__MutateDomainRequest request_message;
typedef Kubevirt__Hooks__Plugins__V1alpha1__MutateDomainResponse response_message;

enum { MAX_SHOWN = 64 }; /* bytes of a caller's text in a message */

static const char ending[] = "hook-manager is shutting down";

/* A request from its arrival to its answer. */
struct mutation {
    struct mutation *prev;
    struct mutation *next;
    struct manager_mutations *mutations;
    struct rpc_request *request;
    const request_message *message; /* valid until the answer */
    double arrived; /* clock_milliseconds */
};

struct manager_mutations {
    struct manager *manager;
    struct mutation *queue; /* by arrival; the first one's chain is running */
    size_t count;
    bool closed;
};

static void run_first(struct manager_mutations *mutations);

/* Removes an answered request from the queue. */
static void mutation_end(struct mutation *mutation)
{
    struct manager_mutations *mutations = mutation->mutations;
    DL_DELETE(mutations->queue, mutation);
    mutations->count--;
    free(mutation);
}

static enum rpc_code code_of(const struct error *error)
{
    switch (error->class) {
    case ERROR_INPUT: /* the domain in the request */
        return RPC_INVALID_ARGUMENT;
    case ERROR_REMOTE: /* a sidecar's result, or that it went away */
        return RPC_FAILED_PRECONDITION;
    default:
        return RPC_INTERNAL;
    }
}

static void reply(struct rpc_request *request, const void *domain, size_t length)
{
    response_message response = KUBEVIRT__HOOKS__PLUGINS__V1ALPHA1__MUTATE_DOMAIN_RESPONSE__INIT;
    response.domain = (ProtobufCBinaryData){length, (uint8_t *)domain};
    rpc_request_reply(request, &response.base);
}

static void on_chain(void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct manager_mutations *mutations = user;
    struct mutation *mutation = mutations->queue;
    auto_error struct error *error = take_error;
    double milliseconds = clock_milliseconds() - mutation->arrived;
    if (error == NULL) {
        log_write(
            LOG_INFO, json_pack("{s:f}", "milliseconds", milliseconds), "MutateDomain is done");
        reply(mutation->request, output, output_length);
    } else {
        log_write(LOG_ERROR,
            json_pack("{s:s, s:f}", "class", error_class_name(error->class), "milliseconds",
                milliseconds),
            "MutateDomain: %s", error->message);
        rpc_request_fail(mutation->request, code_of(error), error->message);
    }
    mutation_end(mutation);
    run_first(mutations);
}

static void run_first(struct manager_mutations *mutations)
{
    const struct mutation *first = mutations->queue;
    if (first == NULL)
        return;
    const ProtobufCBinaryData *domain = &first->message->domain;
    const ProtobufCBinaryData *vmi = &first->message->vmi;
    manager_chain(mutations->manager, HOOKS_ON_DEFINE_DOMAIN,
        (struct bytes){(const char *)domain->data, domain->len},
        (struct bytes){(const char *)vmi->data, vmi->len}, on_chain, mutations);
}

static void on_cancel(void *user)
{
    struct mutation *mutation = user;
    struct manager_mutations *mutations = mutation->mutations;
    bool running = mutation == mutations->queue;
    /* The caller's clock may run a little ahead, so some time may be left here at its deadline. */
    int64_t left = rpc_request_time_left(mutation->request);
    log_write(LOG_WARNING,
        left != INT64_MAX ? json_pack("{s:I}", "millisecondsLeft", (json_int_t)left) : NULL,
        "MutateDomain is canceled %s: the caller no longer waits for the answer",
        running ? "in the middle" : "before its turn");
    if (running)
        manager_cancel(mutations->manager);
    rpc_request_fail(mutation->request, RPC_CANCELLED, "the caller no longer waits for this");
    mutation_end(mutation);
    if (running)
        run_first(mutations);
}

/* Whether hooks are called in this invocation context: KubeVirt calls them at boot and at the
 * target of a migration. An unknown context may be a boot, and a VM booted without its hooks is
 * worse than a needless call. */
static bool runs_hooks(const request_message *message)
{
    const char *context =
        message->sidecar_context != NULL ? message->sidecar_context->invocation_context : "";
    if (streq(context, "MigrationSource"))
        return false;
    if (!streq(context, "Boot") && !streq(context, "MigrationTarget")) {
        auto_free char *shown = text_printable(context, strlen(context), MAX_SHOWN);
        log_warning("MutateDomain: the invocation context \"%s\" is not known: hooks are called as "
                    "for \"Boot\"",
            shown);
    }
    return true;
}

/* Refuses a request that cannot be queued. Returns whether it did. */
static bool refuse(const struct manager_mutations *mutations, struct rpc_request *request,
    const request_message *message)
{
    if (mutations->closed) {
        rpc_request_fail(request, RPC_UNAVAILABLE, ending);
    } else if (!streq(message->domain_type, "libvirt")) {
        auto_free char *shown =
            text_printable(message->domain_type, strlen(message->domain_type), MAX_SHOWN);
        auto_free char *text =
            xasprintf("domain_type: \"%s\" is not supported: it must be \"libvirt\"", shown);
        rpc_request_fail(request, RPC_INVALID_ARGUMENT, text);
    } else if (mutations->count == MANAGER_MAX_MUTATIONS) {
        rpc_request_fail(request, RPC_RESOURCE_EXHAUSTED, "too many requests are already waiting");
    } else {
        return false;
    }
    return true;
}

static void on_request(struct rpc_request *request, UNUSED const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *base, void *user)
{
    struct manager_mutations *mutations = user;
    const request_message *message = (const void *)base;
    if (refuse(mutations, request, message))
        return;
    if (!runs_hooks(message)) {
        reply(request, message->domain.data, message->domain.len);
        return;
    }
    struct mutation *mutation = xmalloc(sizeof(*mutation));
    *mutation = (struct mutation){
        .mutations = mutations,
        .request = request,
        .message = message,
        .arrived = clock_milliseconds(),
    };
    DL_APPEND(mutations->queue, mutation);
    mutations->count++;
    rpc_request_on_cancel(request, on_cancel, mutation);
    if (mutations->queue == mutation)
        run_first(mutations);
}

struct manager_mutations *manager_mutations_new(struct manager *manager)
{
    struct manager_mutations *mutations = xmalloc(sizeof(*mutations));
    *mutations = (struct manager_mutations){.manager = manager};
    return mutations;
}

void manager_mutations_free(struct manager_mutations *mutations)
{
    free(mutations);
}

struct rpc_service manager_mutations_service(struct manager_mutations *mutations)
{
    return (struct rpc_service){
        &kubevirt__hooks__plugins__v1alpha1__domain_hook_service__descriptor, on_request,
        mutations};
}

void manager_mutations_close(struct manager_mutations *mutations)
{
    const struct mutation *running = mutations->queue;
    mutations->closed = true;
    while (running != NULL && running->next != NULL) {
        rpc_request_fail(running->next->request, RPC_UNAVAILABLE, ending);
        mutation_end(running->next);
    }
}
