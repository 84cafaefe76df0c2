#include "manager/hookline.h"

#include <stdlib.h>
#include <string.h>

#include "annotations/parse.h"
#include "base/finding.h"
#include "domain/schema.h"
#include "manager/blocking.h"

enum { COLLECT_TIMEOUT_MS = 300 * 1000 };

struct hookline_manager {
    char *socket_directory;
    char *trace_directory;
    struct annotations_list *list;
    struct domain_schema *schema;
    void (*warn)(void *user, const char *message);
    void *user;
    struct manager_blocking *blocking;
};

struct hookline_manager_error {
    struct error *inner;
};

/* Wraps an error in its public type. Returns -1. */
static int hand_out(struct error *take_error, struct hookline_manager_error **error)
{
    if (error == NULL) {
        error_free(take_error);
        return -1;
    }
    struct hookline_manager_error *public = xmalloc(sizeof(*public));
    public->inner = take_error;
    *error = public;
    return -1;
}

const char *hookline_manager_error_message(const struct hookline_manager_error *error)
{
    return error != NULL ? error->inner->message : "";
}

enum hookline_manager_error_kind hookline_manager_error_kind(
    const struct hookline_manager_error *error)
{
    switch (error->inner->class) {
    case ERROR_USAGE:
    case ERROR_INPUT:
    case ERROR_POLICY:
        return HOOKLINE_MANAGER_ERROR_INPUT;
    case ERROR_IO:
        return HOOKLINE_MANAGER_ERROR_IO;
    case ERROR_REMOTE:
        return HOOKLINE_MANAGER_ERROR_SIDECAR;
    case ERROR_TIMEOUT:
        return HOOKLINE_MANAGER_ERROR_TIMEOUT;
    case ERROR_CANCELED:
        return HOOKLINE_MANAGER_ERROR_INTERRUPTED;
    case ERROR_INTERNAL:
        break;
    }
    return HOOKLINE_MANAGER_ERROR_INTERNAL;
}

void hookline_manager_error_free(struct hookline_manager_error *error)
{
    if (error == NULL)
        return;
    error_free(error->inner);
    free(error);
}

static void on_event(void *user, const struct manager_event *event)
{
    const struct hookline_manager *manager = user;
    if (manager->warn != NULL && (event->kind == MANAGER_EVENT_WARNING || event->ignored))
        manager->warn(manager->user, event->error->message);
}

/* Parses the annotation: reports its warnings, and sets its first error. */
static int read_annotation(struct hookline_manager *manager, const char *text, struct error **err)
{
    struct findings findings = {0};
    manager->list = annotations_parse(text, strlen(text), NULL, &findings);
    int result = 0;
    for (size_t i = 0; i < findings.count && result == 0; i++) {
        const struct finding *finding = &findings.items[i];
        auto_free char *what = finding_text(finding);
        auto_free char *message = xasprintf("the annotation: %s", what);
        if (finding->severity == FINDING_ERROR)
            result = error_set(err, ERROR_INPUT, "%s", message);
        else if (manager->warn != NULL)
            manager->warn(manager->user, message);
    }
    findings_clear(&findings);
    return result;
}

static int set_up(struct hookline_manager *manager, const struct hookline_manager_options *options,
    struct error **err)
{
    if (options->size != sizeof(*options))
        return error_set(err, ERROR_INPUT, "options.size is %zu, and must be %zu", options->size,
            sizeof(*options));
    if (options->annotation != NULL && read_annotation(manager, options->annotation, err) < 0)
        return -1;
    if (options->schema != NULL) {
        manager->schema = domain_schema_load(options->schema, err);
        if (manager->schema == NULL)
            return -1;
    }
    const struct manager_options inner = {
        .directory = manager->socket_directory,
        .sidecars = options->sidecars,
        .timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : COLLECT_TIMEOUT_MS,
        .list = manager->list,
        .schema = manager->schema,
        .trace_directory = manager->trace_directory,
        .observer = on_event,
        .user = manager,
    };
    manager->blocking = manager_blocking_new(&inner, err);
    return manager->blocking != NULL ? 0 : -1;
}

