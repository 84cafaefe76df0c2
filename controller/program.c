#include "controller/program.h"

#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/appliance.h"
#include "controller/caches.h"
#include "controller/configuration.h"
#include "controller/drain.h"
#include "controller/launch/launch.h"
#include "controller/metrics.h"
#include "controller/servers.h"
#include "controller/certificates/self_signed.h"
#include "controller/webhook/webhooks.h"
#include "kube/config_load.h"
#include "kube/lease.h"
#include "tls/certificate_files.h"

/* Parts that the settings do not ask for are NULL. */
struct program {
    const struct controller_settings *settings;
    struct kube_config *config; /* of the API server, or NULL: none */
    const char *namespace; /* the controller's own; borrowed */
    char *identity;
    struct kube_client *client;
    struct kube_events *events;
    struct controller_configuration *configuration;
    struct controller_launch *launch;
    struct controller_appliance *appliance;
    struct controller_caches *caches;
    struct kube_lease *lease;
    struct tls_certificate_store *certificates; /* of the webhooks */
    struct controller_rules_store *rules; /* of the webhooks */
    struct tls_certificate_files *certificate_files;
    struct controller_self_signed *self_signed;
    bool certificate_ready;
    bool synced; /* the caches were synced once */
    char *complaints[2]; /* about each webhook configuration, or NULL; owned */
    struct controller_servers servers;
    struct controller_drain *drain; /* not NULL: shutting down */
    bool leads; /* holds the lease, or needs none */
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The holder of the lease starts to lead when its caches and configuration are loaded. */
static void follow_leadership(struct program *program)
{
    if (program->caches == NULL)
        return;
    bool begins = program->leads && program->drain == NULL &&
                  controller_caches_synced(program->caches) &&
                  controller_configuration_loaded(program->configuration);
    controller_caches_lead(program->caches, begins);
    if (program->launch != NULL)
        controller_launch_lead(program->launch, begins);
    if (program->appliance != NULL)
        controller_appliance_lead(program->appliance, begins);
}

static void on_acquired(void *user)
{
    struct program *program = user;
    program->leads = true;
    log_info("this replica leads");
    follow_leadership(program);
}

static void on_lost(void *user)
{
    struct program *program = user;
    program->leads = false;
    log_warning("this replica no longer leads");
    follow_leadership(program);
}

static void on_leader(void *user, const char *identity)
{
    const struct program *program = user;
    if (!streq(identity, program->identity))
        log_write(LOG_INFO, json_pack("{s:s}", "leader", identity), "another replica leads");
}

/* Stands for election once all has been read that a leader needs: a replica whose lists do not come
 * must not keep the Lease from one whose lists do. */
static void stand_for_election(struct program *program)
{
    const struct controller_settings *settings = program->settings;
    if (program->lease != NULL || program->leads || program->drain != NULL ||
        program->caches == NULL || !controller_caches_loaded(program->caches) ||
        !controller_configuration_loaded(program->configuration))
        return;
    if (!settings->leader_elect) {
        program->leads = true;
        follow_leadership(program);
        return;
    }
    /* a restarted container of the same pod is another candidate */
    program->identity = xasprintf("%s_%08x", settings->identity, arc4random());
    const struct kube_lease_options options = {
        .namespace = program->namespace,
        .name = settings->lease_name,
        .identity = program->identity,
        .duration_ms = settings->lease_duration_ms,
        .renew_deadline_ms = settings->lease_renew_deadline_ms,
        .retry_ms = settings->lease_retry_ms,
        .on_acquired = on_acquired,
        .on_lost = on_lost,
        .on_leader = on_leader,
        .user = program,
    };
    program->lease = kube_lease_new(program->client, &options);
}

static void on_synced(void *user)
{
    struct program *program = user;
    follow_leadership(program);
    stand_for_election(program);
    if (!controller_caches_synced(program->caches) || program->synced)
        return;
    program->synced = true;
    struct controller_caches_figures figures = controller_caches_figures(program->caches);
    log_write(LOG_INFO,
        json_pack(
            "{s:I, s:I}", "vmis", (json_int_t)figures.machines, "pods", (json_int_t)figures.pods),
        "the caches are synced");
}

static void on_certificate(void *user)
{
    struct program *program = user;
    program->certificate_ready = true;
}

static void on_certificate_files(void *user, const struct error *error)
{
    const struct program *program = user;
    if (error != NULL)
        log_warning("%s; the previous certificate stays in use", error->message);
    else
        log_info("%s: a new certificate is in use", program->settings->tls_certificate);
}

static void on_configuration(void *user)
{
    struct program *program = user;
    if (program->launch != NULL)
        controller_launch_rules_changed(program->launch);
    follow_leadership(program);
    stand_for_election(program);
}

static const struct hostpath_policy *policy_now(void *user)
{
    const struct program *program = user;
    return controller_configuration_policy(program->configuration);
}

static const json_t *template_now(void *user, const char **fault)
{
    const struct program *program = user;
    return controller_configuration_template(program->configuration, fault);
}

/* Whether the webhooks can judge. They need no list of objects, so that nobody who can make a list
 * fail, or long, can take them out of their Service. */
static bool is_ready(void *user, const char **why_not)
{
    const struct program *program = user;
    const char *obstacle =
        program->caches != NULL ? controller_caches_obstacle(program->caches) : NULL;
    if (program->drain != NULL)
        *why_not = "shutting down";
    else if (program->servers.webhooks != NULL && !program->certificate_ready)
        *why_not = "there is no certificate yet";
    else if (!controller_configuration_loaded(program->configuration))
        *why_not = "the policy and the pod template have not been read yet";
    else if (obstacle != NULL)
        *why_not = obstacle;
    else
        return true;
    return false;
}

static double certificate_expiry(const struct program *program)
{
    struct tls_certificate *certificate = tls_certificate_store_current(program->certificates);
    if (certificate == NULL)
        return 0;
    double expiry = (double)tls_certificate_expiry(certificate);
    tls_certificate_unref(certificate);
    return expiry;
}

static char *metrics_page(void *user)
{
    const struct program *program = user;
    struct controller_metrics_now now = {
        .leader = program->leads && program->drain == NULL,
        .certificate_expiry = certificate_expiry(program),
    };
    if (program->caches != NULL) {
        struct controller_caches_figures caches = controller_caches_figures(program->caches);
        now.watch_restarts = caches.restarts;
        now.cached_machines = caches.machines;
        now.cached_pods = caches.pods;
    }
    if (program->appliance != NULL)
        now.watch_restarts += controller_appliance_figures(program->appliance).restarts;
    if (program->launch != NULL) {
        struct kube_queue_figures queue =
            kube_queue_figures(controller_launch_queue(program->launch));
        now.queue_depth = queue.depth;
        now.queue_delayed = queue.delayed;
        now.queue_working = queue.working;
        now.queue_retries = queue.retried;
    }
    return controller_metrics_text(&now);
}

static void observe_api(UNUSED void *user, const char *verb, int code, double seconds)
{
    controller_metrics_api(verb, code, seconds);
}

static void observe_queue(UNUSED void *user, double waited, double worked)
{
    controller_metrics_queue(waited, worked);
}

static void warn(UNUSED void *user, const char *message)
{
    log_warning("%s", message);
}

/* Without an API server the webhooks still work, if the settings ask for nothing else. */
static bool needs_api(const struct controller_settings *settings)
{
    bool policy_by_api = settings->policy_file == NULL && is_set(settings->policy_config_map);
    bool self_signed = settings->self_signed && is_set(settings->webhook_listen);
    return settings->launch || settings->appliances || settings->leader_elect || self_signed ||
           policy_by_api;
}

static int start_client(struct program *program, struct error **err)
{
    const struct controller_settings *settings = program->settings;
    const struct kube_config_options where = {
        .kubeconfig = settings->kubeconfig,
        .context = settings->context,
        .namespace = settings->namespace,
    };
    const struct kube_client_options how = {
        .user_agent = "hook-controller/" HOOKLINE_VERSION,
        .qps = settings->kube_qps,
        .burst = settings->kube_burst,
        .observe = observe_api,
        .warn = warn,
    };
    struct error *error = NULL;
    program->config = kube_config_load(&where, &error);
    if (program->config == NULL && (needs_api(settings) || settings->kubeconfig != NULL))
        return error_move(err, error);
    if (program->config == NULL) {
        log_info("running without an API server: no Events about sidecars (%s)", error->message);
        error_free(error);
        return 0;
    }
    program->client = kube_client_new(program->config, &how, err);
    if (program->client == NULL)
        return -1;
    log_write(LOG_INFO, json_pack("{s:s}", "server", program->config->server),
        "using the API server of %s", program->config->origin);
    program->namespace = text_or(settings->namespace, program->config->namespace);
    const struct kube_events_options events = {
        .component = "hook-controller",
        .instance = settings->identity,
    };
    program->events = kube_events_new(program->client, &events);
    return 0;
}

static int start_configuration(struct program *program, struct error **err)
{
    const struct controller_configuration_options options = {
        .settings = program->settings,
        .client = program->client,
        .namespace = program->namespace,
        .rules = program->rules,
        .on_change = on_configuration,
        .user = program,
    };
    program->configuration = controller_configuration_new(&options, err);
    return program->configuration == NULL ? -1 : 0;
}

/* Logs what is wrong with a webhook configuration, once until it changes. */
static void on_webhooks(void *user, const json_t *configuration)
{
    struct program *program = user;
    const char *kind = text_or(json_get_string(configuration, "kind"), "");
    char **said = &program->complaints[streq(kind, "MutatingWebhookConfiguration")];
    auto_free char *complaint =
        controller_webhooks_complaint(configuration, program->settings->annotation_key);
    if (complaint != NULL && (*said == NULL || !streq(*said, complaint)))
        log_warning("%s %s: %s", kind, kube_name(configuration), complaint);
    xstrset(said, complaint);
}

static int start_certificate(struct program *program, struct error **err)
{
    const struct controller_settings *settings = program->settings;
    if (!settings->self_signed) {
        const struct tls_certificate_files_options options = {
            .certificate_path = settings->tls_certificate,
            .key_path = settings->tls_key,
            .store = program->certificates,
            .on_change = on_certificate_files,
            .user = program,
        };
        program->certificate_files = tls_certificate_files_new(&options, err);
        program->certificate_ready = program->certificate_files != NULL;
        return program->certificate_ready ? 0 : -1;
    }
    const struct controller_self_signed_options options = {
        .namespace = program->namespace,
        .secret = settings->certificate_secret,
        .service = settings->webhook_service,
        .webhook_configuration = settings->webhook_configuration,
        .validity_ms = settings->certificate_validity_ms,
        .store = program->certificates,
        .on_ready = on_certificate,
        .on_configuration = on_webhooks,
        .user = program,
    };
    program->self_signed = controller_self_signed_new(program->client, &options);
    return 0;
}

static int start_servers(struct program *program, struct error **err)
{
    const struct controller_servers_options options = {
        .settings = program->settings,
        .certificates = program->certificates,
        .rules = program->rules,
        .appliance = program->appliance,
        .health = {metrics_page, is_ready, program},
    };
    if (is_set(program->settings->webhook_listen) && start_certificate(program, err) < 0)
        return -1;
    return controller_servers_start(&program->servers, &options, err);
}

static void start_caches(struct program *program)
{
    const struct controller_launch_options launch = {
        .client = program->client,
        .events = program->events,
        .settings = program->settings,
        .policy = policy_now,
        .pod_template = template_now,
        .user = program,
    };
    if (program->settings->launch) {
        program->launch = controller_launch_new(&launch);
        kube_queue_observe(controller_launch_queue(program->launch), observe_queue, program);
    }
    const struct controller_caches_options caches = {
        .client = program->client,
        .events = program->events,
        .launch = program->launch,
        .annotation_key = program->settings->annotation_key,
        .on_synced = on_synced,
        .user = program,
    };
    program->caches = controller_caches_new(&caches);
}

static void start_appliance(struct program *program)
{
    const struct controller_appliance_options options = {
        .client = program->client,
        .events = program->events,
        .namespace = program->namespace,
        .key_secret = program->settings->appliance_key_secret,
        .verified = program->settings->client_ca_file != NULL,
    };
    if (program->settings->appliances)
        program->appliance = controller_appliance_new(&options);
}

static int start(struct program *program, struct error **err)
{
    program->certificates = tls_certificate_store_new();
    program->rules = controller_rules_store_new();
    if (start_client(program, err) < 0 || start_configuration(program, err) < 0)
        return -1;
    start_appliance(program);
    if (start_servers(program, err) < 0)
        return -1;
    if (program->client == NULL)
        return 0;
    start_caches(program);
    return 0;
}

static void stop(struct program *program)
{
    controller_drain_free(program->drain);
    controller_servers_clear(&program->servers);
    kube_lease_free(program->lease);
    controller_appliance_free(program->appliance);
    controller_caches_free(program->caches);
    controller_launch_free(program->launch);
    controller_configuration_free(program->configuration);
    if (program->self_signed != NULL)
        controller_self_signed_free(program->self_signed);
    tls_certificate_files_free(program->certificate_files);
    tls_certificate_store_free(program->certificates);
    controller_rules_store_free(program->rules);
    kube_events_free(program->events);
    kube_client_free(program->client);
    kube_config_free(program->config);
    free(program->identity);
    free(program->complaints[0]);
    free(program->complaints[1]);
}

static void on_drained(UNUSED void *user)
{
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* The first signal drains; the second ends the program at once. */
static void on_signal(struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct program *program = watcher->data;
    if (program->drain != NULL) {
        ev_break(loop, EVBREAK_ALL);
        return;
    }
    const struct controller_drain_options options = {
        .webhooks = program->servers.webhooks,
        .lease = program->lease,
        .limit_ms = program->settings->drain_ms,
        .on_drained = on_drained,
        .user = program,
    };
    log_info("shutting down: signal %d", watcher->signum);
    program->drain = controller_drain_new(&options);
    follow_leadership(program);
}

int controller_program_run(const struct controller_settings *settings, struct error **err)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct program program = {.settings = settings};
    ev_signal watchers[ARRAY_SIZE(numbers)];
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        ev_signal_init(&watchers[i], on_signal, numbers[i]);
        watchers[i].data = &program;
        ev_signal_start(loop, &watchers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    int status = start(&program, err);
    if (status == 0)
        ev_run(loop, 0);
    stop(&program);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        ev_signal_stop(loop, &watchers[i]);
    return status;
}
