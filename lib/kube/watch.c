#include "kube/watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/exchange.h"
#include "kube/lines.h"
#include "kube/request.h"
#include "kube/retry.h"
#include "kube/watch_event.h"

enum {
    DEFAULT_TIMEOUT_S = 290,
    TIMEOUT_JITTER_S = 60,
    DEFAULT_MAX_EVENT = 8 << 20,
    GRACE_S = 10, /* that a server may take to end a watch after its time-out */
};

struct kube_watch {
    struct kube_exchange exchange;
    struct kube_resource resource;
    const char *const *keep; /* borrowed */
    struct kube_lines lines;
    ev_timer timer; /* for the start, then for silence */
    bool started;
    double silence; /* seconds without data that end it */
    double heard; /* when the last data arrived; clock_seconds */
    bool is_busy; /* a callback is running: its caller frees the watch */
    bool is_over; /* no callback may be called */
    kube_watch_event *on_event;
    kube_watch_skipped *on_skipped;
    kube_list_bad *on_unreadable;
    kube_watch_end *on_end;
    void *user;
};

static void watch_free(struct kube_watch *watch)
{
    ev_timer_stop(ev_default_loop(EVFLAG_AUTO), &watch->timer);
    kube_exchange_clear(&watch->exchange);
    kube_lines_clear(&watch->lines);
    free(watch);
}

/* Reports the end of the watch: with failure, or a normal end if that is NULL. */
static void tell_end(struct kube_watch *watch, const struct kube_failure *failure)
{
    watch->is_busy = true;
    watch->is_over = true;
    watch->on_end(watch->user, failure);
}

/* The server ends the watch with an event whose object is a Status. */
static void end_with_status(struct kube_watch *watch, const json_t *status)
{
    json_int_t code = json_integer_value(json_object_get(status, "code"));
    bool valid = code >= 400 && code <= 599;
    auto_kube_failure struct kube_failure *failure =
        kube_failure_from_answer(watch->exchange.what, valid ? (int)code : 0, status, 0);
    tell_end(watch, failure);
}

static void tell_skipped(struct kube_watch *watch, const char *why)
{
    auto_free char *message = xasprintf("%s: an event was skipped: %s", watch->exchange.what, why);
    if (watch->on_skipped != NULL)
        watch->on_skipped(watch->user, message);
}

static bool on_line(void *user, const char *line, size_t length)
{
    struct kube_watch *watch = user;
    if (line == NULL) {
        auto_free char *why =
            xasprintf("it is %zu bytes long; the limit is %zu", length, watch->lines.limit);
        tell_skipped(watch, why);
        return !watch->is_over;
    }
    struct kube_watch_read read;
    kube_watch_read(&watch->resource, watch->keep, line, length, &read);
    switch (read.line) {
    case KUBE_LINE_EVENT:
        watch->on_event(watch->user, read.type, read.object);
        break;
    case KUBE_LINE_ERROR:
        end_with_status(watch, read.object);
        break;
    case KUBE_LINE_SKIPPED:
        tell_skipped(watch, read.why);
        break;
    case KUBE_LINE_UNREADABLE:
        watch->on_unreadable(watch->user, read.object, read.why);
        break;
    }
    kube_watch_read_clear(&read);
    return !watch->is_over;
}

static void on_data(void *user, const char *data, size_t length)
{
    struct kube_watch *watch = user;
    watch->heard = clock_seconds();
    watch->is_busy = true;
    kube_lines_feed(&watch->lines, data, length, on_line, watch);
    watch->is_busy = false;
    if (watch->is_over)
        watch_free(watch);
}

static void on_end(void *user, const struct http_outcome *outcome)
{
    struct kube_watch *watch = user;
    auto_kube_failure struct kube_failure *failure =
        kube_exchange_read(&watch->exchange, outcome, NULL);
    tell_end(watch, failure);
    watch_free(watch);
}

static void arm(struct kube_watch *watch, double seconds)
{
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    ev_now_update(loop);
    ev_timer_set(&watch->timer, seconds, 0);
    ev_timer_start(loop, &watch->timer);
}

static void on_timer(UNUSED struct ev_loop *loop, ev_timer *timer, UNUSED int events)
{
    struct kube_watch *watch = timer->data;
    if (!watch->started) {
        watch->started = true;
        watch->heard = clock_seconds();
        arm(watch, watch->silence);
        kube_exchange_start(&watch->exchange);
        return;
    }
    double left = watch->heard + watch->silence - clock_seconds();
    if (left > 0) {
        arm(watch, left);
        return;
    }
    auto_kube_failure struct kube_failure *failure = kube_failure_new(watch->exchange.what,
        KUBE_UNREACHABLE, 0, "%s has sent nothing for %.0f s",
        watch->exchange.session->config->server, watch->silence);
    tell_end(watch, failure);
    watch_free(watch);
}

static void abandon(void *user)
{
    watch_free(user);
}

static char *make_path(const struct kube_watch_options *options, int timeout_seconds)
{
    auto_free char *timeout = xasprintf("%d", timeout_seconds);
    char *path = kube_resource_path(options->resource, options->namespace, NULL, NULL);
    kube_query_add(&path, "watch", "true");
    kube_query_add(&path, "allowWatchBookmarks", "true");
    kube_query_add(&path, "labelSelector", options->label_selector);
    kube_query_add(&path, "fieldSelector", options->field_selector);
    kube_query_add(&path, "resourceVersion", options->resource_version);
    kube_query_add(&path, "timeoutSeconds", timeout);
    return path;
}

struct kube_watch *kube_watch_start(
    struct kube_client *client, const struct kube_watch_options *options)
{
    int timeout_seconds = options->timeout_seconds > 0
                              ? options->timeout_seconds
                              : DEFAULT_TIMEOUT_S + (int)kube_retry_jitter(TIMEOUT_JITTER_S);
    struct kube_watch *watch = xcalloc(1, sizeof(*watch));
    kube_exchange_init(&watch->exchange, kube_client_session(client));
    watch->exchange.verb = "watch";
    watch->exchange.method = "GET";
    watch->exchange.what =
        kube_request_describe("watch", options->resource, options->namespace, NULL, NULL);
    watch->exchange.path = make_path(options, timeout_seconds);
    watch->exchange.on_data = on_data;
    watch->exchange.on_end = on_end;
    watch->exchange.abandon = abandon;
    watch->exchange.user = watch;
    watch->resource = *options->resource;
    watch->lines.limit = options->max_event > 0 ? options->max_event : DEFAULT_MAX_EVENT;
    watch->silence = timeout_seconds + GRACE_S;
    watch->on_event = options->on_event;
    watch->on_skipped = options->on_skipped;
    watch->on_unreadable = options->on_unreadable;
    watch->keep = options->keep;
    watch->on_end = options->on_end;
    watch->user = options->user;
    ev_init(&watch->timer, on_timer);
    watch->timer.data = watch;
    arm(watch, 0);
    return watch;
}

void kube_watch_cancel(struct kube_watch *watch)
{
    watch->is_over = true;
    if (!watch->is_busy)
        watch_free(watch);
}
