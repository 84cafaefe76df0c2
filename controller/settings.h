/* The settings of hook-controller, from its flags and its configuration file. */
#ifndef CONTROLLER_SETTINGS_H
#define CONTROLLER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "annotations/launcher.h"
#include "base/log.h"
#include "base/option.h"

#define CONTROLLER_LAUNCHER_IMAGE "ghcr.io/hookline/hook-launcher:latest"

/* Each member is a flag of the same name (--webhook-listen) and a key of the configuration file in
 * camel case (webhookListen); flags win. All strings are owned. */
struct controller_settings {
    char *config; /* --config FILE: YAML, apiVersion hookline.dev/v1alpha1, kind
                   * HookControllerConfiguration; not a key of the file itself */
    bool config_optional; /* it may be missing */
    char *kubeconfig, *context; /* as kube/config_load.h says */
    char *namespace; /* of the controller itself: its Secret, Lease and ConfigMaps; default:
                      * $POD_NAMESPACE; NULL: that of the kube_config */
    char *identity; /* this replica; default: $POD_NAME, else the host's name */
    char *webhook_listen; /* "[ADDRESS]:PORT"; default ":9443"; "": no webhooks */
    int webhook_connections; /* at once; default 1024 */
    char *client_ca_file; /* PEM: clients of the webhooks need a certificate of it; NULL: none */
    char *client_name; /* in that certificate; NULL: any */
    char *metrics_listen; /* plain HTTP: /metrics, /healthz, /readyz; default ":8080"; "": none */
    char *health_listen; /* plain HTTP: /healthz, /readyz, besides; default "": none */
    int webhook_threads; /* default: one per CPU, at most 8 */
    char *tls_certificate, *tls_key; /* files, read again when they change */
    bool self_signed; /* instead: a CA and a leaf in a Secret, rotated */
    char *certificate_secret; /* its name; default "hookline-webhook-certificate" */
    char *webhook_service; /* the Service, for the leaf's names; default "hookline-webhook" */
    char *webhook_configuration; /* name of both webhook configurations; default "hookline" */
    int64_t certificate_validity_ms; /* of a self-signed leaf; default 90 days, as a duration */
    char *policy_config_map; /* its name; key policy.yaml; default "hookline-policy"; "" : none */
    char *policy_file; /* instead of it, which is "" then; for runs outside a cluster */
    char *pod_template_config_map; /* key template.yaml; default "hookline-launcher-template"; "" :
                                    * the built-in template */
    char *annotation_key; /* the one key to look for; NULL: KubeVirt's and ours */
    char *shim_image, *manager_image, *launcher_image;
    enum annotations_launcher launcher; /* default auto */
    char *print_webhooks; /* a version of Kubernetes; print and exit */
    bool strict; /* unknown fields of the annotation are errors */
    bool launch; /* --launch=false: no launcher pods, webhooks only */
    int launch_workers; /* VMIs reconciled at once; default 16 */
    bool appliances; /* complete VMs out of DataSources, and make their Secrets */
    char *appliance_key_secret; /* its name; default "hookline-appliance-key" */
    bool leader_elect; /* default true */
    char *lease_name; /* default "hookline-controller" */
    int64_t lease_duration_ms, lease_renew_deadline_ms, lease_retry_ms; /* 15 s, 10 s, 2 s */
    double kube_qps; /* default 1000 */
    int kube_burst; /* default 2000 */
    int64_t drain_ms; /* how long SIGTERM waits for requests in progress; default 10 s */
    enum log_format log_format;
    enum log_level log_level;
    bool help, version; /* given on the command line */
};

/* The flags, their keys and their defaults. */
extern const struct option_table controller_settings_table;

/* Reads the flags and the file that they name. Returns 0, or -1 with a usage or input error that
 * names the flag, or the file, line and key, the nearest known name and what would be valid.
 * settings needs controller_settings_clear either way. With --help or --version, nothing else is
 * checked. */
int controller_settings_parse(
    struct controller_settings *settings, int argc, char **argv, struct error **err);

/* Writes the text of --help. */
void controller_settings_help(FILE *out);

void controller_settings_clear(struct controller_settings *settings);

#endif
