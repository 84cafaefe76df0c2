#include "controller/appliance/gather.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/stream.h"

/* Something that is wanted and must be read: first the user is asked for, then the object. */
struct reading {
    struct controller_gather *gather;
    enum appliance_kind kind;
    char *namespace, *name; /* owned */
    struct controller_access_asked *asked; /* in progress, or NULL */
    struct kube_call *call; /* likewise */
    bool denied; /* the user may not read it */
};

struct controller_gather {
    struct controller_gather_options options;
    struct appliance_objects objects;
    struct controller_stream stream;
    struct controller_gathered result;
    struct reading *readings[CONTROLLER_GATHER_MOST_READS]; /* owned */
    size_t count; /* of readings, those that have ended too */
    size_t waiting; /* of those, for an answer */
    size_t rounds;
    struct controller_habit habit; /* what was wanted before, and is wanted this time */
    size_t habitual; /* how much of that was wanted before */
    struct ev_timer again; /* starts the next round, from the loop */
};

static void go_on(struct controller_gather *gather)
{
    ev_timer_stop(EV_DEFAULT_ & gather->again);
    ev_timer_set(&gather->again, 0.0, 0.0);
    ev_timer_start(EV_DEFAULT_ & gather->again);
}

/* A reading has ended; the objects have what came of it. */
static void reading_ended(struct reading *reading)
{
    struct controller_gather *gather = reading->gather;
    if (--gather->waiting == 0)
        go_on(gather);
}

static void set_absent(struct reading *reading, const char *why)
{
    appliance_objects_add_absent(
        &reading->gather->objects, reading->kind, reading->namespace, reading->name, why);
}

/* Fails the whole completion; the first reason counts. */
static void fail(struct controller_gather *gather, enum error_class class, const char *message)
{
    if (gather->result.error == NULL)
        error_set(&gather->result.error, class, "%s", message);
}

static void on_read(void *user, const struct kube_answer *answer)
{
    struct reading *reading = user;
    const struct kube_failure *failure = answer->failure;
    reading->call = NULL;
    if (failure == NULL)
        appliance_objects_add_read(&reading->gather->objects, json_incref(answer->body));
    else if (failure->reason == KUBE_NOT_FOUND)
        set_absent(reading, NULL);
    else if (failure->reason == KUBE_FORBIDDEN)
        set_absent(reading, "hook-controller may not read it");
    else
        fail(reading->gather, ERROR_REMOTE, failure->message);
    reading_ended(reading);
}

static void read_object(struct reading *reading)
{
    const struct kube_request request = {
        .verb = KUBE_GET,
        .resource = controller_stock_resource(reading->kind),
        .namespace = appliance_kind_is_cluster_scoped(reading->kind) ? NULL : reading->namespace,
        .name = reading->name,
    };
    reading->call = kube_call_start(reading->gather->options.client, &request, on_read, reading);
}

/* Takes the object from the cache, or reads it. */
static void fetch(struct reading *reading)
{
    struct controller_gather *gather = reading->gather;
    const struct appliance_wanted wanted = {reading->kind, reading->namespace, reading->name};
    if (controller_stock_add(gather->options.stock, &wanted, &gather->objects))
        reading_ended(reading);
    else
        read_object(reading);
}

/* Whether it is the DataSource that the VM is made of. */
static bool is_the_source(const struct reading *reading)
{
    const struct controller_gather_options *options = &reading->gather->options;
    return reading->kind == APPLIANCE_DATA_SOURCE &&
           streq(reading->namespace, options->source_namespace) &&
           streq(reading->name, options->source_name);
}

static void on_asked(void *user, enum controller_access_answer answer, const char *why)
{
    struct reading *reading = user;
    struct controller_gather *gather = reading->gather;
    const char *plural = appliance_kind_plural(reading->kind);
    reading->asked = NULL;
    if (answer == CONTROLLER_ACCESS_ALLOWED) {
        fetch(reading);
        return;
    }
    auto_free char *message = xasprintf("%s get %s %s/%s%s", gather->options.who, plural,
        reading->namespace, reading->name, gather->options.hint);
    if (answer == CONTROLLER_ACCESS_UNKNOWN)
        fail(gather, ERROR_REMOTE, text_or(why, message));
    else if (is_the_source(reading))
        fail(gather, ERROR_POLICY, message);
    else
        set_absent(reading, message);
    reading->denied = answer == CONTROLLER_ACCESS_DENIED;
    reading_ended(reading);
}

