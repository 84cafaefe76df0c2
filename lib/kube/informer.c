#include "kube/informer.h"

#include <ev.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/cache.h"
#include "kube/list.h"
#include "kube/retry.h"
#include "kube/warnings.h"

enum {
    DEFAULT_PAGE = 500, /* as client-go asks for; one object is in memory at a time */
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 10000,
    BACKOFF_HEARD_MAX_MS = 1000, /* after a watch that told of a change: the next may be due */
    /* After so many watches in a row that the server refuses, its history may be another than ours,
     * as after etcd was restored, and the cache is listed again. */
    REFUSALS_MAX = 5,
    /* After so many lists that expired before they were complete, everything is requested in
     * one. */
    EXPIRIES_MAX = 2,
    LONGEST_SHOWN = 300,
    /* What the objects may take, as kube_cache_bytes says: 90,000 VMIs take 64 MiB. */
    MOST_BYTES = 64 << 20,
    /* Of one list: more pages are paced, or refused. MOST_BYTES fill 180 pages with VMIs. */
    PAGES_AT_ONCE = 50,
    MOST_PAGES = 2000,
    IDLE_PAGES_MAX = 10, /* pages in a row that are empty, or begin like the one before */
};

static const double page_pause_seconds = 0.1;

/* A watch that lasts this long is a good one: earlier failures are forgotten. */
static const double good_watch_seconds = 5;

struct kube_informer {
    struct kube_client *client;
    struct kube_informer_options options; /* its strings are owned */
    struct kube_cache *cache;
    /* At any time, one of these is active. */
    struct kube_call *list;
    struct kube_watch *watch;
    ev_timer pause; /* before either */
    char *continue_token; /* of the next page of a list, or NULL */
    char *version; /* to watch from; NULL: list first */
    double watch_began; /* clock_seconds */
    int failures; /* in a row */
    bool heard; /* of a change, since the last back-off */
    int expiries; /* of lists, in a row */
    unsigned pages, idle_pages; /* of this list */
    char *first_key; /* of the last page that has one; or NULL */
    bool page_has_key; /* of this page: first_key is its */
    bool page_repeats; /* this page begins like the one before */
    bool full; /* an object was refused: the objects would take more than MOST_BYTES */
    struct kube_warnings warnings;
    bool listed; /* just now: memory is to be returned */
    bool synced;
    unsigned long restarts;
};

static void go_on_after(struct kube_informer *informer, double seconds)
{
    ev_now_update(EV_DEFAULT);
    ev_timer_set(&informer->pause, seconds, 0);
    ev_timer_start(EV_DEFAULT, &informer->pause);
}

/* Continues after a delay that doubles with each failure, less a random part of up to a half: the
 * many clients of a server that comes back must not all come at once. Returns it, in seconds. */
static double back_off(struct kube_informer *informer)
{
    int64_t delay_ms = BACKOFF_MIN_MS;
    int64_t most_ms = informer->heard ? BACKOFF_HEARD_MAX_MS : BACKOFF_MAX_MS;
    informer->heard = false;
    for (int i = 0; i < informer->failures && delay_ms < most_ms; i++)
        delay_ms *= 2;
    if (delay_ms > most_ms)
        delay_ms = most_ms;
    if (informer->failures < INT_MAX)
        informer->failures++;
    delay_ms -= kube_retry_jitter(delay_ms / 2);
    double seconds = (double)delay_ms / 1000;
    go_on_after(informer, seconds);
    return seconds;
}

static void tell(
    struct kube_informer *informer, const char *key, const json_t *before, const json_t *after)
{
    if (informer->options.on_change != NULL)
        informer->options.on_change(informer->options.user, key, before, after);
}

static void tell_gone(void *user, const char *key, const json_t *object)
{
    tell(user, key, object, NULL);
}

static void remove_key(struct kube_informer *informer, const char *key)
{
    auto_json json_t *before = kube_cache_remove(informer->cache, key);
    if (before != NULL)
        tell(informer, key, before, NULL);
}

/* What of object is kept; a new reference, or NULL. */
static json_t *prune(struct kube_informer *informer, json_t *object)
{
    if (informer->options.prune != NULL)
        return informer->options.prune(informer->options.user, object);
    json_object_del(json_object_get(object, "metadata"), "managedFields");
    return json_incref(object);
}

