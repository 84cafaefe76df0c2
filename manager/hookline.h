/* libhookline-manager: the hook manager of Hookline for launchers of virtual machines.
 *
 * It collects the hook sidecars of one virtual machine (KubeVirt's annotation
 * hooks.kubevirt.io/hookSidecars) and chains libvirt domain XML and cloud-init data through them.
 *
 *     struct hookline_manager_options options = {.size = sizeof(options), .sidecars = 2};
 *     struct hookline_manager_error *error = NULL;
 *     struct hookline_manager *manager = hookline_manager_new(&options, &error);
 *     char *domain = NULL;
 *     if (manager == NULL || hookline_manager_collect(manager, &error) < 0 ||
 *         hookline_manager_on_define_domain(
 *             manager, xml, xml_length, vmi, vmi_length, &domain, NULL, &error) < 0)
 *         fprintf(stderr, "%s\n", hookline_manager_error_message(error));
 *     hookline_manager_error_free(error);
 *     hookline_manager_free(manager);
 *
 * Every function blocks until it is done. A manager belongs to one thread at a time, with the
 * exception of hookline_manager_interrupt; several managers may be used by several threads. The
 * library has an event loop of its own and helper threads that block all signals; it installs no
 * signal handlers, never prints, logs or exits, but aborts when memory runs out. Do not fork
 * without exec while a manager lives.
 *
 * Functions that can fail return -1 or NULL and set *error, where error is not NULL; the caller
 * frees it. Build with `pkg-config --cflags --libs hookline-manager`. */
#ifndef HOOKLINE_MANAGER_H
#define HOOKLINE_MANAGER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hookline_manager;
struct hookline_manager_error;

/* What kind of failure it is. More may come. */
enum hookline_manager_error_kind {
    HOOKLINE_MANAGER_ERROR_INTERNAL, /* a bug, or a broken installation */
    HOOKLINE_MANAGER_ERROR_INPUT, /* what was given is wrong: options, domain, VMI, annotation */
    HOOKLINE_MANAGER_ERROR_IO, /* the operating system refused */
    HOOKLINE_MANAGER_ERROR_SIDECAR, /* a sidecar failed, went away or returned nonsense */
    HOOKLINE_MANAGER_ERROR_TIMEOUT, /* a sidecar did not come or did not answer in time */
    HOOKLINE_MANAGER_ERROR_INTERRUPTED, /* hookline_manager_interrupt was called */
};

/* One line for people; it names the sidecar where one is at fault. Borrowed. "" for NULL. */
const char *hookline_manager_error_message(const struct hookline_manager_error *error);
enum hookline_manager_error_kind hookline_manager_error_kind(
    const struct hookline_manager_error *error);
void hookline_manager_error_free(struct hookline_manager_error *error); /* NULL is allowed */

/* Begin with zeroes and set size; members that are zero have their defaults. Strings are
 * copied. */
struct hookline_manager_options {
    size_t size; /* sizeof(struct hookline_manager_options) */
    const char *socket_directory; /* default "/var/run/kubevirt-hooks" */
    size_t sidecars; /* how many to collect */
    int64_t timeout_ms; /* for collecting all; default 300000 */
    const char *annotation; /* its text, for timeoutSeconds and failurePolicy of each sidecar */
    const char *schema; /* path of libvirt's domain.rng, to check every domain with */
    const char *trace_directory; /* where every hop is kept; see hook-manager(1) */
    void (*warn)(void *user, const char *message); /* one line; message is borrowed */
    void *user; /* of warn */
};

/* A manager that has collected nothing yet. Fails when the annotation is wrong or the schema
 * cannot be read. The caller frees it. */
struct hookline_manager *hookline_manager_new(
    const struct hookline_manager_options *options, struct hookline_manager_error **error);

/* Closes all connections. NULL is allowed. */
void hookline_manager_free(struct hookline_manager *manager);

/* Waits until as many sidecars as expected have answered. To be called once before the functions
 * below; again only after it failed. Returns 0 or -1; the error of the deadline names the sidecars
 * that are missing. */
int hookline_manager_collect(
    struct hookline_manager *manager, struct hookline_manager_error **error);

/* What a collected sidecar is. */
struct hookline_manager_sidecar {
    const char *name; /* of its container: "hook-sidecar-0" */
    long index; /* the number at the end of the name; -1: there is none */
    const char *socket; /* path */
    const char *version; /* of the hook protocol: "v1alpha3" */
};

/* How many were collected, and one of them, in index order. The strings are borrowed until the
 * next call with this manager. Returns 0, or -1 when position is not below the count. */
size_t hookline_manager_sidecar_count(const struct hookline_manager *manager);
int hookline_manager_sidecar_get(const struct hookline_manager *manager, size_t position,
    struct hookline_manager_sidecar *sidecar);

/* Chains a libvirt domain XML through the sidecars that announce OnDefineDomain: by priority,
 * highest first, then by index. vmi is the VirtualMachineInstance as JSON; NULL is "{}".
 * *result, with a zero byte behind its *result_length bytes (which may be NULL), is for the caller
 * to free(3). Returns 0, or -1 with *result NULL. It may be called as often as needed. */
int hookline_manager_on_define_domain(struct hookline_manager *manager, const char *domain,
    size_t domain_length, const char *vmi, size_t vmi_length, char **result, size_t *result_length,
    struct hookline_manager_error **error);

/* Chains CloudInitData (JSON, as KubeVirt's launcher has it) through the sidecars that announce
 * PreCloudInitIso; otherwise as hookline_manager_on_define_domain. */
int hookline_manager_pre_cloud_init_iso(struct hookline_manager *manager, const char *data,
    size_t data_length, const char *vmi, size_t vmi_length, char **result, size_t *result_length,
    struct hookline_manager_error **error);

/* Tells all sidecars that announce Shutdown that the virtual machine has ended. One that is gone
 * is no error. Returns 0, or -1 when some failed, after telling all. */
int hookline_manager_shutdown(
    struct hookline_manager *manager, struct hookline_manager_error **error);

/* Makes the call under way, and every later one, fail with
 * HOOKLINE_MANAGER_ERROR_INTERRUPTED. Any thread may call it, while nobody frees the manager. */
void hookline_manager_interrupt(struct hookline_manager *manager);

#ifdef __cplusplus
}
#endif

#endif
