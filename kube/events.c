#include "kube/events.h"

#include <ev.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>
#include <utlist.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "kube/queue.h"

enum {
    /* Objects whose events are remembered; the one that had none for longest is forgotten. */
    SUBJECTS_MAX = 4096,
    /* As many events about one object at once, and then one in each period. */
    BUDGET = 25,
    BUDGET_PERIOD_SECONDS = 300,
    /* As many events of one reason that differ in their messages within the window, and further
     * ones become one. */
    SIMILAR_MAX = 10,
    SIMILAR_WINDOW_SECONDS = 600,
    /* The API server forgets events after an hour. */
    SERIES_LIFE_SECONDS = 3600,
    WRITE_TRIES = 5,
    WRITE_RETRY_MS = 1000,
    MESSAGE_MAX = 1024,
    NAME_MAX_BYTES = 253,
    DIGITS = 17, /* of an event's name: ".0123456789abcdef" */
};

static const char combined_prefix[] = "(combined from similar events): ";

/* An event that happened once or more. */
struct series {
    struct kube_events *events;
    struct subject *subject;
    json_t *event; /* as it is, or will be, at the API server */
    unsigned long count;
    bool combined;
    bool created; /* at the API server */
    int failures; /* to write it, in a row */
    double last; /* when it happened last */
    struct kube_call *call; /* that writes it, or NULL */
    struct series *prev, *next; /* in subject->series */
    UT_hash_handle hh; /* by its key */
    char key[]; /* of the event: "namespace/name" */
};

/* An object that events are about. */
struct subject {
    struct series *series;
    double budget; /* events left */
    double budget_at; /* when that was so */
    bool exhausted; /* and that was said */
    UT_hash_handle hh; /* by its key; the one that had no event for longest is the first */
    char key[]; /* kind, namespace, name and uid */
};