/* Whether the user must have the right to read it. What the DataSource's own namespace has says
 * little more than the DataSource; instance types and preferences, and KubeVirt's configuration, are
 * in what they are used for. */
static bool needs_right(const struct reading *reading)
{
    const struct controller_gather_options *options = &reading->gather->options;
    bool copied = reading->kind == APPLIANCE_DATA_SOURCE || reading->kind == APPLIANCE_CONFIG_MAP;
    bool disk = reading->kind == APPLIANCE_CLAIM || reading->kind == APPLIANCE_SNAPSHOT ||
                reading->kind == APPLIANCE_DATA_VOLUME;
    bool at_home = streq(reading->namespace, options->namespace) && (options->at_home || !disk);
    bool elsewhere = !streq(reading->namespace, options->source_namespace) && !at_home;
    if (options->user_info == NULL || reading->kind == APPLIANCE_KUBEVIRT ||
        appliance_kind_is_cluster_scoped(reading->kind))
        return false;
    return copied || elsewhere;
}

/* How a reading stands among those that were denied. Owned by the caller. */
static char *denial(const struct reading *reading)
{
    return xasprintf(
        "%s %s/%s, ", appliance_kind_plural(reading->kind), reading->namespace, reading->name);
}

char *controller_gather_denied(const struct controller_gather *gather)
{
    UT_string all;
    utstring_init(&all);
    for (size_t i = 0; i < gather->count; i++) {
        auto_free char *one = denial(gather->readings[i]);
        if (gather->readings[i]->denied)
            utstring_printf(&all, "%s", one);
    }
    return utstring_body(&all);
}

static bool was_denied(const struct reading *reading)
{
    const char *before = text_or(reading->gather->options.denied, "");
    auto_free char *one = denial(reading);
    const char *found = strstr(before, one);
    return found != NULL && (found == before || found[-1] == ' ');
}

static void start_reading(struct reading *reading)
{
    struct controller_gather *gather = reading->gather;
    gather->waiting++;
    if (was_denied(reading)) {
        set_absent(reading, "its user may not read it");
        reading_ended(reading);
        return;
    }
    if (!needs_right(reading)) {
        fetch(reading);
        return;
    }
    const struct controller_access_deed deed = {
        .verb = "get",
        .group = appliance_kind_group(reading->kind),
        .resource = appliance_kind_plural(reading->kind),
        .namespace = reading->namespace,
        .name = reading->name,
    };
    auto_json json_t *question = controller_access_question(gather->options.user_info, &deed);
    if (controller_access_is_allowed(gather->options.access, question))
        fetch(reading);
    else
        reading->asked = controller_access_ask(gather->options.access, question, on_asked, reading);
}

static void add_reading(struct controller_gather *gather, const struct appliance_wanted *wanted)
{
    struct reading *reading = xcalloc(1, sizeof(*reading));
    reading->gather = gather;
    reading->kind = wanted->kind;
    reading->namespace = xstrdup(text_or(wanted->namespace, ""));
    reading->name = xstrdup(wanted->name);
    gather->readings[gather->count++] = reading;
    start_reading(reading);
}

/* Meets a want, or starts to. */
static void meet(struct controller_gather *gather, const struct appliance_wanted *wanted)
{
    bool readable = controller_stock_resource(wanted->kind) != NULL;
    if (wanted->name == NULL) {
        if (!readable || !controller_stock_add(gather->options.stock, wanted, &gather->objects))
            appliance_objects_add_listed(&gather->objects, wanted->kind, wanted->namespace);
    } else if (!readable) {
        appliance_objects_add_absent(&gather->objects, wanted->kind, wanted->namespace,
            wanted->name, "hook-controller does not read objects of this kind");
    } else if (gather->count < CONTROLLER_GATHER_MOST_READS) {
        add_reading(gather, wanted);
    } else {
        fail(gather, ERROR_INPUT, "the appliance refers to too many objects");
    }
}

/* Finds the DataSource. Returns false if it must be read first, or cannot be. */
static bool find_source(struct controller_gather *gather)
{
    const struct controller_gather_options *options = &gather->options;
    gather->result.data_source = appliance_objects_find(
        &gather->objects, APPLIANCE_DATA_SOURCE, options->source_namespace, options->source_name);
    return gather->result.data_source != NULL;
}