struct hookline_manager *hookline_manager_new(
    const struct hookline_manager_options *options, struct hookline_manager_error **error)
{
    struct hookline_manager *manager = xcalloc(1, sizeof(*manager));
    struct error *inner = NULL;
    manager->warn = options->warn;
    manager->user = options->user;
    xstrset(&manager->socket_directory, options->socket_directory);
    xstrset(&manager->trace_directory, options->trace_directory);
    if (set_up(manager, options, &inner) == 0)
        return manager;
    hookline_manager_free(manager);
    hand_out(inner, error);
    return NULL;
}

void hookline_manager_free(struct hookline_manager *manager)
{
    if (manager == NULL)
        return;
    manager_blocking_free(manager->blocking);
    domain_schema_free(manager->schema);
    annotations_list_free(manager->list);
    free(manager->socket_directory);
    free(manager->trace_directory);
    free(manager);
}

int hookline_manager_collect(
    struct hookline_manager *manager, struct hookline_manager_error **error)
{
    struct error *inner = NULL;
    if (manager_blocking_collect(manager->blocking, &inner) == 0)
        return 0;
    return hand_out(inner, error);
}

size_t hookline_manager_sidecar_count(const struct hookline_manager *manager)
{
    size_t count = 0;
    manager_sidecars(manager_blocking_manager(manager->blocking), &count);
    return count;
}

int hookline_manager_sidecar_get(const struct hookline_manager *manager, size_t position,
    struct hookline_manager_sidecar *sidecar)
{
    size_t count = 0;
    const struct manager_sidecar *sidecars =
        manager_sidecars(manager_blocking_manager(manager->blocking), &count);
    if (position >= count)
        return -1;
    *sidecar = (struct hookline_manager_sidecar){
        .name = sidecars[position].name,
        .index = sidecars[position].index,
        .socket = sidecars[position].socket,
        .version = sidecars[position].version,
    };
    return 0;
}

static int chain(struct hookline_manager *manager, enum hooks_point hook, struct bytes document,
    struct bytes vmi, char **result, size_t *result_length, struct hookline_manager_error **error)
{
    struct error *inner = NULL;
    auto_free char *output = NULL;
    size_t output_length = 0;
    *result = NULL;
    if (manager_blocking_chain(manager->blocking, hook, document,
            vmi.data != NULL ? vmi : bytes_of("{}"), &output, &output_length, &inner) < 0)
        return hand_out(inner, error);
    *result = xmalloc(output_length + 1);
    memcpy(*result, output, output_length);
    (*result)[output_length] = '\0';
    if (result_length != NULL)
        *result_length = output_length;
    return 0;
}

int hookline_manager_on_define_domain(struct hookline_manager *manager, const char *domain,
    size_t domain_length, const char *vmi, size_t vmi_length, char **result, size_t *result_length,
    struct hookline_manager_error **error)
{
    return chain(manager, HOOKS_ON_DEFINE_DOMAIN, (struct bytes){domain, domain_length},
        (struct bytes){vmi, vmi_length}, result, result_length, error);
}

int hookline_manager_pre_cloud_init_iso(struct hookline_manager *manager, const char *data,
    size_t data_length, const char *vmi, size_t vmi_length, char **result, size_t *result_length,
    struct hookline_manager_error **error)
{
    return chain(manager, HOOKS_PRE_CLOUD_INIT_ISO, (struct bytes){data, data_length},
        (struct bytes){vmi, vmi_length}, result, result_length, error);
}

int hookline_manager_shutdown(
    struct hookline_manager *manager, struct hookline_manager_error **error)
{
    struct error *inner = NULL;
    if (manager_blocking_shutdown(manager->blocking, &inner) == 0)
        return 0;
    return hand_out(inner, error);
}

void hookline_manager_interrupt(struct hookline_manager *manager)
{
    manager_blocking_interrupt(manager->blocking);
}
