#include "controller/metrics.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <utstring.h>

#include "base/text.h"
#include "controller/process_metrics.h"

enum {
    MOST_SERIES = 128, /* per family; further label values are not counted */
    MOST_HISTOGRAMS = 16, /* the same for a family of histograms */
    LONGEST_LABELS = 160,
    HTTP_CODES = 600, /* and above: not an HTTP status; counted as 0 */
};

/* Upper bounds in seconds, from the fastest review to the slowest pod. */
static const double bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

/* Series are found without a lock: the labels of a series, the text between the braces, are set
 * once, by the first thread that counts it, and stay until the process ends. */
struct counter {
    _Atomic(char *) labels;
    atomic_ulong count;
};

struct counters {
    const char *name;
    const char *help;
    struct counter series[MOST_SERIES];
};

struct histogram {
    _Atomic(char *) labels;
    atomic_ulong buckets[ARRAY_SIZE(bounds) + 1]; /* not cumulative; the last is +Inf */
    _Atomic uint64_t nanoseconds; /* the sum */
};

struct histograms {
    const char *name;
    const char *help;
    struct histogram series[MOST_HISTOGRAMS];
};

static struct counters reviews = {
    .name = "hookline_webhook_reviews_total", .help = "Admission reviews by result."};
static struct counters patches = {
    .name = "hookline_webhook_patches_total", .help = "Objects that were patched."};
static struct counters denials = {.name = "hookline_webhook_denials_total",
    .help = "Objects that were denied because of their annotation or the policy."};
static struct counters bad_connections = {.name = "hookline_webhook_bad_connections_total",
    .help = "Connections and requests to the webhooks that were not reviews."};
static struct counters reconciles = {
    .name = "hookline_reconciles_total", .help = "Reconciled virtual machines, by result."};
static struct counters api_requests = {.name = "hookline_api_requests_total",
    .help = "Requests to the API server; code 0: no answer."};
static struct counters events = {
    .name = "hookline_events_total", .help = "Events about sidecars, by reason."};
static struct counters unreadable = {.name = "hookline_unreadable_objects_total",
    .help = "Objects that could not be read and were skipped, by resource."};
static struct counters appliance_secrets = {.name = "hookline_appliance_secrets_total",
    .help = "Virtual machines out of appliances whose Secrets were looked after, by result."};
static struct counters *const all_counters[] = {&reviews, &patches, &denials, &bad_connections,
    &reconciles, &api_requests, &events, &unreadable, &appliance_secrets};

static struct histograms review_durations = {
    .name = "hookline_webhook_review_duration_seconds", .help = "How long a review took."};
static struct histograms queue_waits = {.name = "hookline_queue_wait_seconds",
    .help = "How long a virtual machine waited to be reconciled."};
static struct histograms queue_works = {
    .name = "hookline_queue_work_seconds", .help = "How long reconciling a virtual machine took."};
static struct histograms api_durations = {.name = "hookline_api_request_duration_seconds",
    .help = "How long the API server took to answer."};
static struct histograms *const all_histograms[] = {
    &review_durations, &queue_waits, &queue_works, &api_durations};

/* Whether the series has these labels; claims it if it is free. */
static bool take_series(_Atomic(char *) *series, const char *labels)
{
    char *there = atomic_load(series);
    if (there == NULL) {
        char *copy = xstrdup(labels);
        if (atomic_compare_exchange_strong(series, &there, copy))
            return true;
        free(copy); /* another thread was first: there is now what it set */
    }
    return streq(there, labels);
}

/* Returns NULL when there are too many series. */
static atomic_ulong *find_counter(struct counters *counters, const char *labels)
{
    for (size_t i = 0; i < MOST_SERIES; i++) {
        if (take_series(&counters->series[i].labels, labels))
            return &counters->series[i].count;
    }
    return NULL;
}

