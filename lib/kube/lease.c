#include "kube/lease.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/retry.h"

enum {
    DEFAULT_DURATION_MS = 15000,
    DEFAULT_RENEW_DEADLINE_MS = 10000,
    DEFAULT_RETRY_MS = 2000,
    DURATION_MAX_SECONDS = 86400, /* of another's lease: more is treated as a mistake */
    RELEASE_TRIES = 3,
};

struct kube_lease {
    struct kube_client *client;
    struct kube_lease_options options; /* its strings are owned */
    struct kube_call *call; /* or NULL */
    bool claiming; /* call acquires or renews the lease */
    ev_timer next; /* try; while there is no call */
    ev_timer deadline; /* for the leader to renew, or for a release to finish */
    json_t *object; /* the lease as it was last read or written; or NULL */
    bool current; /* object is what the server has, as far as is known */
    double observed; /* when its current spec was first seen */
    double sent; /* when the current write began */
    bool held;
    char *leader; /* as reported to on_leader */
    char *complaint; /* the last failure, which is reported once; or NULL */
    bool releasing;
    int release_tries; /* left */
    void (*released)(void *user);
    void *released_user;
};

/* Seconds of this process's own clock; the times in the lease do not count. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The time as a MicroTime of the API. New reference. */
static json_t *micro_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    struct tm utc;
    gmtime_r(&time.tv_sec, &utc);
    char date[32];
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    return json_sprintf("%s.%06ldZ", date, time.tv_nsec / 1000);
}

static const json_t *spec_of(const struct kube_lease *lease)
{
    return json_object_get(lease->object, "spec");
}

/* The holder of the lease as it was last seen; "" for none. */
static const char *holder_of(const struct kube_lease *lease)
{
    return text_or(json_get_string(spec_of(lease), "holderIdentity"), "");
}

static bool is_ours(const struct kube_lease *lease)
{
    return streq(holder_of(lease), lease->options.identity);
}

/* When the lease as it was last seen expires, unless it is renewed. */
static double expiry_of(const struct kube_lease *lease)
{
    json_int_t seconds =
        json_integer_value(json_object_get(spec_of(lease), "leaseDurationSeconds"));
    if (seconds <= 0 || seconds > DURATION_MAX_SECONDS)
        return lease->observed + (double)lease->options.duration_ms / 1000;
    return lease->observed + (double)seconds;
}

/* Keeps the lease as the server has it now. */
static void observe(struct kube_lease *lease, json_t *object, double when)
{
    if (lease->object == NULL || !json_equal(spec_of(lease), json_object_get(object, "spec")))
        lease->observed = when;
    json_decref(lease->object);
    lease->object = json_incref(object);
    lease->current = kube_resource_version(object)[0] != '\0';
}

static void forget(struct kube_lease *lease)
{
    json_decref(lease->object);
    lease->object = NULL;
    lease->current = false;
}

static void tell_leader(struct kube_lease *lease)
{
    const char *holder = holder_of(lease);
    if (holder[0] == '\0' || (lease->leader != NULL && streq(lease->leader, holder)))
        return;
    xstrset(&lease->leader, holder);
    if (lease->options.on_leader != NULL && !lease->releasing)
        lease->options.on_leader(lease->options.user, lease->leader);
}

static void complain(struct kube_lease *lease, const char *message)
{
    if (lease->complaint == NULL || !streq(lease->complaint, message))
        kube_client_warn(lease->client, "%s", message);
    xstrset(&lease->complaint, message);
}

static void try_after(struct kube_lease *lease, double seconds)
{
    ev_now_update(EV_DEFAULT);
    ev_timer_stop(EV_DEFAULT, &lease->next);
    ev_timer_set(&lease->next, seconds > 0 ? seconds : 0, 0);
    ev_timer_start(EV_DEFAULT, &lease->next);
}

/* The leader tries at regular intervals; the others with jitter, and when the lease expires. */
static void try_later(struct kube_lease *lease)
{
    double retry = (double)lease->options.retry_ms / 1000;
    if (lease->held) {
        try_after(lease, retry);
        return;
    }
    double chance = (double)kube_retry_jitter(1000) / 1000;
    double delay = retry * (1 + 1.2 * chance);
    double expiry = expiry_of(lease) - now() + retry * 0.1 * chance;
    bool others = holder_of(lease)[0] != '\0' && !is_ours(lease);
    try_after(lease, others && expiry > 0 && expiry < delay ? expiry : delay);
}