struct kube_events {
    struct kube_client *client;
    char *component, *instance;
    struct subject *subjects;
    struct series *series;
    struct kube_queue *queue; /* of series to be written */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The time as the API writes it. New reference. */
static json_t *timestamp(void)
{
    time_t seconds = time(NULL);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[32];
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_string(text);
}

static void series_free(struct series *series)
{
    struct kube_events *events = series->events;
    if (series->call != NULL) {
        kube_call_cancel(series->call);
        kube_queue_done(events->queue, series->key);
    }
    HASH_DEL(events->series, series);
    DL_DELETE(series->subject->series, series);
    json_decref(series->event);
    free(series);
}

static void subject_free(struct kube_events *events, struct subject *subject)
{
    struct series *series = NULL;
    struct series *next = NULL;
    DL_FOREACH_SAFE (subject->series, series, next)
        series_free(series);
    HASH_DEL(events->subjects, subject);
    free(subject);
}

/* The subject for object, as the one that had an event last. */
static struct subject *subject_for(
    struct kube_events *events, const struct kube_resource *resource, const json_t *object)
{
    auto_free char *key = xasprintf(
        "%s %s/%s %s", resource->kind, kube_namespace(object), kube_name(object), kube_uid(object));
    size_t length = strlen(key);
    struct subject *subject = NULL;
    HASH_FIND(hh, events->subjects, key, length, subject);
    if (subject != NULL) {
        HASH_DEL(events->subjects, subject);
    } else {
        if (HASH_COUNT(events->subjects) >= SUBJECTS_MAX)
            subject_free(events, events->subjects);
        subject = xcalloc(1, sizeof(*subject) + length + 1);
        memcpy(subject->key, key, length);
        subject->budget = BUDGET;
        subject->budget_at = now();
    }
    HASH_ADD_KEYPTR(hh, events->subjects, subject->key, length, subject);
    return subject;
}

/* Whether another event about the subject may be written. */
static bool spend(struct kube_events *events, struct subject *subject)
{
    double time = now();
    subject->budget += (time - subject->budget_at) / BUDGET_PERIOD_SECONDS;
    subject->budget_at = time;
    if (subject->budget > BUDGET)
        subject->budget = BUDGET;
    if (subject->budget >= 1) {
        subject->budget -= 1;
        subject->exhausted = false;
        return true;
    }
    if (!subject->exhausted)
        kube_client_warn(events->client,
            "events about %s: there were so many that further ones are left out for a while",
            subject->key);
    subject->exhausted = true;
    return false;
}

static bool has(const struct series *series, const char *member, const char *value)
{
    return streq(text_or(json_get_string(series->event, member), ""), value);
}

/* The series that an event belongs to, or NULL when it begins one. *combined says that it is, or
 * must be, one for all similar events. Forgets what the API server has forgotten. */
static struct series *find_series(const struct subject *subject, const char *type,
    const char *reason, const char *message, bool *combined)
{
    double time = now();
    struct series *same = NULL;
    struct series *collective = NULL;
    int similar = 0;
    struct series *series = NULL;
    struct series *next = NULL;
    DL_FOREACH_SAFE (subject->series, series, next) {
        if (time - series->last > SERIES_LIFE_SECONDS) {
            series_free(series);
            continue;
        }
        if (!has(series, "type", type) || !has(series, "reason", reason))
            continue;
        bool recent = time - series->last <= SIMILAR_WINDOW_SECONDS;
        if (series->combined)
            collective = recent ? series : collective;
        else if (has(series, "message", message))
            same = series;
        else if (recent)
            similar++;
    }
    *combined = same == NULL && similar >= SIMILAR_MAX - 1;
    return *combined ? collective : same;
}

/* A key for a new event about object, as of client-go: its name and the time. Owned by the
 * caller. */
static char *make_key(const struct kube_events *events, const json_t *object)
{
    const char *namespace = kube_namespace(object);
    const char *name = kube_name(object);
    size_t length = strnlen(name, NAME_MAX_BYTES - DIGITS);
    while (name[length] != '\0' && length > 0 && strchr(".-", name[length - 1]) != NULL)
        length--;
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    uint64_t nanoseconds = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
    for (;;) {
        char *key = xasprintf("%s/%.*s.%" PRIx64, namespace[0] != '\0' ? namespace : "default",
            (int)length, name, nanoseconds++);
        struct series *taken = NULL;
        HASH_FIND_STR(events->series, key, taken);
        if (taken == NULL)
            return key;
        free(key);
    }
}

/* The event as it is created, but for its message, lastTimestamp and count. New reference. */
static json_t *make_event(const struct kube_events *events, const struct kube_resource *resource,
    const json_t *object, const char *key, const char *type, const char *reason)
{
    auto_free char *namespace = NULL;
    auto_free char *name = NULL;
    kube_key_split(key, &namespace, &name);
    auto_free char *api_version = kube_resource_api_version(resource);
    auto_json json_t *time = timestamp();
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s, s:s, s:s}, "
                     "s:s, s:s, s:O, s:{s:s}, s:s, s:s}",
        "apiVersion", "v1", "kind", "Event", "metadata", "namespace", namespace, "name", name,
        "involvedObject", "apiVersion", api_version, "kind", resource->kind, "namespace",
        kube_namespace(object), "name", kube_name(object), "uid", kube_uid(object),
        "resourceVersion", kube_resource_version(object), "type", type, "reason", reason,
        "firstTimestamp", time, "source", "component", events->component, "reportingComponent",
        events->component, "reportingInstance", events->instance);
}

static struct series *add_series(struct kube_events *events, struct subject *subject,
    const char *key, json_t *take_event, bool combined)
{
    size_t length = strlen(key);
    struct series *series = xcalloc(1, sizeof(*series) + length + 1);
    memcpy(series->key, key, length);
    series->events = events;
    series->subject = subject;
    series->event = take_event;
    series->combined = combined;
    HASH_ADD_KEYPTR(hh, events->series, series->key, length, series);
    DL_APPEND(subject->series, series);
    return series;
}

/* Printable, and no longer than an event may be. Owned by the caller. */
static char *make_message(const char *prefix, const char *text)
{
    static const char ellipsis[] = "…";
    auto_free char *printable = text_printable(text, strlen(text), MESSAGE_MAX);
    char *message = xasprintf("%s%s", prefix, printable);
    if (strlen(message) <= MESSAGE_MAX)
        return message;
    size_t end = MESSAGE_MAX - strlen(ellipsis);
    while (((unsigned char)message[end] & 0xC0) == 0x80)
        end--; /* into a character */
    memcpy(message + end, ellipsis, sizeof(ellipsis));
    return message;
}

