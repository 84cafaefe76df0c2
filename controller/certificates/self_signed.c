#include "controller/certificates/self_signed.h"

#include <ev.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/unused.h"
#include "controller/certificates/ca_bundle.h"
#include "controller/certificates/pace.h"
#include "controller/certificates/secret_pair.h"
#include "kube/informer.h"

/* How long to wait after writing the caBundle before a new leaf replaces a valid one: API servers
 * learn of the change through a watch. */
static const double settle_seconds = 10;

enum { DNS_NAMES = 4 };

struct controller_self_signed {
    struct kube_client *client;
    struct controller_self_signed_options options; /* its strings are owned */
    char *name; /* "Secret NAMESPACE/NAME" */
    char *dns_names[DNS_NAMES + 1]; /* NULL-terminated */
    struct kube_informer *informer; /* of the Secret, without the key; tells when to read it */
    struct kube_call *call; /* in progress: reading or writing the Secret */
    bool again; /* the Secret changed meanwhile */
    struct controller_pace pace; /* of reading the Secret; counts writes and failures */
    struct controller_ca_bundle *bundle;
    char *wanted; /* the caBundle, in PEM; NULL: not known yet */
    char *served_ca, *next_ca; /* PEM; NULL if those below are */
    struct tls_certificate *served; /* references, or NULL */
    struct tls_certificate *next; /* waits for the caBundle */
    bool taken; /* at least one pair from the Secret */
    struct ev_timer settled;
    struct ev_periodic renewal; /* also when the clock is set, see when_to_look */
    time_t start, renew; /* between which the pair of the Secret is good */
    bool ready;
};

static void serve(struct controller_self_signed *self)
{
    tls_certificate_unref(self->served);
    free(self->served_ca);
    self->served = steal(&self->next);
    self->served_ca = steal(&self->next_ca);
    tls_certificate_store_set(self->options.store, tls_certificate_ref(self->served));
    log_info("%s: now serving its certificate", self->name);
    if (!self->ready && self->options.on_ready != NULL)
        self->options.on_ready(self->options.user);
    self->ready = true;
}

static void on_settled(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct controller_self_signed *self = timer->data;
    if (controller_ca_bundle_is_right(self->bundle))
        serve(self);
}

/* Whether API servers accept the certificate that is served. */
static bool is_served_good(const struct controller_self_signed *self)
{
    time_t now = time(NULL);
    return self->served != NULL && tls_certificate_start(self->served) <= now &&
           now < tls_certificate_expiry(self->served) &&
           tls_certificate_signed_by(self->served, self->wanted);
}

/* Serves the next certificate, if it is time. */
static void go_on(void *user)
{
    struct controller_self_signed *self = user;
    if (self->next == NULL || !controller_ca_bundle_is_right(self->bundle))
        return;
    if (!is_served_good(self)) {
        if (self->served != NULL)
            log_warning("%s: the certificate that was served has expired, or is not trusted by the "
                        "caBundle; serving the new one at once",
                self->name);
        ev_timer_stop(EV_DEFAULT_ & self->settled);
        serve(self);
    } else if (!ev_is_active(&self->settled)) {
        ev_timer_set(&self->settled, settle_seconds, 0.0);
        ev_timer_start(EV_DEFAULT_ & self->settled);
    }
}

static void drop_next(struct controller_self_signed *self)
{
    ev_timer_stop(EV_DEFAULT_ & self->settled);
    tls_certificate_unref(self->next);
    free(self->next_ca);
    self->next = NULL;
    self->next_ca = NULL;
}

/* When to look at the Secret again, for libev, which asks again when the clock was set: at the
 * renewal, or soon if the pair is no longer, or not yet, good. */
static ev_tstamp when_to_look(struct ev_periodic *periodic, ev_tstamp now)
{
    static const double soon = 1.0;
    const struct controller_self_signed *self = periodic->data;
    bool good = (double)self->start <= now && now < (double)self->renew;
    return good ? (double)self->renew : now + soon;
}

static void watch_clock(
    struct controller_self_signed *self, const struct tls_certificate *certificate)
{
    self->start = tls_certificate_start(certificate);
    self->renew = controller_certificate_renewal(certificate);
    ev_periodic_stop(EV_DEFAULT_ & self->renewal);
    ev_periodic_set(&self->renewal, 0.0, 0.0, when_to_look);
    ev_periodic_start(EV_DEFAULT_ & self->renewal);
}

/* Whether a certificate is for this service. */
static bool is_ours(
    const struct controller_self_signed *self, const struct tls_certificate *certificate)
{
    for (size_t i = 0; i < DNS_NAMES; i++) {
        if (!tls_certificate_is_for(certificate, self->dns_names[i]))
            return false;
    }
    return true;
}

