#include "kube/events.h"

#include <ev.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/queue.h"

enum {
    /* Objects whose events are remembered: the one that had none for longest is forgotten. One with
     * an event that has yet to be written is kept, unless there are SUBJECTS_WAITING_MAX. */
    SUBJECTS_MAX = 4096,
    SUBJECTS_WAITING_MAX = 16384,
    /* The budget of an object: this many events at once, and then one per period. */
    BUDGET = 25,
    BUDGET_PERIOD_SECONDS = 300,
    /* After this many events of one reason with different messages within the window, further ones
     * are combined into one. */
    SIMILAR_MAX = 10,
    SIMILAR_WINDOW_SECONDS = 600,
    /* The API server forgets events after an hour. */
    SERIES_LIFE_SECONDS = 3600,
    HOLD_SECONDS = 5,
    WRITE_TRIES = 5,
    WRITE_RETRY_MS = 1000,
    MESSAGE_MAX = 1024,
    NAME_MAX_BYTES = 253,
    DIGITS = 17, /* of an event's name: ".0123456789abcdef" */
};

static const char combined_prefix[] = "(combined from similar events): ";

/* The unwritten part of a series; all of it owned. There may be thousands of these at once. */
struct news {
    time_t time;
    bool warning;
    char *reason, *message;
    char *resource_version; /* of the object */
};

/* An event that happened once or more. */
struct series {
    struct kube_events *events;
    struct subject *subject;
    unsigned what; /* a hash of its type and reason */
    unsigned message; /* a hash of its message */
    struct news *news; /* to be written, or NULL */
    bool is_newer; /* than what is being written */
    time_t began; /* when it happened first */
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
    const struct kube_resource *resource;
    struct series *series;
    double budget; /* events left */
    double budget_at; /* when that was so */
    bool exhausted; /* the budget is, and that was reported */
    UT_hash_handle hh; /* by its key; least recently used first */
    char key[]; /* "namespace/name uid" */
};

struct kube_events {
    struct kube_client *client;
    char *component, *instance;
    struct subject *subjects;
    struct series *series;
    struct kube_queue *queue; /* of series to be written; paused while they are held */
    ev_timer hold; /* until the queue is resumed */
    bool held;
};

/* A time as the API writes it. New reference. */
static json_t *timestamp(time_t seconds)
{
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[32];
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_string(text);
}

static void drop_news(struct series *series)
{
    struct news *news = steal(&series->news);
    if (news == NULL)
        return;
    free(news->reason);
    free(news->message);
    free(news->resource_version);
    free(news);
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
    drop_news(series);
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

static bool is_waiting(const struct subject *subject)
{
    const struct series *series = NULL;
    DL_FOREACH (subject->series, series) {
        if (series->news != NULL)
            return true;
    }
    return false;
}

/* Makes room for another subject. */
static void forget_subjects(struct kube_events *events)
{
    while (HASH_COUNT(events->subjects) >= SUBJECTS_MAX) {
        struct subject *oldest = events->subjects;
        if (is_waiting(oldest)) {
            if (HASH_COUNT(events->subjects) < SUBJECTS_WAITING_MAX)
                return;
            kube_client_warn(events->client,
                "events about %s %s are dropped: too many others are waiting to be written",
                oldest->resource->kind, oldest->key);
        }
        subject_free(events, oldest);
    }
}

/* The subject for object, which becomes the most recently used one. */
static struct subject *subject_for(
    struct kube_events *events, const struct kube_resource *resource, const json_t *object)
{
    auto_free char *key =
        xasprintf("%s/%s %s", kube_namespace(object), kube_name(object), kube_uid(object));
    size_t length = strlen(key);
    struct subject *subject = NULL;
    HASH_FIND(hh, events->subjects, key, length, subject);
    if (subject != NULL) {
        HASH_DEL(events->subjects, subject);
    } else {
        forget_subjects(events);
        subject = xcalloc(1, sizeof(*subject) + length + 1);
        memcpy(subject->key, key, length);
        subject->resource = resource;
        subject->budget = BUDGET;
        subject->budget_at = clock_seconds();
    }
    HASH_ADD_KEYPTR(hh, events->subjects, subject->key, length, subject);
    return subject;
}

/* Takes one event from the subject's budget. Returns whether there was one. */
static bool spend(struct kube_events *events, struct subject *subject)
{
    double time = clock_seconds();
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
            "too many events about %s %s: further ones are dropped for a while",
            subject->resource->kind, subject->key);
    subject->exhausted = true;
    return false;
}

