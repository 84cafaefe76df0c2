#include "manager/chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/unused.h"
#include "manager/document.h"
#include "manager/hop.h"
#include "manager/order.h"
#include "manager/trace.h"

enum {
    MESSAGE_OVERHEAD = 1024, /* at most what a request holds besides its documents */
    MAX_FIELDS = 1 + MANAGER_DOCUMENT_MAX_FIELDS, /* of a request: the VMI and the document */
};

/* A document on its way through the subscribers of a hook. */
struct chain {
    struct manager *manager;
    enum hooks_point hook;
    size_t *order; /* positions of the sidecars to call, in order */
    size_t count;
    size_t next; /* in order */

    struct manager_document document;
    char *vmi;
    size_t vmi_length;

    struct manager_hop *hop; /* the running one, or NULL */
    double hop_began; /* clock_milliseconds */
    struct manager_trace *trace; /* or NULL */
    ev_timer slow;
};

static void chain_free(void *work)
{
    struct chain *chain = work;
    ev_timer_stop(chain->manager->loop, &chain->slow);
    manager_hop_cancel(chain->hop);
    manager_trace_close(chain->trace);
    manager_document_clear(&chain->document);
    free(chain->order);
    free(chain->vmi);
    free(chain);
}

/* Ends the chain with the current document, and frees the chain. */
static void chain_end(struct chain *chain, struct error *take_error)
{
    struct manager *manager = chain->manager;
    size_t length = chain->document.length;
    char *document = steal(&chain->document.data);
    chain_free(chain);
    manager_finish(manager, take_error, document, length);
}

static const struct manager_sidecar *current(const struct chain *chain)
{
    return &chain->manager->sidecars[chain->order[chain->next]];
}

static void on_slow(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    const struct chain *chain = watcher->data;
    manager_warn(chain->manager, current(chain),
        "the %s chain has run for %g s and still waits for this sidecar; KubeVirt gives up after "
        "20 s and starts over",
        hooks_point_name(chain->hook), (double)chain->manager->options.slow_chain_ms / 1e3);
}

/* Reports a finished hop to the observer and the trace. */
static void hop_report(struct chain *chain, const struct manager_trace_hop *hop)
{
    struct manager *manager = chain->manager;
    manager_emit(manager, &(struct manager_event){.kind = MANAGER_EVENT_HOP_DONE,
                              .sidecar = hop->sidecar,
                              .hook = chain->hook,
                              .call = manager->calls[chain->hook],
                              .input = hop->input,
                              .input_length = hop->input_length,
                              .output = hop->error == NULL ? hop->output : NULL,
                              .output_length = hop->error == NULL ? hop->output_length : 0,
                              .milliseconds = hop->milliseconds,
                              .error = hop->error,
                              .ignored = hop->ignored});
    auto_error struct error *error = NULL;
    if (chain->trace != NULL && manager_trace_keep(chain->trace, hop, &error) < 0)
        manager_warn(manager, NULL, "keeping the trace: %s", error->message);
}

static void chain_step(struct chain *chain);

/* In a chain, every failure counts alike, even that the sidecar is gone. */
static void on_hop(
    void *user, const ProtobufCMessage *response, struct error *take_error, UNUSED bool gone)
{
    struct chain *chain = user;
    const struct manager_sidecar *sidecar = current(chain);
    struct error *error = take_error;
    struct bytes returned = {0};
    auto_free char *result = NULL;
    auto_free char *warning = NULL;
    size_t length = 0;
    chain->hop = NULL;
    if (error == NULL)
        result = manager_document_result(
            &chain->document, sidecar, response, &returned, &length, &warning, &error);
    if (warning != NULL)
        manager_warn(chain->manager, sidecar, "%s: %s", hooks_point_name(chain->hook), warning);
    if (error != NULL) {
        error_wrap(&error, "%s", hooks_point_name(chain->hook));
        manager_sidecar_blame(sidecar, &error);
    }
    const struct manager_trace_hop hop = {
        .sidecar = sidecar,
        .input = chain->document.data,
        .input_length = chain->document.length,
        .output = result != NULL ? result : returned.data,
        .output_length = result != NULL ? length : returned.length,
        .milliseconds = clock_milliseconds() - chain->hop_began,
        .error = error,
        .ignored = error != NULL && sidecar->failure_policy == ANNOTATIONS_IGNORE,
    };
    hop_report(chain, &hop);
    if (error != NULL && !hop.ignored) {
        chain_end(chain, error);
        return;
    }
    error_free(error);
    if (result != NULL)
        manager_document_replace(&chain->document, steal(&result), length);
    chain->next++;
    chain_step(chain);
}