static void count(struct counters *counters, const char *labels)
{
    atomic_ulong *counter = find_counter(counters, labels);
    if (counter != NULL)
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void count_by(struct counters *counters, const char *label, const char *value)
{
    char labels[LONGEST_LABELS];
    snprintf(labels, sizeof(labels), "%s=\"%s\"", label, value);
    count(counters, labels);
}

static void observe(struct histograms *histograms, const char *labels, double seconds)
{
    struct histogram *histogram = NULL;
    for (size_t i = 0; i < MOST_HISTOGRAMS && histogram == NULL; i++) {
        if (take_series(&histograms->series[i].labels, labels))
            histogram = &histograms->series[i];
    }
    if (histogram == NULL || !(seconds >= 0))
        return;
    size_t bucket = 0;
    while (bucket < ARRAY_SIZE(bounds) && seconds > bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(
        &histogram->nanoseconds, (uint64_t)(seconds * 1e9), memory_order_relaxed);
}

static void review_labels(
    enum controller_webhook webhook, enum controller_review_outcome outcome, char *labels)
{
    snprintf(labels, LONGEST_LABELS, "webhook=\"%s\",result=\"%s\"",
        controller_webhook_name(webhook), controller_review_outcome_name(outcome));
}

void controller_metrics_review(
    enum controller_webhook webhook, enum controller_review_outcome outcome, double seconds)
{
    char labels[LONGEST_LABELS];
    review_labels(webhook, outcome, labels);
    count(&reviews, labels);
    snprintf(labels, sizeof(labels), "webhook=\"%s\"", controller_webhook_name(webhook));
    observe(&review_durations, labels, seconds);
    if (outcome == CONTROLLER_REVIEW_PATCHED)
        count(&patches, "");
    if (outcome == CONTROLLER_REVIEW_DENIED_INPUT)
        count_by(&denials, "reason", "input");
    if (outcome == CONTROLLER_REVIEW_DENIED_POLICY)
        count_by(&denials, "reason", "policy");
}

void controller_metrics_bad_connection(const char *reason)
{
    count_by(&bad_connections, "reason", reason);
}

void controller_metrics_reconcile(const char *result)
{
    count_by(&reconciles, "result", result);
}

void controller_metrics_queue(double waited, double worked)
{
    observe(&queue_waits, "", waited);
    observe(&queue_works, "", worked);
}

void controller_metrics_api(const char *verb, int code, double seconds)
{
    char labels[LONGEST_LABELS];
    snprintf(labels, sizeof(labels), "verb=\"%s\",code=\"%d\"", verb,
        code > 0 && code < HTTP_CODES ? code : 0);
    count(&api_requests, labels);
    snprintf(labels, sizeof(labels), "verb=\"%s\"", verb);
    observe(&api_durations, labels, seconds);
}

void controller_metrics_event(const char *reason)
{
    count_by(&events, "reason", reason);
}

void controller_metrics_unreadable(const char *resource)
{
    count_by(&unreadable, "resource", resource);
}

void controller_metrics_appliance_secrets(const char *result)
{
    count_by(&appliance_secrets, "result", result);
}

/* Whether a webhook's reviews can have this outcome. */
static bool is_known(enum controller_webhook webhook, int outcome)
{
    bool completes = webhook == CONTROLLER_COMPLETE_MACHINES;
    bool mutates = completes || webhook == CONTROLLER_MUTATE_PODS;
    switch (outcome) {
    case CONTROLLER_REVIEW_PATCHED:
        return mutates;
    case CONTROLLER_REVIEW_VALID:
        return !mutates;
    case CONTROLLER_REVIEW_UNAVAILABLE:
        return completes;
    default:
        return true;
    }
}

/* Creates the known series before anything was counted: Prometheus computes a rate only from the
 * second value of a series on. */
static void add_known_series(void)
{
    static const char *const connection_reasons[] = {
        "tls", "too-large", "slow", "displaced", "memory", "bad-request"};
    static const char *const results[] = {"ok", "refused", "retry"};
    static const char *const secrets[] = {"made", "refused", "changed", "exists", "retry"};
    char labels[LONGEST_LABELS];
    for (int outcome = 0; outcome < CONTROLLER_REVIEW_OUTCOMES; outcome++) {
        for (int webhook = 0; webhook < CONTROLLER_WEBHOOKS; webhook++) {
            if (!is_known((enum controller_webhook)webhook, outcome))
                continue;
            review_labels(
                (enum controller_webhook)webhook, (enum controller_review_outcome)outcome, labels);
            find_counter(&reviews, labels);
        }
    }
    find_counter(&patches, "");
    find_counter(&denials, "reason=\"input\"");
    find_counter(&denials, "reason=\"policy\"");
    for (size_t i = 0; i < ARRAY_SIZE(connection_reasons); i++) {
        snprintf(labels, sizeof(labels), "reason=\"%s\"", connection_reasons[i]);
        find_counter(&bad_connections, labels);
    }
    for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
        snprintf(labels, sizeof(labels), "result=\"%s\"", results[i]);
        find_counter(&reconciles, labels);
    }
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
        snprintf(labels, sizeof(labels), "result=\"%s\"", secrets[i]);
        find_counter(&appliance_secrets, labels);
    }
}