static unsigned hash_of(const char *text)
{
    unsigned hash = 0;
    HASH_VALUE(text, strlen(text), hash);
    return hash;
}

/* The series that an event belongs to, or NULL if it begins one. *combined says whether it
 * combines, or must combine, similar events. Forgets what the API server has forgotten. */
static struct series *find_series(
    const struct subject *subject, unsigned what, unsigned message, bool *combined)
{
    double time = clock_seconds();
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
        if (series->what != what)
            continue;
        bool recent = time - series->last <= SIMILAR_WINDOW_SECONDS;
        if (series->combined)
            collective = recent ? series : collective;
        else if (series->message == message)
            same = series;
        else if (recent)
            similar++;
    }
    *combined = same == NULL && similar >= SIMILAR_MAX - 1;
    return *combined ? collective : same;
}

/* A key for a new event about object, as in client-go: its name and the time. Owned by the
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

/* The event to create or update. New reference. */
static json_t *make_event(const struct series *series)
{
    const struct kube_events *events = series->events;
    const struct news *news = series->news;
    const struct kube_resource *resource = series->subject->resource;
    const char *uid = strchr(series->subject->key, ' ') + 1;
    auto_free char *object_key =
        xstrndup(series->subject->key, (size_t)(uid - 1 - series->subject->key));
    auto_free char *object_namespace = NULL;
    auto_free char *object_name = NULL;
    kube_key_split(object_key, &object_namespace, &object_name);
    auto_free char *namespace = NULL;
    auto_free char *name = NULL;
    kube_key_split(series->key, &namespace, &name);
    auto_free char *api_version = kube_resource_api_version(resource);
    return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s, s:s, s:s}, "
                     "s:s, s:s, s:s, s:I, s:o, s:o, s:{s:s}, s:s, s:s}",
        "apiVersion", "v1", "kind", "Event", "metadata", "namespace", namespace, "name", name,
        "involvedObject", "apiVersion", api_version, "kind", resource->kind, "namespace",
        object_namespace, "name", object_name, "uid", uid, "resourceVersion",
        news->resource_version, "type", news->warning ? "Warning" : "Normal", "reason",
        news->reason, "message", news->message, "count", (json_int_t)series->count,
        "firstTimestamp", timestamp(series->began), "lastTimestamp", timestamp(news->time),
        "source", "component", events->component, "reportingComponent", events->component,
        "reportingInstance", events->instance);
}

static struct series *add_series(struct kube_events *events, struct subject *subject,
    const char *key, unsigned what, unsigned message, bool combined)
{
    size_t length = strlen(key);
    struct series *series = xcalloc(1, sizeof(*series) + length + 1);
    memcpy(series->key, key, length);
    series->events = events;
    series->subject = subject;
    series->what = what;
    series->message = message;
    series->combined = combined;
    series->began = time(NULL);
    HASH_ADD_KEYPTR(hh, events->series, series->key, length, series);
    DL_APPEND(subject->series, series);
    return series;
}

/* Makes a message printable, and no longer than an event's may be. Owned by the caller. */
static char *make_message(const char *prefix, const char *text)
{
    static const char ellipsis[] = "…";
    auto_free char *printable = text_printable(text, strlen(text), MESSAGE_MAX);
    char *message = xasprintf("%s%s", prefix, printable);
    if (strlen(message) <= MESSAGE_MAX)
        return message;
    size_t end = MESSAGE_MAX - strlen(ellipsis);
    while (((unsigned char)message[end] & 0xC0) == 0x80)
        end--; /* inside a character */
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
    bool warning = kind == KUBE_EVENT_WARNING;
    auto_free char *message = make_message("", text);
    auto_free char *what = xasprintf("%d %s", warning, reason);
    struct subject *subject = subject_for(events, resource, object);
    bool combined = false;
    struct series *series = find_series(subject, hash_of(what), hash_of(message), &combined);
    if (series == NULL) {
        auto_free char *key = make_key(events, object);
        series = add_series(events, subject, key, hash_of(what), hash_of(message), combined);
    }
    series->last = clock_seconds();
    series->count++;
    bool affordable = spend(events, subject);
    if (affordable || series->news != NULL) {
        drop_news(series);
        series->news = xcalloc(1, sizeof(*series->news));
        *series->news = (struct news){
            .time = time(NULL),
            .warning = warning,
            .reason = xstrdup(reason),
            .message = series->combined ? make_message(combined_prefix, text) : steal(&message),
            .resource_version = xstrdup(kube_resource_version(object)),
        };
    }
    if (affordable) {
        series->is_newer = true;
        kube_queue_add(events->queue, series->key);
    }
}

