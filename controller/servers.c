#include "controller/servers.h"

#include <sys/resource.h>

#include "base/json.h"
#include "base/log.h"
#include "base/unused.h"
#include "http/server.h"

enum {
    OTHER_FILES = 256, /* open besides the connections to the webhooks, at most */
    LEAST_SHARE = 4, /* of all files are for these, however few there are */
};

static void on_client_ca(UNUSED void *user, const struct error *error)
{
    if (error != NULL)
        log_warning("%s; the previous client CA stays in use", error->message);
    else
        log_info("a new client CA is in use");
}

/* Returns how many of these connections fit into the limit of open files, which is raised. */
static int connections_within_limit(int connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return connections;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int fit = connections;
    while (fit > 0 && http_server_most_open((unsigned)fit) + OTHER_FILES > limit.rlim_max)
        fit--;
    if (fit == connections)
        return connections;
    if (limit.rlim_max < (rlim_t)2 * OTHER_FILES)
        fit = (int)limit.rlim_max / LEAST_SHARE;
    log_warning("%d connections to the webhooks at once instead of %d: only %llu files may be open",
        fit, connections, (unsigned long long)limit.rlim_max);
    return fit;
}

static int start_webhooks(struct controller_servers *servers,
    const struct controller_servers_options *options, struct error **err)
{
    const struct controller_settings *settings = options->settings;
    const struct tls_client_ca_options client_ca = {
        .path = settings->client_ca_file,
        .name = settings->client_name,
        .on_change = on_client_ca,
    };
    if (client_ca.path != NULL) {
        servers->client_ca = tls_client_ca_new(&client_ca, err);
        if (servers->client_ca == NULL)
            return -1;
    }
    const struct controller_webhook_options webhooks = {
        .listen = settings->webhook_listen,
        .threads = settings->webhook_threads,
        .connections = (unsigned)connections_within_limit(settings->webhook_connections),
        .certificates = options->certificates,
        .client_ca = servers->client_ca,
        .rules = options->rules,
        .complete = options->appliance != NULL ? controller_appliance_complete : NULL,
        .complete_user = options->appliance,
    };
    servers->webhooks = controller_server_webhooks(&webhooks, err);
    if (servers->webhooks == NULL)
        return -1;
    log_write(LOG_INFO, json_pack("{s:i}", "port", controller_server_port(servers->webhooks)),
        "serving the webhooks at %s", settings->webhook_listen);
    return 0;
}

int controller_servers_start(struct controller_servers *servers,
    const struct controller_servers_options *options, struct error **err)
{
    const struct controller_settings *settings = options->settings;
    if (settings->webhook_listen[0] != '\0' && start_webhooks(servers, options, err) < 0)
        return -1;
    if (settings->metrics_listen[0] != '\0') {
        servers->metrics =
            controller_server_metrics(settings->metrics_listen, &options->health, err);
        if (servers->metrics == NULL)
            return -1;
        log_write(LOG_INFO, json_pack("{s:i}", "port", controller_server_port(servers->metrics)),
            "serving metrics and health at %s", settings->metrics_listen);
    }
    if (settings->health_listen[0] != '\0') {
        servers->health = controller_server_health(settings->health_listen, &options->health, err);
        if (servers->health == NULL)
            return -1;
        log_write(LOG_INFO, json_pack("{s:i}", "port", controller_server_port(servers->health)),
            "serving health at %s", settings->health_listen);
    }
    return 0;
}

void controller_servers_clear(struct controller_servers *servers)
{
    controller_server_free(servers->webhooks);
    controller_server_free(servers->metrics);
    controller_server_free(servers->health);
    tls_client_ca_free(servers->client_ca);
}
