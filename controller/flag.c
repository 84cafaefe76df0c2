#include "controller/flag.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/launcher.h"
#include "annotations/render.h"
#include "annotations/sidecar.h"
#include "base/flag.h"
#include "base/text.h"
#include "http/listener.h"

enum {
    MOST_WEBHOOK_THREADS = 64,
    MOST_BURST = 100000,
    MOST_WORKERS = 1024,
};

static const int64_t longest_wait_ms = 24LL * 3600 * 1000;
static const int64_t longest_validity_ms = 10LL * 365 * 24 * 3600 * 1000;

#define MEMBER(name) offsetof(struct controller_settings, name)

const struct controller_flag controller_flags[] = {
    {"Kubernetes", "config", "FILE", CONTROLLER_FLAG_TEXT, MEMBER(config), .no_key = true,
        .help = "a file with these settings, in YAML; what a flag says wins"},
    {NULL, "config-optional", NULL, CONTROLLER_FLAG_SWITCH, MEMBER(config_optional), "false",
        .no_key = true, .help = "go on without the file of --config where it is missing"},
    {NULL, "kubeconfig", "FILE", CONTROLLER_FLAG_TEXT, MEMBER(kubeconfig),
        .help = "how to reach the API server; default: $KUBECONFIG, else the pod's service "
                "account, else ~/.kube/config"},
    {NULL, "context", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(context),
        .help = "the context of the kubeconfig; default: its current one"},
    {NULL, "namespace", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(namespace),
        .help = "where the controller's own Secret, Lease and ConfigMaps are; default: "
                "$POD_NAMESPACE, else that of the context or service account"},
    {NULL, "identity", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(identity),
        .help = "what this replica is called in the Lease; default: $POD_NAME, else the host's "
                "name"},
    {NULL, "kube-qps", "N", CONTROLLER_FLAG_RATE, MEMBER(kube_qps), "1000",
        .help = "requests a second to the API server, at most"},
    {NULL, "kube-burst", "N", CONTROLLER_FLAG_COUNT, MEMBER(kube_burst), "2000", MOST_BURST,
        .help = "how many of them at once after a pause"},
    {NULL, "drain", "TIME", CONTROLLER_FLAG_DURATION, MEMBER(drain_ms), "10s",
        .help = "how long SIGTERM waits for what is under way"},

    {"Webhooks", "webhook-listen", "[ADDRESS]:PORT", CONTROLLER_FLAG_LISTEN, MEMBER(webhook_listen),
        ":9443", .help = "where the webhooks are served, over TLS; empty: nowhere"},
    {NULL, "webhook-threads", "N", CONTROLLER_FLAG_COUNT, MEMBER(webhook_threads), NULL,
        MOST_WEBHOOK_THREADS,
        .help = "how many threads serve them; default: as many as CPUs, at most 8"},
    {NULL, "tls-certificate", "FILE", CONTROLLER_FLAG_TEXT, MEMBER(tls_certificate),
        .help = "the webhooks' certificate chain in PEM, read again when it changes"},
    {NULL, "tls-key", "FILE", CONTROLLER_FLAG_TEXT, MEMBER(tls_key), .help = "its private key"},
    {NULL, "self-signed", NULL, CONTROLLER_FLAG_SWITCH, MEMBER(self_signed), "false",
        .help = "instead of both: make a CA and a certificate, keep them in a Secret, renew them, "
                "and keep caBundle of the webhook configurations right"},
    {NULL, "certificate-secret", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(certificate_secret),
        "hookline-webhook-certificate", .help = "the Secret of --self-signed"},
    {NULL, "certificate-validity", "TIME", CONTROLLER_FLAG_VALIDITY,
        MEMBER(certificate_validity_ms), "2160h",
        .help = "how long a certificate of --self-signed is valid"},
    {NULL, "webhook-service", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(webhook_service),
        "hookline-webhook", .help = "the webhooks' Service, for the names in the certificate"},
    {NULL, "webhook-configuration", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(webhook_configuration),
        "hookline", .help = "the name of both webhook configurations"},
    {NULL, "print-webhooks", "VERSION", CONTROLLER_FLAG_TEXT, MEMBER(print_webhooks),
        .no_key = true,
        .help = "print the webhook configurations for a cluster of this version of Kubernetes, and "
                "end; with --annotation-key, --namespace, --webhook-service and "
                "--webhook-configuration"},
    {NULL, "metrics-listen", "[ADDRESS]:PORT", CONTROLLER_FLAG_LISTEN, MEMBER(metrics_listen),
        ":8080",
        .help = "where /metrics, /healthz and /readyz are served, over HTTP; empty: nowhere"},

    {"Hook sidecars", "policy-config-map", "NAME", CONTROLLER_FLAG_TEXT_OR_NONE,
        MEMBER(policy_config_map), "hookline-policy",
        .help = "the ConfigMap with the policy, as policy.yaml; empty: no policy, everything is "
                "allowed"},
    {NULL, "policy-file", "FILE", CONTROLLER_FLAG_TEXT, MEMBER(policy_file),
        .help = "a file with the policy, instead of the ConfigMap"},
    {NULL, "annotation-key", "KEY", CONTROLLER_FLAG_TEXT, MEMBER(annotation_key),
        .help = "the one annotation to look at; default: " ANNOTATIONS_KEY_KUBEVIRT
                " or " ANNOTATIONS_KEY_HOOKLINE},
    {NULL, "strict", NULL, CONTROLLER_FLAG_SWITCH, MEMBER(strict), "false",
        .help = "deny an annotation with a field that is not known"},
    {NULL, "launcher", "auto|builtin|plugin|standalone", CONTROLLER_FLAG_LAUNCHER, MEMBER(launcher),
        "auto", .help = "who calls the hooks in a launcher pod; auto: found from the pod"},
    {NULL, "shim-image", "IMAGE", CONTROLLER_FLAG_TEXT, MEMBER(shim_image), ANNOTATIONS_SHIM_IMAGE,
        .help = "for sidecars that name none"},
    {NULL, "manager-image", "IMAGE", CONTROLLER_FLAG_TEXT, MEMBER(manager_image),
        ANNOTATIONS_MANAGER_IMAGE, .help = "for the manager of a plugin launcher"},

    {"Launch", "launch", NULL, CONTROLLER_FLAG_SWITCH, MEMBER(launch), "true",
        .help = "make launcher pods for VMIs labelled hookline.dev/launch=true"},
    {NULL, "launch-workers", "N", CONTROLLER_FLAG_COUNT, MEMBER(launch_workers), "16", MOST_WORKERS,
        .help = "how many VMIs are worked on at once"},
    {NULL, "launcher-image", "IMAGE", CONTROLLER_FLAG_TEXT, MEMBER(launcher_image),
        CONTROLLER_LAUNCHER_IMAGE, .help = "for compute, where the pod template names none"},
    {NULL, "pod-template-config-map", "NAME", CONTROLLER_FLAG_TEXT_OR_NONE,
        MEMBER(pod_template_config_map), "hookline-launcher-template",
        .help = "the ConfigMap with the pods' template, as template.yaml; the built-in one where "
                "there is none"},

    {"Leader election", "leader-elect", NULL, CONTROLLER_FLAG_SWITCH, MEMBER(leader_elect), "true",
        .help = "let one replica alone launch; without it, run one"},
    {NULL, "lease-name", "NAME", CONTROLLER_FLAG_TEXT, MEMBER(lease_name), "hookline-controller",
        .help = "the Lease that the leader holds"},
    {NULL, "lease-duration", "TIME", CONTROLLER_FLAG_DURATION, MEMBER(lease_duration_ms), "15s",
        .help = "how long the others wait for a leader that is silent"},
    {NULL, "lease-renew-deadline", "TIME", CONTROLLER_FLAG_DURATION,
        MEMBER(lease_renew_deadline_ms), "10s",
        .help = "how long a leader tries to renew the Lease before it gives up"},
    {NULL, "lease-retry", "TIME", CONTROLLER_FLAG_DURATION, MEMBER(lease_retry_ms), "2s",
        .help = "how long between two tries"},

    {"Log", "log-format", "text|json", CONTROLLER_FLAG_LOG_FORMAT, MEMBER(log_format), "json",
        .help = "how log lines look"},
    {NULL, "log-level", "debug|info|warning|error", CONTROLLER_FLAG_LOG_LEVEL, MEMBER(log_level),
        "info", .help = "what is logged"},
};