/* Items of a list of a built-in kind lack their type, and keep may leave it out. */
static void add_type(const struct kube_resource *resource, json_t *object)
{
    if (json_object_get(object, "kind") != NULL)
        return;
    auto_free char *api_version = kube_resource_api_version(resource);
    json_object_set_new(object, "apiVersion", json_string(api_version));
    json_object_set_new(object, "kind", json_string(resource->kind));
}

static void put(struct kube_informer *informer, const char *key, json_t *object)
{
    add_type(informer->options.resource, object);
    auto_json json_t *kept = prune(informer, object);
    if (!json_is_object(kept)) {
        remove_key(informer, key);
        return;
    }
    if (kube_cache_fresh_bytes(informer->cache) >= MOST_BYTES) {
        informer->full = true;
        return;
    }
    auto_json json_t *before = NULL;
    if (!kube_cache_put(informer->cache, key, kept, &before))
        return;
    if (before != NULL && !streq(kube_uid(before), kube_uid(kept))) {
        tell(informer, key, before, NULL);
        json_decref(before);
        before = NULL;
    }
    tell(informer, key, before, kept);
}

/* What is wrong with an object from the server: it lacks what every object has, or is not what was
 * asked for. Owned by the caller; NULL: nothing. */
static char *fault_of(const struct kube_informer *informer, const json_t *object)
{
    const struct kube_resource *resource = informer->options.resource;
    const char *wanted = informer->options.namespace;
    const char *kind = json_get_string(object, "kind");
    const char *lacking = NULL;
    if (kube_name(object)[0] == '\0')
        lacking = "name";
    else if (resource->namespaced && kube_namespace(object)[0] == '\0')
        lacking = "namespace";
    else if (kube_resource_version(object)[0] == '\0')
        lacking = "resourceVersion";
    if (lacking != NULL)
        return xasprintf("an object without metadata.%s was skipped", lacking);
    if (kind != NULL && !streq(kind, resource->kind))
        return xasprintf("an object of the kind %s was skipped", kind);
    if (resource->namespaced && wanted != NULL && !streq(kube_namespace(object), wanted))
        return xasprintf("an object of the namespace %s was skipped", kube_namespace(object));
    return NULL;
}

/* The key of an object from the server, owned by the caller; or NULL with a warning. */
static char *checked_key(struct kube_informer *informer, const json_t *object)
{
    auto_free char *fault = fault_of(informer, object);
    if (fault == NULL)
        return kube_key(object);
    auto_free char *message =
        xasprintf("%s %s: %s", informer->options.resource->plural, kube_name(object), fault);
    auto_free char *shown = text_printable(message, strlen(message), LONGEST_SHOWN);
    kube_warnings_add(&informer->warnings, shown);
    return NULL;
}

/* Notes whether a page of a list begins like the one before. */
static void note_first(struct kube_informer *informer, const char *key)
{
    if (informer->page_has_key)
        return;
    informer->page_has_key = true;
    informer->page_repeats = informer->first_key != NULL && streq(informer->first_key, key);
    xstrset(&informer->first_key, key);
}

static void on_item(void *user, json_t *item)
{
    struct kube_informer *informer = user;
    auto_free char *key = checked_key(informer, item);
    if (key == NULL)
        return;
    note_first(informer, key);
    put(informer, key, item);
}

/* What was known of the object stays: it exists. */
static void on_bad_item(void *user, const json_t *stub, const char *why)
{
    struct kube_informer *informer = user;
    auto_free char *key = kube_key(stub);
    kube_cache_keep(informer->cache, key);
    if (informer->options.on_unreadable != NULL)
        informer->options.on_unreadable(informer->options.user, stub, why);
    auto_free char *shown = text_printable(key, strlen(key), LONGEST_SHOWN);
    auto_free char *message = xasprintf(
        "%s %s: the object was skipped: %s", informer->options.resource->plural, shown, why);
    kube_warnings_add(&informer->warnings, message);
}

static void on_page(void *user, const struct kube_answer *answer);

static void list_page(struct kube_informer *informer)
{
    const struct kube_informer_options *options = &informer->options;
    const struct kube_list_sink each = {
        .on_item = on_item, .on_bad = on_bad_item, .user = informer, .keep = options->keep};
    /* a list that starts over repeats this: only a whole one sweeps */
    if (informer->continue_token == NULL) {
        kube_cache_stale(informer->cache);
        informer->pages = informer->idle_pages = 0;
        informer->full = false;
        xstrset(&informer->first_key, NULL);
    }
    informer->page_has_key = informer->page_repeats = false;
    informer->pages++;
    struct kube_request request = {
        .verb = KUBE_LIST,
        .resource = options->resource,
        .namespace = options->namespace,
        .label_selector = options->label_selector,
        .field_selector = options->field_selector,
        .continue_token = informer->continue_token,
        .limit = informer->expiries < EXPIRIES_MAX ? options->page : 0,
        .each = &each,
    };
    informer->list = kube_call_start(informer->client, &request, on_page, informer);
}

