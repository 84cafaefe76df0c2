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
 * Every function blocks until it is done. Only one thread at a time may use a manager, except for
 * hookline_manager_interrupt; different threads may use different managers. The library has its own
 * event loop, and helper threads that block all signals; it installs no signal handlers and never
 * prints, logs or exits, but aborts when memory runs out. Do not fork without exec while a manager
 * exists.
 *
 * Functions that can fail return -1 or NULL and set *error, unless error is NULL; the caller frees
 * it. Build with `pkg-config --cflags --libs hookline-manager`. */
#ifndef HOOKLINE_MANAGER_H
#define HOOKLINE_MANAGER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hookline_manager;
struct hookline_manager_error;

/* The kind of failure. Later versions may add more. */
enum hookline_manager_error_kind {
    HOOKLINE_MANAGER_ERROR_INTERNAL, /* a bug, or a broken installation */
    HOOKLINE_MANAGER_ERROR_INPUT, /* the options, domain, VMI or annotation are wrong */
    HOOKLINE_MANAGER_ERROR_IO, /* the operating system refused */
    HOOKLINE_MANAGER_ERROR_SIDECAR, /* a sidecar failed, went away or returned nonsense */
    HOOKLINE_MANAGER_ERROR_TIMEOUT, /* a sidecar did not appear or answer in time */
    HOOKLINE_MANAGER_ERROR_INTERRUPTED, /* hookline_manager_interrupt was called */
};

/* One line for people, which names the sidecar at fault, if any. Borrowed. "" for NULL. */
const char *hookline_manager_error_message(const struct hookline_manager_error *error);
enum hookline_manager_error_kind hookline_manager_error_kind(
    const struct hookline_manager_error *error);
void hookline_manager_error_free(struct hookline_manager_error *error); /* NULL is allowed */

/* Initialize to zero and set size; a member that is zero has its default. Strings are copied. */
struct hookline_manager_options {
    size_t size; /* sizeof(struct hookline_manager_options) */
    const char *socket_directory; /* default "/var/run/kubevirt-hooks" */
    size_t sidecars; /* how many to collect */
    int64_t timeout_ms; /* for collecting all; default 300000 */
    const char *annotation; /* its text, for each sidecar's timeoutSeconds and failurePolicy */
    const char *schema; /* path of libvirt's domain.rng, to check every domain against */
    const char *trace_directory; /* where to record every hop; see hook-manager(1) */
    void (*warn)(void *user, const char *message); /* one line; message is borrowed */
    void *user; /* of warn */
};

/* Creates a manager that has collected nothing yet. Fails when the annotation is wrong or the
 * schema cannot be read. The caller frees it. */
struct hookline_manager *hookline_manager_new(
    const struct hookline_manager_options *options, struct hookline_manager_error **error);

/* Closes all connections. NULL is allowed. */
void hookline_manager_free(struct hookline_manager *manager);

/* Waits until as many sidecars as expected have answered. Call it once, before the functions below;
 * call it again only after it failed. Returns 0 or -1; after a timeout, the error names the missing
 * sidecars. */
int hookline_manager_collect(
    struct hookline_manager *manager, struct hookline_manager_error **error);

/* A collected sidecar. */
struct hookline_manager_sidecar {
    const char *name; /* of its container: "hook-sidecar-0" */
    long index; /* the number at the end of the name; -1 if there is none */
    const char *socket; /* path */
    const char *version; /* of the hook protocol: "v1alpha3" */
};

/* The number of collected sidecars, and one of them, in index order. The strings are borrowed until
 * the next call with this manager. hookline_manager_sidecar_get returns 0, or -1 when position is
 * not below the count. */
size_t hookline_manager_sidecar_count(const struct hookline_manager *manager);
int hookline_manager_sidecar_get(const struct hookline_manager *manager, size_t position,
    struct hookline_manager_sidecar *sidecar);

/* Chains a libvirt domain XML through the sidecars that announce OnDefineDomain: by priority,
 * highest first, then by index. Elements that several of them have added side by side are merged
 * (hook-manager(1), CHECKS). vmi is the VirtualMachineInstance as JSON; NULL is "{}". *result
 * has *result_length bytes and a zero byte after them; result_length may be NULL. The caller frees
 * *result with free(3). Returns 0, or -1 with *result NULL. May be called any number of times. */
int hookline_manager_on_define_domain(struct hookline_manager *manager, const char *domain,
    size_t domain_length, const char *vmi, size_t vmi_length, char **result, size_t *result_length,
    struct hookline_manager_error **error);

/* Chains CloudInitData (JSON, as KubeVirt's launcher has it) through the sidecars that announce
 * PreCloudInitIso; otherwise as hookline_manager_on_define_domain. */
int hookline_manager_pre_cloud_init_iso(struct hookline_manager *manager, const char *data,
    size_t data_length, const char *vmi, size_t vmi_length, char **result, size_t *result_length,
    struct hookline_manager_error **error);

/* Tells all sidecars that announce Shutdown that the virtual machine has ended. A sidecar that is
 * gone is not an error. Returns 0, or -1 if some failed, after calling all of them. */
int hookline_manager_shutdown(
    struct hookline_manager *manager, struct hookline_manager_error **error);

/* Makes the running call, and every later one, fail with HOOKLINE_MANAGER_ERROR_INTERRUPTED. Any
 * thread may call it as long as no other frees the manager. */
void hookline_manager_interrupt(struct hookline_manager *manager);

#ifdef __cplusplus
}
#endif

#endif