static void set_deadline(struct kube_lease *lease, double seconds)
{
    ev_now_update(EV_DEFAULT);
    ev_timer_stop(EV_DEFAULT, &lease->deadline);
    ev_timer_set(&lease->deadline, seconds > 0 ? seconds : 0, 0);
    ev_timer_start(EV_DEFAULT, &lease->deadline);
}

static void stop(struct kube_lease *lease)
{
    if (lease->call != NULL)
        kube_call_cancel(lease->call);
    lease->call = NULL;
    lease->claiming = false;
    ev_timer_stop(EV_DEFAULT, &lease->next);
    ev_timer_stop(EV_DEFAULT, &lease->deadline);
}

/* May free the lease. */
static void end_release(struct kube_lease *lease)
{
    stop(lease);
    lease->held = false;
    lease->released(lease->released_user);
}

static void lose(struct kube_lease *lease)
{
    ev_timer_stop(EV_DEFAULT, &lease->deadline);
    lease->held = false;
    lease->current = false;
    try_later(lease);
    if (lease->options.on_lost != NULL)
        lease->options.on_lost(lease->options.user);
}

/* The lease as it will be written: held by us, or by nobody when it is being released. New
 * reference. */
static json_t *make_object(const struct kube_lease *lease)
{
    json_t *object = json_deep_copy(lease->object);
    if (object == NULL)
        object = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "coordination.k8s.io/v1",
            "kind", "Lease", "metadata", "name", lease->options.name, "namespace",
            lease->options.namespace);
    json_t *spec = json_object_get(object, "spec");
    if (!json_is_object(spec)) {
        spec = json_object();
        json_object_set_new(object, "spec", spec);
    }
    bool keeping = is_ours(lease) && !lease->releasing;
    auto_json json_t *time = micro_time();
    json_object_set(spec, "renewTime", time);
    if (!keeping)
        json_object_set(spec, "acquireTime", time);
    int64_t seconds = lease->releasing ? 1 : (lease->options.duration_ms + 999) / 1000;
    json_object_set_new(spec, "leaseDurationSeconds", json_integer(seconds));
    json_int_t transitions = json_integer_value(json_object_get(spec, "leaseTransitions"));
    if (transitions < 0)
        transitions = 0;
    if (lease->object != NULL && !is_ours(lease) && transitions < INT32_MAX)
        transitions++;
    json_object_set_new(spec, "leaseTransitions", json_integer(transitions));
    json_object_set_new(
        spec, "holderIdentity", json_string(lease->releasing ? "" : lease->options.identity));
    return object;
}

/* The time-out of one try of a request, in milliseconds: one that hangs leaves time for another
 * before the deadline. As users of client-go do it. */
static int64_t try_ms(const struct kube_lease *lease)
{
    return lease->options.renew_deadline_ms / 2;
}

static void on_read(void *user, const struct kube_answer *answer);
static void on_written(void *user, const struct kube_answer *answer);

static void read_lease(struct kube_lease *lease)
{
    struct kube_request request = {
        .verb = KUBE_GET,
        .resource = &kube_leases,
        .namespace = lease->options.namespace,
        .name = lease->options.name,
        .timeout_ms = try_ms(lease),
    };
    lease->call = kube_call_start(lease->client, &request, on_read, lease);
}

/* Updates the lease on condition that nobody has since it was read, or creates it. */
static void write_lease(struct kube_lease *lease)
{
    auto_json json_t *body = make_object(lease);
    struct kube_request request = {
        .verb = lease->object != NULL ? KUBE_UPDATE : KUBE_CREATE,
        .resource = &kube_leases,
        .namespace = lease->options.namespace,
        .name = lease->object != NULL ? lease->options.name : NULL,
        .body = body,
        .timeout_ms = try_ms(lease),
    };
    lease->sent = now();
    lease->claiming = !lease->releasing;
    lease->call = kube_call_start(lease->client, &request, on_written, lease);
}

static void read_failed(struct kube_lease *lease, const char *message)
{
    complain(lease, message);
    if (lease->releasing)
        end_release(lease);
    else
        try_later(lease);
}

static void on_read(void *user, const struct kube_answer *answer)
{
    struct kube_lease *lease = user;
    lease->call = NULL;
    const struct kube_failure *failure = answer->failure;
    if (failure != NULL && failure->reason != KUBE_NOT_FOUND) {
        read_failed(lease, failure->message);
        return;
    }
    if (failure == NULL)
        observe(lease, answer->body, now());
    else
        forget(lease);
    if (failure == NULL && !lease->current) {
        read_failed(lease, "get leases: the answer has no resourceVersion");
        return;
    }
    tell_leader(lease);
    bool free_to_take = holder_of(lease)[0] == '\0' || expiry_of(lease) <= now();
    if (is_ours(lease) || (free_to_take && !lease->releasing))
        write_lease(lease);
    else if (lease->releasing)
        end_release(lease);
    else if (lease->held)
        lose(lease);
    else
        try_later(lease);
}