const size_t controller_flag_count = ARRAY_SIZE(controller_flags);

char *controller_flag_key(const struct controller_flag *flag)
{
    char *key = xcalloc(strlen(flag->name) + 1, 1);
    char *end = key;
    bool upper = false;
    for (const char *c = flag->name; *c != '\0'; c++) {
        if (*c != '-')
            *end++ = upper ? (char)toupper((unsigned char)*c) : *c;
        upper = *c == '-';
    }
    return key;
}

const struct controller_flag *controller_flag_of_key(const char *key, char **hint)
{
    const struct controller_flag *found = NULL;
    char *keys[ARRAY_SIZE(controller_flags)];
    size_t count = 0;
    for (size_t i = 0; i < controller_flag_count; i++) {
        if (controller_flags[i].no_key)
            continue;
        keys[count] = controller_flag_key(&controller_flags[i]);
        if (streq(key, keys[count++]))
            found = &controller_flags[i];
    }
    *hint = found == NULL ? suggest_hint(key, (const char *const *)keys, count) : NULL;
    for (size_t i = 0; i < count; i++)
        free(keys[i]);
    return found;
}

int controller_flag_refuse(const char *word, struct error **err)
{
    const char *names[ARRAY_SIZE(controller_flags) + 2] = {"help", "version"};
    for (size_t i = 0; i < controller_flag_count; i++)
        names[i + 2] = controller_flags[i].name;
    return flag_refuse(word, names, ARRAY_SIZE(names), err);
}

