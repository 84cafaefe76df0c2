/* The metrics of hook-controller in Prometheus' text format. Counting is safe from any thread. */
#ifndef CONTROLLER_METRICS_H
#define CONTROLLER_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "controller/webhook/outcome.h"
#include "controller/webhook/webhooks.h"

/* hookline_webhook_reviews_total{webhook,result}, hookline_webhook_review_duration_seconds{webhook}
 * (histogram), hookline_webhook_patches_total, hookline_webhook_denials_total{reason}. */
void controller_metrics_review(
    enum controller_webhook webhook, enum controller_review_outcome outcome, double seconds);

/* hookline_webhook_bad_connections_total{reason}: "tls", "too-large", "slow", "displaced" (its place went
 * to another), "memory" (so did that of its body), "bad-request". */
void controller_metrics_bad_connection(const char *reason);

/* hookline_reconciles_total{result}: "ok", "refused", "retry". */
void controller_metrics_reconcile(const char *result);

/* hookline_queue_wait_seconds, hookline_queue_work_seconds (histograms). */
void controller_metrics_queue(double waited, double worked);

/* hookline_api_requests_total{verb,code}, hookline_api_request_duration_seconds{verb}. */
void controller_metrics_api(const char *verb, int code, double seconds);

/* hookline_events_total{reason}: Events about sidecars. */
void controller_metrics_event(const char *reason);

/* hookline_appliance_secrets_total{result}: "made", "refused" (no valid authorization), "changed"
 * (what they are made from), "exists" (a Secret of that name), "retry". */
void controller_metrics_appliance_secrets(const char *result);

/* hookline_unreadable_objects_total{resource}. */
void controller_metrics_unreadable(const char *resource);

/* Gauges, and counters kept elsewhere, read at each scrape. */
struct controller_metrics_now {
    bool leader; /* hookline_leader */
    size_t queue_depth, queue_delayed, queue_working; /* hookline_queue_depth{state} */
    unsigned long queue_retries; /* hookline_queue_retries_total */
    unsigned long watch_restarts; /* hookline_watch_restarts_total */
    size_t cached_machines, cached_pods; /* hookline_cached_objects{kind} */
    double certificate_expiry; /* hookline_certificate_expiry_seconds, Unix time; 0: none */
};

/* The whole page, with process_* metrics and hookline_build_info. Owned by the caller. */
char *controller_metrics_text(const struct controller_metrics_now *now);

#endif