static void complete(struct controller_gather *gather)
{
    const struct appliance_request request = {
        .namespace = gather->options.namespace,
        .name = gather->options.name,
        .random = controller_stream_random(&gather->stream),
    };
    appliance_completion_clear(&gather->result.completion);
    appliance_report_clear(&gather->result.report);
    gather->result.completion = (struct appliance_completion){0};
    gather->result.report = (struct appliance_report){0};
    controller_stream_rewind(&gather->stream);
    appliance_complete(gather->result.data_source, &gather->objects, &request,
        &gather->result.completion, &gather->result.report);
}

/* Whether other VMs of the same DataSource will want it. */
static bool is_habitual(
    const struct controller_gather *gather, const struct appliance_wanted *wanted)
{
    return wanted->namespace == NULL || wanted->namespace[0] == '\0' ||
           streq(wanted->namespace, gather->options.source_namespace);
}

/* Meets at once what the DataSource has wanted before. */
static void meet_habit(struct controller_gather *gather, const char *source)
{
    const struct controller_habit *habit =
        controller_habits_get(*controller_stock_habits(gather->options.stock), source);
    gather->waiting++;
    for (size_t i = 0; habit != NULL && i < habit->count; i++) {
        controller_habit_add(&gather->habit, &habit->wants[i]);
        meet(gather, &habit->wants[i]);
    }
    gather->habitual = gather->habit.count;
    gather->waiting--;
}

/* Starts to read what is wanted. Returns whether something was. */
static bool meet_wants(struct controller_gather *gather)
{
    struct appliance_wanted wanted;
    bool any = false;
    gather->waiting++; /* so that answers at hand do not start a round */
    while (gather->result.error == NULL && appliance_objects_next_want(&gather->objects, &wanted)) {
        if (is_habitual(gather, &wanted))
            controller_habit_add(&gather->habit, &wanted);
        meet(gather, &wanted);
        any = true;
    }
    gather->waiting--;
    return any;
}

/* One round. Returns whether another one is due at once. */
static bool try_to_complete(struct controller_gather *gather)
{
    if (gather->result.error == NULL && find_source(gather))
        complete(gather);
    if (gather->result.error == NULL && ++gather->rounds > CONTROLLER_GATHER_MOST_ROUNDS)
        fail(gather, ERROR_INPUT, "the appliance refers to too long a chain of objects");
    bool any = gather->result.error == NULL && meet_wants(gather);
    return any && gather->waiting == 0 && gather->result.error == NULL;
}

static void on_round(UNUSED struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct controller_gather *gather = timer->data;
    const struct controller_gather_options *options = &gather->options;
    auto_free char *source = xasprintf("%s/%s", options->source_namespace, options->source_name);
    if (gather->rounds == 0 && gather->count == 0)
        meet_habit(gather, source);
    while (gather->waiting == 0 && try_to_complete(gather))
        continue;
    if (gather->waiting > 0)
        return;
    if (gather->habit.count > gather->habitual && gather->result.error == NULL)
        controller_habits_set(controller_stock_habits(options->stock), source, &gather->habit);
    if (gather->result.data_source == NULL)
        fail(gather, ERROR_INPUT, "it does not exist");
    gather->options.done(gather->options.user);
}

struct controller_gather *controller_gather_new(const struct controller_gather_options *options)
{
    struct controller_gather *gather = xcalloc(1, sizeof(*gather));
    gather->options = *options;
    controller_stream_init(&gather->stream, options->key, options->nonce);
    ev_init(&gather->again, on_round);
    gather->again.data = gather;
    go_on(gather);
    return gather;
}

void controller_gather_free(struct controller_gather *gather)
{
    if (gather == NULL)
        return;
    for (size_t i = 0; i < gather->count; i++) {
        struct reading *reading = gather->readings[i];
        if (reading->asked != NULL)
            controller_access_cancel(reading->asked);
        if (reading->call != NULL)
            kube_call_cancel(reading->call);
        free(reading->namespace);
        free(reading->name);
        free(reading);
    }
    ev_timer_stop(EV_DEFAULT_ & gather->again);
    appliance_completion_clear(&gather->result.completion);
    appliance_report_clear(&gather->result.report);
    error_free(gather->result.error);
    appliance_objects_clear(&gather->objects);
    controller_habit_clear(&gather->habit);
    controller_stream_clear(&gather->stream);
    free(gather);
}

const struct controller_gathered *controller_gather_result(const struct controller_gather *gather)
{
    return &gather->result;
}