static void append_head(UT_string *page, const char *name, const char *type, const char *help)
{
    utstring_printf(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_counters(UT_string *page, struct counters *counters)
{
    append_head(page, counters->name, "counter", counters->help);
    for (size_t i = 0; i < MOST_SERIES; i++) {
        const char *labels = atomic_load(&counters->series[i].labels);
        if (labels == NULL)
            break;
        bool bare = labels[0] == '\0';
        utstring_printf(page, "%s%s%s%s %lu\n", counters->name, bare ? "" : "{", labels,
            bare ? "" : "}", atomic_load(&counters->series[i].count));
    }
}

static void append_histogram(UT_string *page, const char *name, struct histogram *histogram)
{
    const char *labels = atomic_load(&histogram->labels);
    const char *comma = labels[0] != '\0' ? "," : "";
    const char *open = labels[0] != '\0' ? "{" : "";
    const char *close = labels[0] != '\0' ? "}" : "";
    unsigned long total = 0;
    for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
        total += atomic_load(&histogram->buckets[i]);
        utstring_printf(
            page, "%s_bucket{%s%sle=\"%g\"} %lu\n", name, labels, comma, bounds[i], total);
    }
    total += atomic_load(&histogram->buckets[ARRAY_SIZE(bounds)]);
    utstring_printf(page, "%s_bucket{%s%sle=\"+Inf\"} %lu\n", name, labels, comma, total);
    utstring_printf(page, "%s_sum%s%s%s %.15g\n", name, open, labels, close,
        (double)atomic_load(&histogram->nanoseconds) / 1e9);
    utstring_printf(page, "%s_count%s%s%s %lu\n", name, open, labels, close, total);
}

static void append_histograms(UT_string *page, struct histograms *histograms)
{
    append_head(page, histograms->name, "histogram", histograms->help);
    for (size_t i = 0; i < MOST_HISTOGRAMS; i++) {
        if (atomic_load(&histograms->series[i].labels) == NULL)
            break;
        append_histogram(page, histograms->name, &histograms->series[i]);
    }
}

/* One sample; labels may be "". */
static void append_value(UT_string *page, const char *name, const char *labels, double value)
{
    utstring_printf(page, "%s%s %.15g\n", name, labels, value);
}

static void append_now(UT_string *page, const struct controller_metrics_now *now)
{
    append_head(page, "hookline_leader", "gauge", "Whether this replica is the leader.");
    append_value(page, "hookline_leader", "", now->leader ? 1 : 0);
    append_head(
        page, "hookline_queue_depth", "gauge", "Virtual machines in the work queue, by state.");
    append_value(page, "hookline_queue_depth", "{state=\"ready\"}", (double)now->queue_depth);
    append_value(page, "hookline_queue_depth", "{state=\"delayed\"}", (double)now->queue_delayed);
    append_value(page, "hookline_queue_depth", "{state=\"working\"}", (double)now->queue_working);
    append_head(page, "hookline_queue_retries_total", "counter",
        "Virtual machines queued again to be retried.");
    append_value(page, "hookline_queue_retries_total", "", (double)now->queue_retries);
    append_head(page, "hookline_watch_restarts_total", "counter", "Watches that were restarted.");
    append_value(page, "hookline_watch_restarts_total", "", (double)now->watch_restarts);
    append_head(page, "hookline_cached_objects", "gauge", "Objects in the caches.");
    append_value(page, "hookline_cached_objects", "{kind=\"VirtualMachineInstance\"}",
        (double)now->cached_machines);
    append_value(page, "hookline_cached_objects", "{kind=\"Pod\"}", (double)now->cached_pods);
    append_head(page, "hookline_certificate_expiry_seconds", "gauge",
        "When the webhooks' certificate expires, in seconds since 1970; 0: no certificate.");
    append_value(page, "hookline_certificate_expiry_seconds", "", now->certificate_expiry);
    append_head(page, "hookline_build_info", "gauge", "The running version.");
    append_value(page, "hookline_build_info", "{version=\"" HOOKLINE_VERSION "\"}", 1);
}

char *controller_metrics_text(const struct controller_metrics_now *now)
{
    UT_string page;
    utstring_init(&page);
    add_known_series();
    for (size_t i = 0; i < ARRAY_SIZE(all_counters); i++)
        append_counters(&page, all_counters[i]);
    for (size_t i = 0; i < ARRAY_SIZE(all_histograms); i++)
        append_histograms(&page, all_histograms[i]);
    append_now(&page, now);
    controller_process_metrics(&page);
    return utstring_body(&page);
}
