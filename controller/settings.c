#include "controller/settings.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annotations/launcher.h"
#include "annotations/render.h"
#include "annotations/sidecar.h"
#include "base/option_file.h"
#include "base/option_help.h"
#include "base/option_line.h"
#include "base/text.h"
#include "http/listener.h"

enum {
    DEFAULT_WEBHOOK_THREADS = 8, /* at most */
    MOST_WEBHOOK_THREADS = 64,
    MOST_WEBHOOK_CONNECTIONS = 65536,
    MOST_BURST = 100000,
    MOST_WORKERS = 1024,
};

#define LONGEST_VALIDITY_MS (10LL * 365 * 24 * 3600 * 1000)

static int parse_launcher(const char *text, void *member, struct error **err)
{
    return annotations_launcher_parse(text, member, err);
}

static int check_listen(const char *text, struct error **err)
{
    return text[0] != '\0' ? http_listener_check(text, err) : 0;
}

#define MEMBER(name) offsetof(struct controller_settings, name)

static const struct option_row rows[] = {
    {"help", OPTION_SWITCH, MEMBER(help), 'h', .no_key = true},
    {"version", OPTION_SWITCH, MEMBER(version), .no_key = true},

    {"config", OPTION_TEXT, MEMBER(config), .heading = "Kubernetes", .argument = "FILE",
        .is_path = true, .no_key = true,
        .help = "a YAML file with these settings; flags override it"},
    {"config-optional", OPTION_BOOLEAN, MEMBER(config_optional), .initial = "false", .no_key = true,
        .help = "continue without the file of --config if it does not exist"},
    {"kubeconfig", OPTION_TEXT, MEMBER(kubeconfig), .argument = "FILE", .is_path = true,
        .help = "how to reach the API server; default: $KUBECONFIG, else the pod's service "
                "account, else ~/.kube/config"},
    {"context", OPTION_TEXT, MEMBER(context), .argument = "NAME",
        .help = "the context of the kubeconfig; default: its current context"},
    {"namespace", OPTION_TEXT, MEMBER(namespace), .argument = "NAME", .variable = "POD_NAMESPACE",
        .help = "the namespace of the controller's own Secret, Lease and ConfigMaps; default: "
                "$POD_NAMESPACE, else that of the context or service account"},
    {"identity", OPTION_TEXT, MEMBER(identity), .argument = "NAME", .variable = "POD_NAME",
        .help = "the name of this replica in the Lease; default: $POD_NAME, else the host's name"},
    {"kube-qps", OPTION_RATE, MEMBER(kube_qps), .argument = "N", .initial = "1000",
        .help = "maximum number of requests per second to the API server"},
    {"kube-burst", OPTION_COUNT, MEMBER(kube_burst), .argument = "N", .initial = "2000", .least = 1,
        .most = MOST_BURST, .help = "maximum number of requests at once after a pause"},
    {"drain", OPTION_DURATION, MEMBER(drain_ms), .argument = "TIME", .initial = "10s",
        .help = "how long SIGTERM waits for requests in progress"},

    {"webhook-listen", OPTION_TEXT_OR_EMPTY, MEMBER(webhook_listen), .heading = "Webhooks",
        .argument = "[ADDRESS]:PORT", .initial = ":9443", .check = check_listen,
        .help = "where to serve the webhooks, over TLS; empty: nowhere"},
    {"webhook-threads", OPTION_COUNT, MEMBER(webhook_threads), .argument = "N", .least = 1,
        .most = MOST_WEBHOOK_THREADS,
        .help = "number of threads that serve them; default: one per CPU, at most 8"},
    {"webhook-connections", OPTION_COUNT, MEMBER(webhook_connections), .argument = "N",
        .initial = "1024", .least = 1, .most = MOST_WEBHOOK_CONNECTIONS,
        .help = "maximum number of connections to them at once, and from one address a quarter of "
                "that"},
    {"tls-certificate", OPTION_TEXT, MEMBER(tls_certificate), .argument = "FILE", .is_path = true,
        .help = "the webhooks' certificate chain in PEM, reloaded when it changes"},
    {"tls-key", OPTION_TEXT, MEMBER(tls_key), .argument = "FILE", .is_path = true,
        .help = "its private key"},
    {"client-ca-file", OPTION_TEXT, MEMBER(client_ca_file), .argument = "FILE", .is_path = true,
        .help = "CA certificates in PEM, reloaded when they change: clients of the webhooks must "
                "show a certificate that one of them signed; default: clients need none"},
    {"client-name", OPTION_TEXT, MEMBER(client_name), .argument = "NAME",
        .help = "the common name or DNS name in that certificate; default: any"},
    {"self-signed", OPTION_BOOLEAN, MEMBER(self_signed), .initial = "false",
        .help = "instead of both: create a CA and a certificate, keep them in a Secret, renew "
                "them, and keep caBundle in the webhook configurations up to date"},
    {"certificate-secret", OPTION_TEXT, MEMBER(certificate_secret), .argument = "NAME",
        .initial = "hookline-webhook-certificate", .help = "the Secret of --self-signed"},
    {"certificate-validity", OPTION_DURATION, MEMBER(certificate_validity_ms), .argument = "TIME",
        .initial = "2160h", .least = 1000, .most = LONGEST_VALIDITY_MS,
        .example = "2160h for 90 days", .help = "how long a certificate of --self-signed is valid"},
    {"webhook-service", OPTION_TEXT, MEMBER(webhook_service), .argument = "NAME",
        .initial = "hookline-webhook",
        .help = "the webhooks' Service, for the names in the certificate"},
    {"webhook-configuration", OPTION_TEXT, MEMBER(webhook_configuration), .argument = "NAME",
        .initial = "hookline", .help = "the name of both webhook configurations"},
    {"print-webhooks", OPTION_TEXT, MEMBER(print_webhooks), .argument = "VERSION", .no_key = true,
        .help = "print the webhook configurations for this version of Kubernetes and exit; uses "
                "--annotation-key, --namespace, --webhook-service and --webhook-configuration"},
    {"metrics-listen", OPTION_TEXT_OR_EMPTY, MEMBER(metrics_listen), .argument = "[ADDRESS]:PORT",
        .initial = ":8080", .check = check_listen,
        .help = "where to serve /metrics, /healthz and /readyz, over HTTP; empty: nowhere"},
    {"health-listen", OPTION_TEXT_OR_EMPTY, MEMBER(health_listen), .argument = "[ADDRESS]:PORT",
        .initial = "", .check = check_listen,
        .help = "where to serve /healthz and /readyz besides, apart from clients that read "
                "metrics; empty: nowhere"},

    {"policy-config-map", OPTION_TEXT_OR_EMPTY, MEMBER(policy_config_map),
        .heading = "Hook sidecars", .argument = "NAME", .initial = "hookline-policy",
        .help = "the ConfigMap with the policy, as policy.yaml; empty: no policy, everything is "
                "allowed"},
    {"policy-file", OPTION_TEXT, MEMBER(policy_file), .argument = "FILE", .is_path = true,
        .help = "a file with the policy, instead of the ConfigMap"},
    {"annotation-key", OPTION_TEXT, MEMBER(annotation_key), .argument = "KEY",
        .help = "the only annotation to read; default: " ANNOTATIONS_KEY_KUBEVIRT
                " or " ANNOTATIONS_KEY_HOOKLINE},
    {"strict", OPTION_BOOLEAN, MEMBER(strict), .initial = "false",
        .help = "deny annotations with unknown fields"},
    {"launcher", OPTION_PARSED, MEMBER(launcher), .argument = "auto|builtin|plugin|standalone",
        .initial = "auto", .parse = parse_launcher,
        .help = "who calls the hooks in a launcher pod; auto: detected from the pod"},
    {"shim-image", OPTION_TEXT, MEMBER(shim_image), .argument = "IMAGE",
        .initial = ANNOTATIONS_SHIM_IMAGE, .help = "the image of sidecars that do not name one"},
    {"manager-image", OPTION_TEXT, MEMBER(manager_image), .argument = "IMAGE",
        .initial = ANNOTATIONS_MANAGER_IMAGE,
        .help = "the image of the manager for a plugin launcher"},

    {"launch", OPTION_BOOLEAN, MEMBER(launch), .heading = "Launch", .initial = "true",
        .help = "create launcher pods for VMIs labelled hookline.dev/launch=true"},
    {"launch-workers", OPTION_COUNT, MEMBER(launch_workers), .argument = "N", .initial = "16",
        .least = 1, .most = MOST_WORKERS, .help = "how many VMIs are reconciled at once"},
    {"launcher-image", OPTION_TEXT, MEMBER(launcher_image), .argument = "IMAGE",
        .initial = CONTROLLER_LAUNCHER_IMAGE,
        .help = "the image of compute, if the pod template does not name one"},
    {"pod-template-config-map", OPTION_TEXT_OR_EMPTY, MEMBER(pod_template_config_map),
        .argument = "NAME", .initial = "hookline-launcher-template",
        .help = "the ConfigMap with the template of launcher pods, as template.yaml; without it, "
                "the built-in template is used"},

    {"appliances", OPTION_BOOLEAN, MEMBER(appliances), .heading = "Appliances", .initial = "false",
        .help = "complete VMs that have the annotation appliance.kubevirt.io/from, and create "
                "their Secrets; needs KubeVirt and CDI"},
    {"appliance-key-secret", OPTION_TEXT, MEMBER(appliance_key_secret), .argument = "NAME",
        .initial = "hookline-appliance-key",
        .help = "the Secret with the key of --appliances, created if it does not exist"},

    {"leader-elect", OPTION_BOOLEAN, MEMBER(leader_elect), .heading = "Leader election",
        .initial = "true",
        .help = "elect one replica to launch and to create Secrets; without it, run a single "
                "replica"},
    {"lease-name", OPTION_TEXT, MEMBER(lease_name), .argument = "NAME",
        .initial = "hookline-controller", .help = "the Lease that the leader holds"},
    {"lease-duration", OPTION_DURATION, MEMBER(lease_duration_ms), .argument = "TIME",
        .initial = "15s", .help = "how long the other replicas wait for a silent leader"},
    {"lease-renew-deadline", OPTION_DURATION, MEMBER(lease_renew_deadline_ms), .argument = "TIME",
        .initial = "10s", .help = "how long a leader tries to renew the Lease before it gives up"},
    {"lease-retry", OPTION_DURATION, MEMBER(lease_retry_ms), .argument = "TIME", .initial = "2s",
        .help = "time between two tries"},

    {"log-format", OPTION_PARSED, MEMBER(log_format), .heading = "Log", .argument = "text|json",
        .initial = "json", .parse = option_parse_log_format, .help = "how log lines look"},
    {"log-level", OPTION_PARSED, MEMBER(log_level), .argument = "debug|info|warning|error",
        .initial = "info", .parse = option_parse_log_level, .help = "lowest level that is logged"},
};

