/* The hook manager: collects the sidecars of one launcher, and chains domain XML and cloud-init
 * data through them. Asynchronous on a libev loop; manager/hookline.h is the blocking library
 * around it for other launchers. */
#ifndef MANAGER_MANAGER_H
#define MANAGER_MANAGER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "annotations/sidecar.h"
#include "base/error.h"
#include "domain/schema.h"
#include "rpc/rpc.h"

#define MANAGER_SOCKET_DIRECTORY "/var/run/kubevirt-hooks"

enum {
    MANAGER_INFO_TIMEOUT_MS = 1000, /* one try of Info; tried again until the deadline */
    MANAGER_PRESENT_TIMEOUT_MS = 5 * 1000, /* to collect those that are to be shut down */
    MANAGER_SLOW_CHAIN_MS = 15000, /* a chain that takes longer is warned about */
    MANAGER_SHUTDOWN_TIMEOUT_MS = 5000, /* one Shutdown call */
};

enum manager_hook {
    MANAGER_ON_DEFINE_DOMAIN,
    MANAGER_PRE_CLOUD_INIT_ISO,
    MANAGER_SHUTDOWN,
    MANAGER_HOOKS, /* how many there are */
};
const char *manager_hook_name(enum manager_hook hook); /* "OnDefineDomain", … Static. */

/* A collected sidecar, as its Info answered. Names and paths are fit to be shown: bytes in them
 * that are not printable stand as \xNN. */
struct manager_sidecar {
    const char *name; /* its container, the directory of its socket: "hook-sidecar-0" */
    long index; /* the number at the end of the name; -1 when it has none */
    const char *socket; /* path */
    const char *version; /* the newest that both know: "v1alpha3" */
    bool subscribed[MANAGER_HOOKS];
    int32_t priority[MANAGER_HOOKS];
    int timeout_seconds; /* of one hook call */
    enum annotations_failure_policy failure_policy;
};

enum manager_event_kind {
    MANAGER_EVENT_FOUND, /* a socket appeared */
    MANAGER_EVENT_READY, /* its Info was answered */
    MANAGER_EVENT_HOP_START, /* a hook is called */
    MANAGER_EVENT_HOP_DONE, /* it returned, and the result passed the checks (error NULL) or not */
    MANAGER_EVENT_WARNING, /* error says what */
};

/* What happens, as it happens. Everything is borrowed for the time of the callback. */
struct manager_event {
    enum manager_event_kind kind;
    const struct manager_sidecar
        *sidecar; /* NULL where none is meant; when FOUND only name, index and socket are set */
    enum manager_hook hook; /* of a hop */
    size_t call; /* which chain call of this manager it is, from 1 */
    const char *input, *output; /* of a hop; output NULL when it failed */
    size_t input_length, output_length;
    double milliseconds; /* a hop's time; for READY: since the collection began */
    const struct error *error; /* why a hop failed, or a warning's text */
    bool ignored; /* it failed, and failurePolicy Ignore keeps what was before */
};
typedef void manager_observer(void *user, const struct manager_event *event);

struct manager_options {
    const char *directory; /* NULL: MANAGER_SOCKET_DIRECTORY */
    size_t sidecars; /* how many to collect */
    bool present_only; /* collects those that listen now instead, however many they are */
    int64_t timeout_ms; /* for collecting all */
    int64_t slow_chain_ms; /* a chain that takes longer is warned about; 0: MANAGER_SLOW_CHAIN_MS */
    const struct annotations_list *list; /* timeoutSeconds and failurePolicy by index; or NULL */
    const struct domain_schema *schema; /* every domain is checked with it; or NULL */
    const char *trace_directory; /* every hop is kept there; or NULL */
    manager_observer *observer; /* or NULL */
    void *user; /* of the observer */
};

struct manager;

/* A manager that has collected nothing yet. All that options points to is borrowed until
 * manager_free. Owned by the caller. */
struct manager *manager_new(
    struct ev_loop *loop, struct rpc *rpc, const struct manager_options *options);

/* Cancels what is under way, closes the connections, frees. NULL is allowed. */
void manager_free(struct manager *manager);

/* One operation runs at a time; done comes from the loop, once, unless it is cancelled, and may
 * begin the next or free the manager. take_error is NULL when it went well; the callee owns it.
 * output is the result of a chain, and when it failed the document as it stood before the
 * hop that did; borrowed for the time of the callback. NULL for collect and shutdown. */
typedef void manager_done(
    void *user, struct error *take_error, const char *output, size_t output_length);

/* Finds the sidecars and asks each for its Info. Errors: the deadline's (timeout) names which came
 * and which are missing, and what the last try of each said; a sidecar whose Info is refused for
 * good (remote); more sidecars than expected (input). To be called again only when it failed. */
void manager_collect(struct manager *manager, manager_done *done, void *user);

/* The sidecars in index order, after manager_collect. Borrowed. */
const struct manager_sidecar *manager_sidecars(const struct manager *manager, size_t *count);

/* The sidecars subscribed to a hook in the order in which they are called: priority, highest
 * first; then index; then name. Array owned by the caller, sidecars borrowed. */
const struct manager_sidecar **manager_order(
    const struct manager *manager, enum manager_hook hook, size_t *count);

/* Chains a domain through the OnDefineDomain hooks. vmi is JSON. Inputs are copied. Errors: input
 * when the domain itself is wrong; remote or timeout where a sidecar is at fault. */
void manager_on_define_domain(struct manager *manager, const char *domain, size_t domain_length,
    const char *vmi, size_t vmi_length, manager_done *done, void *user);

/* Chains CloudInitData (JSON with KubeVirt's Go names) through the PreCloudInitIso hooks. With
 * no cloud-init data (empty text or null) nothing is called and it comes back as it is. */
void manager_pre_cloud_init_iso(struct manager *manager, const char *data, size_t data_length,
    const char *vmi, size_t vmi_length, manager_done *done, void *user);

/* Sends Shutdown to every v1alpha3 subscriber at once. A sidecar that is gone is no error. */
void manager_shutdown(struct manager *manager, manager_done *done, void *user);

/* From now on until the next operation, tells the observer of a WARNING when a sidecar is gone, or
 * has closed its connection. */
void manager_watch(struct manager *manager);

/* Stops the operation under way, if any; its done is not called. */
void manager_cancel(struct manager *manager);

#endif