void kube_event(struct kube_events *events, const struct kube_resource *resource,
    const json_t *object, enum kube_event_kind kind, const char *reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *text = xvasprintf(format, args);
    va_end(args);
    const char *type = kind == KUBE_EVENT_WARNING ? "Warning" : "Normal";
    auto_free char *message = make_message("", text);
    struct subject *subject = subject_for(events, resource, object);
    bool combined = false;
    struct series *series = find_series(subject, type, reason, message, &combined);
    if (series == NULL) {
        auto_free char *key = make_key(events, object);
        json_t *event = make_event(events, resource, object, key, type, reason);
        series = add_series(events, subject, key, event, combined);
    }
    if (series->combined) {
        free(message);
        message = make_message(combined_prefix, text);
    }
    series->last = now();
    series->count++;
    json_object_set_new(series->event, "count", json_integer((json_int_t)series->count));
    json_object_set_new(series->event, "message", json_string(message));
    json_object_set_new(series->event, "lastTimestamp", timestamp());
    if (spend(events, subject))
        kube_queue_add(events->queue, series->key);
}

static void on_written(void *user, const struct kube_answer *answer);

static void write_series(void *user, const char *key)
{
    struct kube_events *events = user;
    struct series *series = NULL;
    HASH_FIND_STR(events->series, key, series);
    if (series == NULL) { /* it was forgotten meanwhile */
        kube_queue_done(events->queue, key);
        return;
    }
    json_t *event = series->event;
    auto_json json_t *patch = json_pack("{s:O, s:O, s:O}", "count", json_object_get(event, "count"),
        "message", json_object_get(event, "message"), "lastTimestamp",
        json_object_get(event, "lastTimestamp"));
    json_t *metadata = json_object_get(event, "metadata");
    struct kube_request request = {
        .verb = series->created ? KUBE_PATCH_MERGE : KUBE_CREATE,
        .resource = &kube_events,
        .namespace = json_get_string(metadata, "namespace"),
        .name = series->created ? json_get_string(metadata, "name") : NULL,
        .body = series->created ? patch : event,
    };
    series->call = kube_call_start(events->client, &request, on_written, series);
}

static bool may_pass(enum kube_reason reason)
{
    return reason == KUBE_UNREACHABLE || reason == KUBE_SERVER_ERROR ||
           reason == KUBE_TOO_MANY_REQUESTS;
}

static void on_written(void *user, const struct kube_answer *answer)
{
    struct series *series = user;
    struct kube_queue *queue = series->events->queue;
    const struct kube_failure *failure = answer->failure;
    series->call = NULL;
    if (failure != NULL && may_pass(failure->reason) && ++series->failures < WRITE_TRIES) {
        kube_queue_failed(queue, series->key, failure->retry_after_ms);
        return;
    }
    series->failures = 0;
    if (failure == NULL) {
        series->created = true;
    } else if (failure->reason == KUBE_ALREADY_EXISTS && !series->created) {
        series->created = true; /* by a try whose answer was lost */
        kube_queue_add(queue, series->key);
    } else if (failure->reason == KUBE_NOT_FOUND && series->created) {
        series->created = false; /* it has outlived its time there */
        kube_queue_add(queue, series->key);
    } else {
        kube_client_warn(series->events->client, "%s; the event was: %s: %s", failure->message,
            json_get_string(series->event, "reason"), json_get_string(series->event, "message"));
    }
    kube_queue_done(queue, series->key);
}

struct kube_events *kube_events_new(
    struct kube_client *client, const struct kube_events_options *options)
{
    struct kube_events *events = xcalloc(1, sizeof(*events));
    events->client = client;
    events->component = xstrdup(options->component);
    events->instance = xstrdup(text_or(options->instance, ""));
    struct kube_queue_options queue = {
        .workers = 1, /* so that they come in order */
        .retry_min_ms = WRITE_RETRY_MS,
        .work = write_series,
        .user = events,
    };
    events->queue = kube_queue_new(&queue);
    return events;
}

void kube_events_free(struct kube_events *events)
{
    if (events == NULL)
        return;
    struct subject *subject = NULL;
    struct subject *next = NULL;
    HASH_ITER (hh, events->subjects, subject, next)
        subject_free(events, subject);
    kube_queue_free(events->queue);
    free(events->component);
    free(events->instance);
    free(events);
}