const struct option_table controller_settings_table = {.rows = rows, .count = ARRAY_SIZE(rows)};

/* Applies the file first, then the flags, which override it. */
static int apply(
    struct controller_settings *settings, const struct option_line *line, struct error **err)
{
    static const struct option_file_kind kind = {
        "hookline.dev/v1alpha1", "HookControllerConfiguration"};
    const char *path = option_line_value(line, "config");
    const char *optional = option_line_value(line, "config-optional");
    bool may_be_missing = optional != NULL && streq(optional, "true");
    if (path != NULL && !(may_be_missing && access(path, F_OK) != 0 && errno == ENOENT) &&
        option_file_read(&controller_settings_table, &kind, path, settings, err) < 0)
        return -1;
    return option_line_apply(&controller_settings_table, line, settings, err);
}

static int count_threads(void)
{
    cpu_set_t cpus;
    int count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return count < DEFAULT_WEBHOOK_THREADS ? count : DEFAULT_WEBHOOK_THREADS;
}

/* Fills in the defaults that depend on the host and on other settings. */
static void fill_in(struct controller_settings *settings)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    if (settings->identity == NULL)
        settings->identity = xstrdup(host);
    if (settings->webhook_threads == 0)
        settings->webhook_threads = count_threads();
    if (settings->policy_file != NULL)
        xstrset(&settings->policy_config_map, "");
}