/* The Secret has another pair than before: it is served when it is time. */
static void expect(struct controller_self_signed *self, const struct controller_secret_pair *pair)
{
    self->next = tls_certificate_ref(pair->certificate);
    self->next_ca = xstrdup(pair->ca);
    if (self->served != NULL)
        log_info("%s: it has another certificate now", self->name);
    if (!is_ours(self, pair->certificate))
        log_warning("%s: its certificate is not for %s, so API servers will refuse it; does "
                    "something else write this Secret? Each Hookline needs one of its own "
                    "(--certificate-secret)",
            self->name, self->dns_names[0]);
}

/* Uses the pair of the Secret: first its CAs, for the caBundle, then its leaf. */
static void take(struct controller_self_signed *self, const struct controller_secret_pair *pair)
{
    self->taken = true;
    free(self->wanted);
    self->wanted = xasprintf("%s%s", pair->ca, pair->previous_ca == NULL ? "" : pair->previous_ca);
    controller_ca_bundle_set(self->bundle, self->wanted);
    watch_clock(self, pair->certificate);
    if (self->next != NULL && tls_certificate_same(self->next, pair->certificate))
        return;
    drop_next(self);
    if (self->served != NULL && tls_certificate_same(self->served, pair->certificate))
        return;
    expect(self, pair);
    go_on(self);
}

/* A request has ended: reads the Secret again on demand, or if something changed meanwhile. */
static void end_call(struct controller_self_signed *self, bool look_again)
{
    self->call = NULL;
    if (look_again || self->again)
        controller_pace_ask(&self->pace);
    self->again = false;
}

static void on_written(void *user, const struct kube_answer *answer)
{
    struct controller_self_signed *self = user;
    const struct kube_failure *failure = answer->failure;
    controller_secret_wipe(answer->body);
    if (failure == NULL)
        log_info("%s: wrote a new CA and certificate", self->name);
    else if (failure->reason == KUBE_CONFLICT || failure->reason == KUBE_ALREADY_EXISTS)
        log_info("%s: another replica wrote it first", self->name);
    else
        log_warning("%s", failure->message);
    end_call(self, true);
}

/* Writes a new pair into the Secret; existing is NULL without one; ca is the CA in it, or NULL. */
static void replace(struct controller_self_signed *self, const json_t *existing, const char *ca)
{
    controller_pace_count(&self->pace);
    auto_error struct error *error = NULL;
    auto_json json_t *secret = controller_secret_make(self->options.namespace, self->options.secret,
        existing, (const char *const *)self->dns_names, self->options.validity_ms,
        self->served_ca == NULL ? ca : self->served_ca, &error);
    if (secret == NULL) {
        log_error("%s: %s", self->name, error->message);
        controller_pace_ask(&self->pace);
        return;
    }
    const struct kube_request request = {
        .verb = existing == NULL ? KUBE_CREATE : KUBE_UPDATE,
        .resource = &kube_secrets,
        .namespace = self->options.namespace,
        .name = existing == NULL ? NULL : self->options.secret,
        .body = secret,
        .field_manager = "hook-controller",
    };
    self->call = kube_call_start(self->client, &request, on_written, self);
    controller_secret_wipe(secret);
}

/* Acts on the Secret that was read. */
static void compare(struct controller_self_signed *self, json_t *secret)
{
    struct controller_secret_pair pair;
    auto_error struct error *error = NULL;
    if (controller_secret_pair_read(&pair, self->name, secret, &error) < 0) {
        log_warning("%s; replacing its CA and certificate", error->message);
        replace(self, secret, pair.ca);
    } else if (!self->taken && !is_ours(self, pair.certificate)) {
        /* only until one was used: replicas that disagree on the names would replace each other's
         * for ever */
        log_info("%s: its certificate is not for %s; replacing its CA and certificate", self->name,
            self->dns_names[0]);
        replace(self, secret, pair.ca);
    } else {
        take(self, &pair);
        if (controller_certificate_renewal(pair.certificate) <= time(NULL))
            replace(self, secret, pair.ca);
        else if (!controller_ca_bundle_is_right(self->bundle))
            controller_pace_count(&self->pace);
    }
    controller_secret_pair_clear(&pair);
}

static void on_read(void *user, const struct kube_answer *answer)
{
    struct controller_self_signed *self = user;
    const struct kube_failure *failure = answer->failure;
    if (failure == NULL) {
        end_call(self, false);
        compare(self, answer->body);
    } else if (failure->reason == KUBE_NOT_FOUND) {
        end_call(self, false);
        replace(self, NULL, NULL);
    } else {
        log_warning("%s", failure->message);
        controller_pace_count(&self->pace);
        end_call(self, true);
    }
}

