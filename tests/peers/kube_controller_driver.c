/* Drives kube/informer.h, kube/lease.h and kube/events.h for tests. What happens goes to standard
 * output, one JSON object a line; commands come on standard input in the same way, and its end
 * ends the driver.
 *
 * kube_controller_driver KUBECONFIG informer RESOURCE PAGE
 *     {"dump": true} prints what is in the cache as {"dump": {KEY: OBJECT}, "restarts": N}
 * kube_controller_driver KUBECONFIG lease NAME IDENTITY DURATION_MS RENEW_DEADLINE_MS RETRY_MS
 *     {"held": true} prints whether it is held, {"release": true} releases it
 * kube_controller_driver KUBECONFIG events
 *     {"object": OBJECT, "type": TYPE, "reason": REASON, "message": MESSAGE} records an event */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/config_load.h"
#include "kube/events.h"
#include "kube/informer.h"
#include "kube/lease.h"

enum { MAX_DEPTH = 100 };

static struct kube_client *client;
static struct kube_informer *informer;
static struct kube_lease *lease;
static bool held; /* the lease, as it was told last */
static struct kube_events *events;

static void print(json_t *take_line)
{
    auto_free char *line = json_dumps(take_line, JSON_COMPACT | JSON_ENSURE_ASCII);
    puts(line);
    fflush(stdout);
    json_decref(take_line);
}

static void on_warning(UNUSED void *user, const char *message)
{
    print(json_pack("{s:s}", "warning", message));
}

static void on_change(UNUSED void *user, const char *key, const json_t *before, const json_t *after)
{
    const char *what = before == NULL ? "added" : after == NULL ? "gone" : "changed";
    print(json_pack("{s:s, s:s?, s:s?}", what, key, "before",
        before != NULL ? kube_resource_version(before) : NULL, "after",
        after != NULL ? kube_resource_version(after) : NULL));
}

static void on_synced(UNUSED void *user)
{
    print(json_pack("{s:i}", "synced", (int)kube_informer_count(informer)));
}

static void on_unreadable(UNUSED void *user, const json_t *stub, const char *why)
{
    auto_free char *key = kube_key(stub);
    print(json_pack("{s:s, s:s}", "unreadable", key, "why", why));
}

static void on_acquired(UNUSED void *user)
{
    held = true;
    print(json_pack("{s:b}", "acquired", 1));
}

static void on_lost(UNUSED void *user)
{
    held = false;
    print(json_pack("{s:b}", "lost", 1));
}

static void on_leader(UNUSED void *user, const char *identity)
{
    print(json_pack("{s:s}", "leader", identity));
}

static void on_released(UNUSED void *user)
{
    print(json_pack("{s:b}", "released", 1));
    kube_lease_free(lease);
    lease = NULL;
}

static void add_object(void *user, const char *key, const json_t *object)
{
    json_object_set(user, key, (json_t *)object);
}

static void dump(void)
{
    json_t *objects = json_object();
    kube_informer_each(informer, add_object, objects);
    const char *key = NULL;
    json_t *object = NULL;
    bool same = true;
    json_object_foreach (objects, key, object)
        same = same && json_equal(object, kube_informer_get(informer, key));
    print(json_pack("{s:o, s:i, s:b}", "dump", objects, "restarts",
        (int)kube_informer_restarts(informer), "same", same));
}

static void record(const json_t *command)
{
    const json_t *object = json_object_get(command, "object");
    bool warning = streq(text_or(json_get_string(command, "type"), ""), "Warning");
    kube_event(events, &kube_virtual_machine_instances, object,
        warning ? KUBE_EVENT_WARNING : KUBE_EVENT_NORMAL, json_get_string(command, "reason"), "%s",
        json_get_string(command, "message"));
}

static void obey(const json_t *command)
{
    const json_t *hold = json_object_get(command, "hold");
    if (json_is_true(hold))
        kube_events_hold(events);
    else if (hold != NULL)
        kube_events_release(events);
    else if (json_object_get(command, "dump") != NULL)
        dump();
    else if (json_object_get(command, "held") != NULL)
        print(json_pack("{s:b}", "held", held));
    else if (json_object_get(command, "release") != NULL)
        kube_lease_release(lease, on_released, NULL);
    else
        record(command);
}

/* Standard input is not buffered: what stands behind the line is told of again. */
static void on_input(struct ev_loop *loop, ev_io *watcher, UNUSED int revents)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = getline(&line, &capacity, stdin);
    if (length > 0) {
        auto_json json_t *command = json_parse(line, (size_t)length, MAX_DEPTH, NULL);
        obey(command);
    } else {
        ev_io_stop(loop, watcher);
        ev_break(loop, EVBREAK_ALL);
    }
    free(line);
}

static const struct kube_resource *find_resource(const char *plural)
{
    static const struct kube_resource *const known[] = {
        &kube_pods, &kube_config_maps, &kube_virtual_machine_instances};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (streq(plural, known[i]->plural))
            return known[i];
    }
    fprintf(stderr, "kube_controller_driver: %s is not a resource that it knows\n", plural);
    exit(2);
}

static void start(int argc, char **argv)
{
    if (argc == 5 && streq(argv[2], "informer")) {
        struct kube_informer_options options = {
            .resource = find_resource(argv[3]),
            .page = (int)strtol(argv[4], NULL, 10),
            .on_change = on_change,
            .on_synced = on_synced,
            .on_unreadable = on_unreadable,
        };
        informer = kube_informer_new(client, &options);
    } else if (argc == 8 && streq(argv[2], "lease")) {
        struct kube_lease_options options = {
            .namespace = "default",
            .name = argv[3],
            .identity = argv[4],
            .duration_ms = strtol(argv[5], NULL, 10),
            .renew_deadline_ms = strtol(argv[6], NULL, 10),
            .retry_ms = strtol(argv[7], NULL, 10),
            .on_acquired = on_acquired,
            .on_lost = on_lost,
            .on_leader = on_leader,
        };
        lease = kube_lease_new(client, &options);
    } else {
        struct kube_events_options options = {.component = "driver", .instance = "driver-1"};
        events = kube_events_new(client, &options);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdin, NULL, _IONBF, 0);
    struct kube_config_options where = {.kubeconfig = argv[1]};
    struct kube_client_options how = {
        .user_agent = "kube_controller_driver/1.0", .retries = 1, .warn = on_warning};
    auto_error struct error *err = NULL;
    auto_kube_config struct kube_config *config = kube_config_load(&where, &err);
    if (config != NULL)
        client = kube_client_new(config, &how, &err);
    if (client == NULL) {
        fprintf(stderr, "kube_controller_driver: %s\n", err->message);
        return 1;
    }
    start(argc, argv);
    ev_io input;
    ev_io_init(&input, on_input, STDIN_FILENO, EV_READ);
    ev_io_start(EV_DEFAULT, &input);
    ev_run(EV_DEFAULT, 0);
    kube_informer_free(informer);
    kube_lease_free(lease);
    kube_events_free(events);
    kube_client_free(client);
    return 0;
}
