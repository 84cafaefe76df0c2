/* A hook's chain: a document handed through its subscribers, one after another. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/identity.h"
#include "domain/schema.h"
#include "manager/cloud_init.h"
#include "manager/hop.h"
#include "manager/protocol.h"
#include "manager/state.h"
#include "manager/trace.h"

enum { MESSAGE_OVERHEAD = 1024 }; /* what a request has beside its documents, at most */

/* A document on its way through the subscribers of a hook. */
struct chain {
    struct manager *manager;
    enum manager_hook hook;
    size_t *order; /* positions of the sidecars to call */
    size_t count;
    size_t next; /* in order */

    char *document; /* as the last hop left it */
    size_t length;
    char *vmi;
    size_t vmi_length;
    char *legacy; /* of cloud-init: the older form of document */
    struct domain_identity identity; /* of a domain */

    struct manager_hop *hop; /* under way */
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
    domain_identity_clear(&chain->identity);
    free(chain->order);
    free(chain->document);
    free(chain->vmi);
    free(chain->legacy);
    free(chain);
}

/* Ends the chain, with the document as it stands; the chain is gone afterwards. */
static void chain_end(struct chain *chain, struct error *take_error)
{
    struct manager *manager = chain->manager;
    size_t length = chain->length;
    char *document = steal(&chain->document);
    chain_free(chain);
    manager_finish(manager, take_error, document, length);
}

static const struct manager_sidecar *current(const struct chain *chain)
{
    return &chain->manager->sidecars[chain->order[chain->next]];
}

static void on_slow(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    const struct chain *chain = watcher->data;
    manager_warn(chain->manager, current(chain),
        "the %s chain has been running for %g s and is still here: KubeVirt stops waiting after "
        "20 s and starts anew",
        manager_hook_name(chain->hook), (double)chain->manager->options.slow_chain_ms / 1e3);
}

/* The domain that came in, or that a sidecar returned: the same domain as before, and valid. */
static int domain_accept(struct chain *chain, const char *xml, size_t length, struct error **err)
{
    const struct domain_schema *schema = chain->manager->options.schema;
    bool first = chain->identity.name == NULL;
    if (!first && domain_check(xml, length, &chain->identity, err) < 0)
        return -1;
    /* A uuid may be set by the first hook that cares; from then on it stays. */
    if (chain->identity.uuid == NULL) {
        domain_identity_clear(&chain->identity);
        if (domain_identify(xml, length, &chain->identity, err) < 0)
            return -1;
    }
    return schema != NULL ? domain_schema_check(schema, xml, length, err) : 0;
}

/* The document that a response carries, checked. Returns it, owned by the caller, or NULL.
 * *returned is what stands in the response, borrowed. */
static char *result_take(struct chain *chain, const ProtobufCMessage *response,
    struct manager_field *returned, size_t *length, struct error **err)
{
    char *result = NULL;
    if (chain->hook == MANAGER_ON_DEFINE_DOMAIN) {
        *returned = manager_protocol_field(response, "domainXML");
        if (domain_accept(chain, returned->data, returned->length, err) == 0) {
            result = xmemdup(returned->data, returned->length);
            *length = returned->length;
        }
    } else {
        *returned = manager_protocol_field(response, "cloudInitData");
        struct manager_field legacy = manager_protocol_field(response, "cloudInitNoCloudSource");
        manager_cloud_init_result(chain->document, chain->length, returned->data, returned->length,
            legacy.data, legacy.length, &result, length, err);
    }
    if (result == NULL) {
        error_wrap(err, "the result is refused");
        if (err != NULL && *err != NULL)
            (*err)->class = ERROR_REMOTE;
    }
    return result;
}