static void list_failed(struct kube_informer *informer, const char *why)
{
    xstrset(&informer->continue_token, NULL);
    informer->restarts++;
    /* lists that fail must not add up */
    if (kube_cache_bytes(informer->cache) >= MOST_BYTES)
        kube_cache_undo(informer->cache, tell_gone, informer);
    double seconds = back_off(informer);
    kube_client_warn(informer->client, "%s; listing again in %.1f s", why, seconds);
}

static void list_done(struct kube_informer *informer, const char *version)
{
    kube_cache_sweep(informer->cache, tell_gone, informer);
    xstrset(&informer->version, version);
    informer->expiries = 0;
    informer->listed = true;
    if (!informer->synced) {
        informer->synced = true;
        if (informer->options.on_synced != NULL)
            informer->options.on_synced(informer->options.user);
    }
    go_on_after(informer, 0);
}

/* Why a list cannot go on after a page, although the server gave it without a failure. next is the
 * token of the next page, or "". Owned by the caller; NULL: it can. */
static char *fault_of_page(struct kube_informer *informer, const char *next)
{
    const char *plural = informer->options.resource->plural;
    bool idle = !informer->page_has_key || informer->page_repeats;
    informer->idle_pages = idle ? informer->idle_pages + 1 : 0;
    if (informer->full)
        return xasprintf(
            "list %s: the objects take more than %d MiB", plural, (int)(MOST_BYTES >> 20));
    if (next[0] == '\0')
        return NULL;
    if (informer->continue_token != NULL && streq(informer->continue_token, next))
        return xasprintf("list %s: the server gives the same continue token again", plural);
    if (informer->idle_pages >= IDLE_PAGES_MAX)
        return xasprintf(
            "list %s: the server gives page after page, but no further object", plural);
    if (informer->pages >= MOST_PAGES)
        return xasprintf("list %s: the list has not ended after %d pages", plural, MOST_PAGES);
    return NULL;
}

static void on_page(void *user, const struct kube_answer *answer)
{
    struct kube_informer *informer = user;
    informer->list = NULL;
    if (answer->failure != NULL) {
        /* After some that have expired a list is asked for as a whole; if that fails, in pages again. */
        bool as_a_whole = informer->expiries >= EXPIRIES_MAX;
        bool expired = answer->failure->reason == KUBE_EXPIRED && !as_a_whole;
        informer->expiries = expired ? informer->expiries + 1 : 0;
        list_failed(informer, answer->failure->message);
        return;
    }
    const char *next =
        text_or(json_get_string(json_object_get(answer->body, "metadata"), "continue"), "");
    auto_free char *fault = fault_of_page(informer, next);
    if (fault != NULL) {
        list_failed(informer, fault);
        return;
    }
    xstrset(&informer->continue_token, next[0] != '\0' ? next : NULL);
    if (informer->continue_token == NULL)
        list_done(informer, kube_resource_version(answer->body));
    else if (informer->pages < PAGES_AT_ONCE)
        list_page(informer);
    else
        go_on_after(informer, page_pause_seconds);
}

/* There are more objects than may be kept: the list says which of them exist. */
static void end_full_watch(struct kube_informer *informer)
{
    kube_watch_cancel(informer->watch);
    informer->watch = NULL;
    informer->restarts++;
    xstrset(&informer->version, NULL);
    double seconds = back_off(informer);
    kube_client_warn(informer->client,
        "watch %s: the objects take more than %d MiB; listing again in %.1f s",
        informer->options.resource->plural, (int)(MOST_BYTES >> 20), seconds);
}

static void on_event(void *user, enum kube_event_type type, json_t *object)
{
    struct kube_informer *informer = user;
    const char *version = kube_resource_version(object);
    if (type == KUBE_BOOKMARK) {
        if (version[0] != '\0')
            xstrset(&informer->version, version);
        return;
    }
    auto_free char *key = checked_key(informer, object);
    if (key == NULL)
        return;
    xstrset(&informer->version, version);
    informer->heard = true;
    if (type == KUBE_DELETED)
        remove_key(informer, key);
    else
        put(informer, key, object);
    if (informer->full)
        end_full_watch(informer);
}