static int assign_switch(const char *text, bool *member, struct error **err)
{
    *member = streq(text, "true");
    if (*member || streq(text, "false"))
        return 0;
    return error_set(err, ERROR_USAGE, "must be true or false, not \"%s\"", text);
}

static int assign_number(
    const struct controller_flag *flag, const char *text, void *member, struct error **err)
{
    long number = 0;
    int most = flag->value == CONTROLLER_FLAG_COUNT ? flag->most : INT_MAX;
    if (!text_parse_int(text, 1, most, &number))
        return error_set(
            err, ERROR_USAGE, "must be a whole number from 1 to %d, not \"%s\"", most, text);
    if (flag->value == CONTROLLER_FLAG_COUNT)
        *(int *)member = (int)number;
    else
        *(double *)member = (double)number;
    return 0;
}

static int assign_duration(
    const struct controller_flag *flag, const char *text, int64_t *member, struct error **err)
{
    bool is_wait = flag->value == CONTROLLER_FLAG_DURATION;
    if (text_parse_duration_within(
            text, is_wait ? 1 : 1000, is_wait ? longest_wait_ms : longest_validity_ms, member))
        return 0;
    return error_set(err, ERROR_USAGE,
        is_wait ? "\"%s\" is no duration from 1ms to 24h: write 30s, 250ms or 2m"
                : "\"%s\" is no duration from 1s to 87600h: write 2160h for 90 days",
        text);
}

int controller_flag_set(const struct controller_flag *flag, const char *text,
    struct controller_settings *settings, struct error **err)
{
    void *member = (char *)settings + flag->member;
    switch (flag->value) {
    case CONTROLLER_FLAG_TEXT:
        if (text[0] == '\0')
            return error_set(err, ERROR_USAGE, "must not be empty");
        xstrset(member, text);
        return 0;
    case CONTROLLER_FLAG_TEXT_OR_NONE:
        xstrset(member, text);
        return 0;
    case CONTROLLER_FLAG_LISTEN:
        if (text[0] != '\0' && http_listener_check(text, err) < 0)
            return -1;
        xstrset(member, text);
        return 0;
    case CONTROLLER_FLAG_SWITCH:
        return assign_switch(text, member, err);
    case CONTROLLER_FLAG_COUNT:
    case CONTROLLER_FLAG_RATE:
        return assign_number(flag, text, member, err);
    case CONTROLLER_FLAG_DURATION:
    case CONTROLLER_FLAG_VALIDITY:
        return assign_duration(flag, text, member, err);
    case CONTROLLER_FLAG_LAUNCHER:
        return annotations_launcher_parse(text, member, err);
    case CONTROLLER_FLAG_LOG_FORMAT:
        return log_format_parse(text, member, err);
    case CONTROLLER_FLAG_LOG_LEVEL:
        return log_level_parse(text, member, err);
    }
    return 0;
}