static void on_renewed(struct kube_lease *lease, json_t *object)
{
    xstrset(&lease->complaint, NULL);
    observe(lease, object, lease->sent);
    if (!is_ours(lease)) { /* read it again: somebody else may hold it */
        complain(lease, "update leases: the answer has another holder than what was written");
        lease->current = false;
        try_later(lease);
        return;
    }
    double valid_until = lease->sent + (double)lease->options.renew_deadline_ms / 1000;
    double left = valid_until - now();
    bool acquired = !lease->held && left > 0;
    if (acquired)
        lease->held = true;
    if (lease->held)
        set_deadline(lease, left);
    try_later(lease);
    tell_leader(lease);
    if (acquired && lease->options.on_acquired != NULL)
        lease->options.on_acquired(lease->options.user);
}

static void on_written(void *user, const struct kube_answer *answer)
{
    struct kube_lease *lease = user;
    bool claimed = lease->claiming;
    lease->call = NULL;
    lease->claiming = false;
    const struct kube_failure *failure = answer->failure;
    if (failure == NULL && !lease->releasing) {
        on_renewed(lease, answer->body);
        return;
    }
    /* What the server has is no longer known: read it the next time. */
    lease->current = false;
    bool overtaken = failure != NULL &&
                     (failure->reason == KUBE_CONFLICT || failure->reason == KUBE_ALREADY_EXISTS ||
                         failure->reason == KUBE_NOT_FOUND);
    if (failure != NULL && !overtaken)
        complain(lease, failure->message);
    if (!lease->releasing)
        try_later(lease);
    else if (claimed || (overtaken && --lease->release_tries > 0))
        read_lease(lease);
    else
        end_release(lease);
}

static void on_next(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct kube_lease *lease = watcher->data;
    if (lease->held && lease->current)
        write_lease(lease);
    else
        read_lease(lease);
}

static void on_deadline(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct kube_lease *lease = watcher->data;
    if (lease->releasing) {
        end_release(lease);
        return;
    }
    stop(lease);
    kube_client_warn(lease->client, "lease %s/%s: could not be renewed for %.0f s: giving it up",
        lease->options.namespace, lease->options.name,
        (double)lease->options.renew_deadline_ms / 1000);
    lose(lease);
}

struct kube_lease *kube_lease_new(
    struct kube_client *client, const struct kube_lease_options *options)
{
    struct kube_lease *lease = xcalloc(1, sizeof(*lease));
    lease->client = client;
    lease->options = *options;
    struct kube_lease_options *own = &lease->options;
    own->namespace = xstrdup(options->namespace);
    own->name = xstrdup(options->name);
    own->identity = xstrdup(options->identity);
    if (own->duration_ms <= 0)
        own->duration_ms = DEFAULT_DURATION_MS;
    if (own->renew_deadline_ms <= 0)
        own->renew_deadline_ms = DEFAULT_RENEW_DEADLINE_MS;
    if (own->retry_ms <= 0)
        own->retry_ms = DEFAULT_RETRY_MS;
    ev_init(&lease->next, on_next);
    lease->next.data = lease;
    ev_init(&lease->deadline, on_deadline);
    ev_set_priority(&lease->deadline, EV_MAXPRI); /* before anything is done in its name */
    lease->deadline.data = lease;
    read_lease(lease);
    return lease;
}

void kube_lease_release(struct kube_lease *lease, void (*released)(void *user), void *user)
{
    bool held = lease->held;
    bool taking = !held && lease->claiming;
    if (!taking)
        stop(lease);
    lease->releasing = true;
    lease->released = released;
    lease->released_user = user;
    lease->release_tries = RELEASE_TRIES;
    if (!held && !taking) {
        end_release(lease);
        return;
    }
    set_deadline(lease, (double)lease->options.renew_deadline_ms / 1000);
    if (taking)
        return; /* its answer will show whether there is a lease to release */
    if (lease->current)
        write_lease(lease);
    else
        read_lease(lease);
}

void kube_lease_free(struct kube_lease *lease)
{
    if (lease == NULL)
        return;
    stop(lease);
    json_decref(lease->object);
    free((char *)lease->options.namespace);
    free((char *)lease->options.name);
    free((char *)lease->options.identity);
    free(lease->leader);
    free(lease->complaint);
    free(lease);
}