static void on_skipped(void *user, const char *why)
{
    struct kube_informer *informer = user;
    auto_free char *message = xasprintf("watch %s: %s", informer->options.resource->plural, why);
    kube_warnings_add(&informer->warnings, message);
}

static void on_watch_end(void *user, const struct kube_failure *failure)
{
    struct kube_informer *informer = user;
    informer->watch = NULL;
    bool held = clock_seconds() - informer->watch_began >= good_watch_seconds;
    if (held)
        informer->failures = 0;
    if (failure == NULL) {
        if (held)
            go_on_after(informer, 0);
        else
            back_off(informer);
        return;
    }
    informer->restarts++;
    bool expired = failure->reason == KUBE_EXPIRED;
    bool refused = failure->code != 0 && failure->reason != KUBE_TOO_MANY_REQUESTS;
    if (expired || (refused && informer->failures >= REFUSALS_MAX))
        xstrset(&informer->version, NULL);
    double seconds = back_off(informer);
    kube_client_warn(informer->client, "%s; %s in %.1f s", failure->message,
        informer->version == NULL ? "listing again" : "resuming the watch", seconds);
}

static void start_watch(struct kube_informer *informer)
{
    struct kube_watch_options options = {
        .resource = informer->options.resource,
        .namespace = informer->options.namespace,
        .label_selector = informer->options.label_selector,
        .field_selector = informer->options.field_selector,
        .resource_version = informer->version,
        .on_event = on_event,
        .on_skipped = on_skipped,
        .on_unreadable = on_bad_item,
        .keep = informer->options.keep,
        .on_end = on_watch_end,
        .user = informer,
    };
    informer->watch_began = clock_seconds();
    informer->watch = kube_watch_start(informer->client, &options);
}

static void on_pause_over(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct kube_informer *informer = watcher->data;
    if (informer->listed) { /* its pages took many times the memory of what is kept */
        informer->listed = false;
        malloc_trim(0);
    }
    if (informer->version == NULL)
        list_page(informer);
    else
        start_watch(informer);
}

struct kube_informer *kube_informer_new(
    struct kube_client *client, const struct kube_informer_options *options)
{
    struct kube_informer *informer = xcalloc(1, sizeof(*informer));
    informer->client = client;
    informer->options = *options;
    struct kube_informer_options *own = &informer->options;
    own->namespace = own->namespace != NULL ? xstrdup(own->namespace) : NULL;
    own->label_selector = own->label_selector != NULL ? xstrdup(own->label_selector) : NULL;
    own->field_selector = own->field_selector != NULL ? xstrdup(own->field_selector) : NULL;
    if (own->page <= 0)
        own->page = DEFAULT_PAGE;
    informer->warnings.client = client;
    informer->warnings.about = own->resource->plural;
    informer->cache = kube_cache_new();
    ev_init(&informer->pause, on_pause_over);
    informer->pause.data = informer;
    list_page(informer);
    return informer;
}

void kube_informer_free(struct kube_informer *informer)
{
    if (informer == NULL)
        return;
    if (informer->list != NULL)
        kube_call_cancel(informer->list);
    if (informer->watch != NULL)
        kube_watch_cancel(informer->watch);
    ev_timer_stop(EV_DEFAULT, &informer->pause);
    kube_cache_free(informer->cache);
    free((char *)informer->options.namespace);
    free((char *)informer->options.label_selector);
    free((char *)informer->options.field_selector);
    free(informer->continue_token);
    free(informer->first_key);
    free(informer->version);
    free(informer);
}

bool kube_informer_synced(const struct kube_informer *informer)
{
    return informer->synced;
}

const json_t *kube_informer_get(const struct kube_informer *informer, const char *key)
{
    return kube_cache_get(informer->cache, key);
}

json_t *kube_informer_read(const struct kube_informer *informer, const char *key)
{
    return kube_cache_read(informer->cache, key);
}

size_t kube_informer_count(const struct kube_informer *informer)
{
    return kube_cache_count(informer->cache);
}

void kube_informer_each(const struct kube_informer *informer,
    void (*each)(void *user, const char *key, const json_t *object), void *user)
{
    kube_cache_each(informer->cache, each, user);
}

unsigned long kube_informer_restarts(const struct kube_informer *informer)
{
    return informer->restarts;
}