/* Checks that the settings fit together. */
static int check(const struct controller_settings *settings, struct error **err)
{
    bool has_files = settings->tls_certificate != NULL || settings->tls_key != NULL;
    if ((settings->tls_certificate != NULL) != (settings->tls_key != NULL))
        return error_set(err, ERROR_USAGE,
            "--tls-certificate and --tls-key belong together: --%s is missing",
            settings->tls_key == NULL ? "tls-key" : "tls-certificate");
    if (has_files && settings->self_signed)
        return error_set(err, ERROR_USAGE,
            "--self-signed and --tls-certificate are both set: use only one of them");
    if (settings->webhook_listen[0] != '\0' && !has_files && !settings->self_signed &&
        settings->print_webhooks == NULL)
        return error_set(err, ERROR_USAGE,
            "the webhooks need a certificate: --tls-certificate FILE and --tls-key FILE, or "
            "--self-signed; or no webhooks: --webhook-listen=");
    if (settings->client_name != NULL && settings->client_ca_file == NULL)
        return error_set(err, ERROR_USAGE, "--client-name needs --client-ca-file");
    if (settings->lease_renew_deadline_ms >= settings->lease_duration_ms)
        return error_set(err, ERROR_USAGE,
            "--lease-renew-deadline must be shorter than --lease-duration, or two replicas could "
            "lead");
    if (settings->lease_retry_ms >= settings->lease_renew_deadline_ms)
        return error_set(err, ERROR_USAGE,
            "--lease-retry must be shorter than --lease-renew-deadline, or the leader never tries "
            "again");
    return 0;
}