static void on_written(void *user, const struct kube_answer *answer);

static void write_series(void *user, const char *key)
{
    struct kube_events *events = user;
    struct series *series = NULL;
    HASH_FIND_STR(events->series, key, series);
    if (series == NULL) { /* forgotten meanwhile */
        kube_queue_done(events->queue, key);
        return;
    }
    auto_json json_t *event = make_event(series);
    auto_json json_t *patch = json_pack("{s:O, s:O, s:O}", "count", json_object_get(event, "count"),
        "message", json_object_get(event, "message"), "lastTimestamp",
        json_object_get(event, "lastTimestamp"));
    const json_t *metadata = json_object_get(event, "metadata");
    struct kube_request request = {
        .verb = series->created ? KUBE_PATCH_MERGE : KUBE_CREATE,
        .resource = &kube_events,
        .namespace = json_get_string(metadata, "namespace"),
        .name = series->created ? json_get_string(metadata, "name") : NULL,
        .body = series->created ? patch : event,
        .no_body = true,
    };
    series->is_newer = false;
    series->call = kube_call_start(events->client, &request, on_written, series);
}

static bool may_pass(enum kube_reason reason)
{
    return reason == KUBE_UNREACHABLE || reason == KUBE_SERVER_ERROR ||
           reason == KUBE_TOO_MANY_REQUESTS;
}

/* Ends a write, whether it succeeded or was given up, and frees what is no longer needed: there are
 * many events. */
static void end_write(struct series *series)
{
    struct kube_events *events = series->events;
    series->failures = 0;
    if (!series->is_newer)
        drop_news(series);
    kube_queue_done(events->queue, series->key);
    forget_subjects(events);
}

/* Writes the event again, in the other way: created or updated. */
static void write_again(struct series *series, bool created)
{
    series->created = created;
    series->is_newer = true;
    kube_queue_add(series->events->queue, series->key);
    end_write(series);
}

static void on_written(void *user, const struct kube_answer *answer)
{
    struct series *series = user;
    const struct kube_failure *failure = answer->failure;
    series->call = NULL;
    if (failure == NULL) {
        series->created = true;
        end_write(series);
    } else if (may_pass(failure->reason) && ++series->failures < WRITE_TRIES) {
        kube_queue_failed(series->events->queue, series->key, failure->retry_after_ms);
    } else if (failure->reason == KUBE_ALREADY_EXISTS && !series->created) {
        write_again(series, true); /* an earlier try created it, but its answer was lost */
    } else if (failure->reason == KUBE_NOT_FOUND && series->created) {
        write_again(series, false); /* it has expired there */
    } else {
        kube_client_warn(series->events->client, "%s; the event was: %s: %s", failure->message,
            series->news->reason, series->news->message);
        end_write(series);
    }
}

static void on_hold_over(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int revents)
{
    struct kube_events *events = timer->data;
    kube_queue_resume(events->queue);
}

void kube_events_hold(struct kube_events *events)
{
    if (events->held)
        return;
    events->held = true;
    kube_queue_pause(events->queue);
    ev_now_update(EV_DEFAULT);
    ev_timer_set(&events->hold, HOLD_SECONDS, 0);
    ev_timer_start(EV_DEFAULT, &events->hold);
}

void kube_events_release(struct kube_events *events)
{
    if (!events->held)
        return;
    events->held = false;
    ev_timer_stop(EV_DEFAULT, &events->hold);
    kube_queue_resume(events->queue);
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
    ev_init(&events->hold, on_hold_over);
    events->hold.data = events;
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
    ev_timer_stop(EV_DEFAULT, &events->hold);
    kube_queue_free(events->queue);
    free(events->component);
    free(events->instance);
    free(events);
}