/* Reads the Secret, and acts on it. */
static void look(void *user)
{
    struct controller_self_signed *self = user;
    if (self->call != NULL) {
        self->again = true;
        return;
    }
    controller_ca_bundle_prepare(self->bundle);
    const struct kube_request request = {
        .verb = KUBE_GET,
        .resource = &kube_secrets,
        .namespace = self->options.namespace,
        .name = self->options.secret,
    };
    self->call = kube_call_start(self->client, &request, on_read, self);
}

/* Something has changed: reads the Secret when it is time. */
static void look_again(void *user)
{
    struct controller_self_signed *self = user;
    controller_pace_ask(&self->pace);
}

static void on_renewal(UNUSED struct ev_loop *loop, struct ev_periodic *periodic, UNUSED int events)
{
    look_again(periodic->data);
}

/* The cache keeps what shows that the Secret has changed, but not the key. */
static json_t *prune(UNUSED void *user, json_t *secret)
{
    controller_secret_wipe(secret);
    const json_t *data = json_object_get(secret, "data");
    const json_t *metadata = json_object_get(secret, "metadata");
    return json_pack("{s:{s:O, s:O, s:O, s:O}, s:O*, s:O*, s:O*}", "metadata", "name",
        json_object_get(metadata, "name"), "namespace", json_object_get(metadata, "namespace"),
        "uid", json_object_get(metadata, "uid"), "resourceVersion",
        json_object_get(metadata, "resourceVersion"), "ca.crt", json_object_get(data, "ca.crt"),
        "previous-ca.crt", json_object_get(data, "previous-ca.crt"), "tls.crt",
        json_object_get(data, "tls.crt"));
}

static void on_seen(void *user, const json_t *configuration)
{
    const struct controller_self_signed *self = user;
    self->options.on_configuration(self->options.user, configuration);
}

static void on_change(
    void *user, UNUSED const char *key, UNUSED const json_t *before, UNUSED const json_t *after)
{
    look_again(user);
}

static void set_names(struct controller_self_signed *self)
{
    const char *service = self->options.service;
    const char *namespace = self->options.namespace;
    self->name = xasprintf("Secret %s/%s", namespace, self->options.secret);
    /* the first is the one that API servers verify */
    self->dns_names[0] = xasprintf("%s.%s.svc", service, namespace);
    self->dns_names[1] = xasprintf("%s.%s.svc.cluster.local", service, namespace);
    self->dns_names[2] = xasprintf("%s.%s", service, namespace);
    self->dns_names[3] = xstrdup(service);
}

struct controller_self_signed *controller_self_signed_new(
    struct kube_client *client, const struct controller_self_signed_options *options)
{
    struct controller_self_signed *self = xcalloc(1, sizeof(*self));
    self->client = client;
    self->options = *options;
    self->options.namespace = xstrdup(options->namespace);
    self->options.secret = xstrdup(options->secret);
    self->options.service = xstrdup(options->service);
    self->options.webhook_configuration = xstrdup(options->webhook_configuration);
    set_names(self);
    controller_pace_init(&self->pace, look, self);
    ev_init(&self->settled, on_settled);
    ev_init(&self->renewal, on_renewal);
    self->settled.data = self->renewal.data = self;
    const struct controller_ca_bundle_options bundle = {
        .configuration = options->webhook_configuration,
        .service = {.namespace = options->namespace, .name = options->service},
        .on_wrong = look_again,
        .on_change = go_on,
        .on_seen = on_seen,
        .user = self,
    };
    self->bundle = controller_ca_bundle_new(client, &bundle);
    auto_free char *selector = xasprintf("metadata.name=%s", options->secret);
    const struct kube_informer_options informer = {
        .resource = &kube_secrets,
        .namespace = options->namespace,
        .field_selector = selector,
        .prune = prune,
        .on_change = on_change,
        .on_synced = look_again,
        .user = self,
    };
    self->informer = kube_informer_new(client, &informer);
    return self;
}

void controller_self_signed_free(struct controller_self_signed *self)
{
    if (self == NULL)
        return;
    if (self->call != NULL)
        kube_call_cancel(self->call);
    kube_informer_free(self->informer);
    controller_ca_bundle_free(self->bundle);
    controller_pace_clear(&self->pace);
    ev_periodic_stop(EV_DEFAULT_ & self->renewal);
    drop_next(self);
    tls_certificate_unref(self->served);
    free(self->served_ca);
    free(self->wanted);
    free((char *)self->options.namespace);
    free((char *)self->options.secret);
    free((char *)self->options.service);
    free((char *)self->options.webhook_configuration);
    for (size_t i = 0; i < DNS_NAMES; i++)
        free(self->dns_names[i]);
    free(self->name);
    free(self);
}