static int take(struct controller_settings *settings, const struct option_line *line,
    const char *operand, struct error **err)
{
    settings->help = option_line_value(line, "help") != NULL;
    settings->version = option_line_value(line, "version") != NULL;
    if (settings->help || settings->version)
        return 0;
    if (operand != NULL)
        return error_set(err, ERROR_USAGE,
            "unexpected argument \"%s\" (a switch is set as in --launch=false)", operand);
    if (apply(settings, line, err) < 0)
        return -1;
    fill_in(settings);
    return check(settings, err);
}

int controller_settings_parse(
    struct controller_settings *settings, int argc, char **argv, struct error **err)
{
    struct option_line line;
    *settings = (struct controller_settings){0};
    option_set_defaults(&controller_settings_table, settings);
    int result = option_line_read(&controller_settings_table, argc, argv, NULL, &line, err);
    if (result == 0)
        result = take(settings, &line, argv[line.operands], err);
    option_line_clear(&line);
    return result;
}

void controller_settings_clear(struct controller_settings *settings)
{
    option_clear(&controller_settings_table, settings);
}

void controller_settings_help(FILE *out)
{
    static const struct option_help_style style = {.column = 34, .width = 96, .defaults = true};
    fprintf(out, "Usage: hook-controller [FLAGS]\n\n"
                 "Adds hook sidecars to the launcher pods of virtual machines, validates their\n"
                 "annotations, and launches virtual machines. Each flag except --config, "
                 "--config-optional and\n"
                 "--print-webhooks is also a key of the configuration file, in camel case:\n"
                 "--webhook-listen is webhookListen.\n");
    option_help_write(out, &controller_settings_table, &style);
    fprintf(out, "\n  -h, --help\n      --version\n");
}