/* Tells of a hop that is over, and keeps it. */
static void hop_report(struct chain *chain, const struct manager_trace_hop *hop)
{
    struct manager *manager = chain->manager;
    manager_emit(manager, &(struct manager_event){.kind = MANAGER_EVENT_HOP_DONE,
                              .sidecar = hop->sidecar,
                              .hook = chain->hook,
                              .call = manager->calls,
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

static void on_hop(
    void *user, const ProtobufCMessage *response, struct error *take_error, bool gone)
{
    (void)gone; /* in a chain every failure counts alike */
    struct chain *chain = user;
    const struct manager_sidecar *sidecar = current(chain);
    struct error *error = take_error;
    struct manager_field returned = {0};
    auto_free char *result = NULL;
    size_t length = 0;
    chain->hop = NULL;
    if (error == NULL)
        result = result_take(chain, response, &returned, &length, &error);
    if (error != NULL) {
        error_wrap(&error, "%s", manager_hook_name(chain->hook));
        manager_blame(sidecar, &error);
    }
    const struct manager_trace_hop hop = {
        .sidecar = sidecar,
        .input = chain->document,
        .input_length = chain->length,
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
    if (result != NULL) {
        free(chain->document);
        chain->document = steal(&result);
        chain->length = length;
    }
    chain->next++;
    chain_step(chain);
}

/* Fills the fields of the next request. Returns how many, or 0 with an error. */
static size_t request_fields(
    struct chain *chain, struct manager_field fields[3], struct error **err)
{
    if (chain->length + chain->vmi_length + MESSAGE_OVERHEAD > RPC_MAX_MESSAGE) {
        error_set(err, ERROR_INPUT,
            "the document of %zu bytes and the VMI of %zu bytes are too large for one request",
            chain->length, chain->vmi_length);
        return 0;
    }
    fields[0] = (struct manager_field){"vmi", chain->vmi, chain->vmi_length};
    if (chain->hook == MANAGER_ON_DEFINE_DOMAIN) {
        fields[1] = (struct manager_field){"domainXML", chain->document, chain->length};
        return 2;
    }
    free(chain->legacy);
    chain->legacy = manager_cloud_init_legacy(chain->document, chain->length, err);
    if (chain->legacy == NULL)
        return 0;
    fields[1] = (struct manager_field){"cloudInitData", chain->document, chain->length};
    fields[2] =
        (struct manager_field){"cloudInitNoCloudSource", chain->legacy, strlen(chain->legacy)};
    return 3;
}

/* Calls the next sidecar, or ends the chain after the last. */
static void chain_step(struct chain *chain)
{
    if (chain->next == chain->count) {
        chain_end(chain, NULL);
        return;
    }
    struct manager *manager = chain->manager;
    const struct manager_sidecar *sidecar = current(chain);
    struct manager_field fields[3];
    struct error *error = NULL;
    size_t count = request_fields(chain, fields, &error);
    if (count == 0) {
        error_wrap(&error, "%s", manager_hook_name(chain->hook));
        manager_blame(sidecar, &error);
        chain_end(chain, error);
        return;
    }
    manager_emit(manager, &(struct manager_event){.kind = MANAGER_EVENT_HOP_START,
                              .sidecar = sidecar,
                              .hook = chain->hook,
                              .call = manager->calls,
                              .input = chain->document,
                              .input_length = chain->length});
    chain->hop_began = clock_milliseconds();
    chain->hop = manager_hop_start(manager, chain->order[chain->next], chain->hook, fields, count,
        (int64_t)sidecar->timeout_seconds * 1000, on_hop, chain);
}

/* The input, checked before the first sidecar sees it. */
static int input_check(struct chain *chain, struct error **err)
{
    if (chain->hook == MANAGER_ON_DEFINE_DOMAIN) {
        if (domain_accept(chain, chain->document, chain->length, err) < 0)
            return error_wrap(err, "the domain, before any hook");
    } else if (manager_cloud_init_check(chain->document, chain->length, err) < 0) {
        return error_wrap(err, "the cloud-init data, before any hook");
    }
    return 0;
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

static void chain_start(struct manager *manager, enum manager_hook hook, const char *document,
    size_t length, const char *vmi, size_t vmi_length)
{
    struct chain *chain = xmalloc(sizeof(*chain));
    *chain = (struct chain){
        .manager = manager,
        .hook = hook,
        .document = xmemdup(document, length),
        .length = length,
        .vmi = xmemdup(vmi, vmi_length),
        .vmi_length = vmi_length,
    };
    manager_work(manager, chain, chain_free);
    manager->calls++;
    ev_timer_init(&chain->slow, on_slow, (double)manager->options.slow_chain_ms / 1e3, 0);
    chain->slow.data = chain;

    auto_free const struct manager_sidecar **order = manager_order(manager, hook, &chain->count);
    chain->order = xcalloc(chain->count + 1, sizeof(*chain->order));
    for (size_t i = 0; i < chain->count; i++)
        chain->order[i] = (size_t)(order[i] - manager->sidecars);

    struct error *error = NULL;
    if (input_check(chain, &error) < 0) {
        chain_end(chain, error);
        return;
    }
    if (chain->count > 0) {
        chain_open_trace(chain);
        ev_timer_start(manager->loop, &chain->slow);
    }
    chain_step(chain);
}

void manager_on_define_domain(struct manager *manager, const char *domain, size_t domain_length,
    const char *vmi, size_t vmi_length, manager_done *done, void *user)
{
    manager_begin(manager, done, user);
    chain_start(manager, MANAGER_ON_DEFINE_DOMAIN, domain, domain_length, vmi, vmi_length);
}

void manager_pre_cloud_init_iso(struct manager *manager, const char *data, size_t data_length,
    const char *vmi, size_t vmi_length, manager_done *done, void *user)
{
    manager_begin(manager, done, user);
    if (manager_cloud_init_is_absent(data, data_length))
        manager_finish(manager, NULL, xmemdup(data, data_length), data_length);
    else
        chain_start(manager, MANAGER_PRE_CLOUD_INIT_ISO, data, data_length, vmi, vmi_length);
}