/* Fills in the fields of the next request. Returns how many, or 0 with an error. */
static size_t request_fields(
    struct chain *chain, struct hooks_field fields[MAX_FIELDS], struct error **err)
{
    const struct manager_document *document = &chain->document;
    if (document->length + chain->vmi_length + MESSAGE_OVERHEAD > RPC_MAX_MESSAGE) {
        error_set(err, ERROR_INPUT,
            "the document of %zu bytes and the VMI of %zu bytes are too large for one request",
            document->length, chain->vmi_length);
        return 0;
    }
    fields[0] = (struct hooks_field){HOOKS_VMI_FIELD, {chain->vmi, chain->vmi_length}};
    size_t count = manager_document_fields(&chain->document, fields + 1, err);
    return count > 0 ? 1 + count : 0;
}

/* Calls the next sidecar, or ends the chain after the last. */
static void chain_step(struct chain *chain)
{
    if (chain->next == chain->count) {
        struct error *failure = NULL;
        if (chain->count > 0 && manager_document_finish(&chain->document, &failure) < 0)
            error_wrap(&failure, "%s, after the last hook", hooks_point_name(chain->hook));
        chain_end(chain, failure);
        return;
    }
    struct manager *manager = chain->manager;
    const struct manager_sidecar *sidecar = current(chain);
    struct hooks_field fields[MAX_FIELDS];
    struct error *error = NULL;
    size_t count = request_fields(chain, fields, &error);
    if (count == 0) {
        error_wrap(&error, "%s", hooks_point_name(chain->hook));
        manager_sidecar_blame(sidecar, &error);
        chain_end(chain, error);
        return;
    }
    manager_emit(manager, &(struct manager_event){.kind = MANAGER_EVENT_HOP_START,
                              .sidecar = sidecar,
                              .hook = chain->hook,
                              .call = manager->calls[chain->hook],
                              .input = chain->document.data,
                              .input_length = chain->document.length});
    chain->hop_began = clock_milliseconds();
    chain->hop = manager_hop_start(manager, chain->order[chain->next], chain->hook, fields, count,
        (int64_t)sidecar->timeout_seconds * 1000, on_hop, chain);
}

static void chain_open_trace(struct chain *chain)
{
    const char *directory = chain->manager->options.trace_directory;
    auto_error struct error *error = NULL;
    if (directory == NULL)
        return;
    chain->trace = manager_trace_open(directory, chain->hook, &error);
    if (chain->trace == NULL)
        manager_warn(chain->manager, NULL, "keeping the trace: %s", error->message);
}

/* Names the sidecars that are not called, since there is nothing for them to work on. */
static void warn_of_absence(const struct manager *manager, enum hooks_point hook)
{
    size_t count = 0;
    auto_free const struct manager_sidecar **order = manager_order(manager, hook, &count);
    for (size_t i = 0; i < count; i++)
        manager_warn(manager, order[i],
            "%s is not called, because the machine has no cloud-init volume; KubeVirt's own hook "
            "manager crashes then",
            hooks_point_name(hook));
}

void manager_chain_start(
    struct manager *manager, enum hooks_point hook, struct bytes document, struct bytes vmi)
{
    const struct hooks_point_row *point = &hooks_points[hook];
    if (manager_document_is_absent(point, document)) {
        warn_of_absence(manager, hook);
        manager_finish(manager, NULL, xmemdup(document.data, document.length), document.length);
        return;
    }
    struct chain *chain = xmalloc(sizeof(*chain));
    *chain = (struct chain){
        .manager = manager,
        .hook = hook,
        .vmi = xmemdup(vmi.data, vmi.length),
        .vmi_length = vmi.length,
    };
    manager_document_init(&chain->document, point, manager->options.schema, document);
    manager_work(manager, chain, chain_free);
    manager->calls[hook]++;
    ev_timer_init(&chain->slow, on_slow, (double)manager->options.slow_chain_ms / 1e3, 0);
    chain->slow.data = chain;

    auto_free const struct manager_sidecar **order = manager_order(manager, hook, &chain->count);
    chain->order = xcalloc(chain->count + 1, sizeof(*chain->order));
    for (size_t i = 0; i < chain->count; i++)
        chain->order[i] = (size_t)(order[i] - manager->sidecars);

    struct error *error = NULL;
    if (manager_document_check(&chain->document, &error) < 0) {
        chain_end(chain, error);
        return;
    }
    if (chain->count > 0) {
        chain_open_trace(chain);
        ev_timer_start(manager->loop, &chain->slow);
    }
    chain_step(chain);
}
