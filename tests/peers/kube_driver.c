/* Drives kube/client.h and kube/watch.h for tests: requests come on standard input, one JSON object
 * a line, and what comes of them goes to standard output, one JSON object a line.
 *
 * kube_driver [--NAME VALUE]…: kubeconfig, context, qps, burst, timeout-ms, retries.
 * A request has verb ("get", … "apply", "watch"), resource (a plural), and the members of struct
 * kube_request; a watch "cancelAfter": end it after so many events. A request starts when the one
 * before is done, or at once where that says "parallel". {"verb": "cancel"} calls off what is
 * under way after a fifth of a second; {"verb": "stop"} frees the client over it then. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>
#include <utlist.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "kube/client.h"
#include "kube/config_load.h"
#include "kube/watch.h"

enum { MAX_DEPTH = 100 };

static struct kube_client *client;
static struct request *under_way;

struct request {
    struct request *prev, *next;
    int number;
    json_t *json;
    struct kube_watch *watch; /* or */
    struct kube_call *call;
    json_int_t events;
};

static void start_next(void);

/* Prints a line about a request; take_fields are its members. */
static void print(const struct request *request, json_t *take_fields)
{
    if (request != NULL)
        json_object_set_new(take_fields, "request", json_integer(request->number));
    auto_free char *line = json_dumps(take_fields, JSON_COMPACT | JSON_SORT_KEYS);
    puts(line);
    fflush(stdout);
    json_decref(take_fields);
}

static json_t *failure_json(const struct kube_failure *failure)
{
    if (failure == NULL)
        return json_null();
    return json_pack("{s:s, s:i, s:s, s:O?, s:I}", "reason", kube_reason_name(failure->reason),
        "code", failure->code, "message", failure->message, "causes", failure->causes,
        "retryAfterMs", (json_int_t)failure->retry_after_ms);
}

static void request_free(struct request *request)
{
    DL_DELETE(under_way, request);
    json_decref(request->json);
    free(request);
}

static void request_end(struct request *request)
{
    bool was_parallel = json_is_true(json_object_get(request->json, "parallel"));
    request_free(request);
    if (!was_parallel)
        start_next();
}

static void on_done(void *user, const struct kube_answer *answer)
{
    struct request *request = user;
    print(request, json_pack("{s:i, s:O?, s:o}", "code", answer->code, "body", answer->body,
                       "failure", failure_json(answer->failure)));
    request_end(request);
}

static void on_event(void *user, enum kube_event_type type, json_t *object)
{
    static const char *const types[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"};
    struct request *request = user;
    print(request, json_pack("{s:s, s:O}", "event", types[type], "object", object));
    if (++request->events == json_integer_value(json_object_get(request->json, "cancelAfter"))) {
        kube_watch_cancel(request->watch);
        request_end(request);
    }
}

static void on_skipped(void *user, const char *why)
{
    print(user, json_pack("{s:s}", "skipped", why));
}

static void on_unreadable(void *user, const json_t *stub, const char *why)
{
    auto_free char *key = kube_key(stub);
    print(user, json_pack("{s:s, s:s}", "unreadable", key, "why", why));
}

static void on_end(void *user, const struct kube_failure *failure)
{
    print(user, json_pack("{s:b, s:o}", "end", 1, "failure", failure_json(failure)));
    request_end(user);
}

static void on_answer(UNUSED void *user, const char *verb, int code, double seconds)
{
    print(NULL, json_pack("{s:s, s:i, s:b}", "observed", verb, "code", code, "timed",
                    seconds >= 0 && seconds < 3600));
}

static const struct kube_resource *find_resource(const char *plural)
{
    static const struct kube_resource *const known[] = {&kube_pods, &kube_config_maps,
        &kube_secrets, &kube_namespaces, &kube_leases, &kube_virtual_machine_instances};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (streq(plural, known[i]->plural))
            return known[i];
    }
    fprintf(stderr, "kube_driver: %s is not a resource that it knows\n", plural);
    exit(2);
}

static int number_of(const json_t *json, const char *key)
{
    return (int)json_integer_value(json_object_get(json, key));
}

static void start_watch(struct request *request)
{
    const json_t *json = request->json;
    struct kube_watch_options options = {
        .resource = find_resource(text_or(json_get_string(json, "resource"), "")),
        .namespace = json_get_string(json, "namespace"),
        .label_selector = json_get_string(json, "labelSelector"),
        .field_selector = json_get_string(json, "fieldSelector"),
        .resource_version = json_get_string(json, "resourceVersion"),
        .timeout_seconds = number_of(json, "timeoutSeconds"),
        .max_event = (size_t)number_of(json, "maxEvent"),
        .on_event = on_event,
        .on_skipped = on_skipped,
        .on_unreadable = on_unreadable,
        .on_end = on_end,
        .user = request,
    };
    request->watch = kube_watch_start(client, &options);
}

static void start_call(struct request *request, enum kube_verb verb)
{
    const json_t *json = request->json;
    struct kube_request options = {
        .verb = verb,
        .resource = find_resource(text_or(json_get_string(json, "resource"), "")),
        .namespace = json_get_string(json, "namespace"),
        .name = json_get_string(json, "name"),
        .subresource = json_get_string(json, "subresource"),
        .body = json_object_get(json, "body"),
        .label_selector = json_get_string(json, "labelSelector"),
        .field_selector = json_get_string(json, "fieldSelector"),
        .resource_version = json_get_string(json, "resourceVersion"),
        .continue_token = json_get_string(json, "continue"),
        .limit = number_of(json, "limit"),
        .field_manager = json_get_string(json, "fieldManager"),
        .force = json_is_true(json_object_get(json, "force")),
        .precondition_uid = json_get_string(json, "preconditionUid"),
        .precondition_resource_version = json_get_string(json, "preconditionResourceVersion"),
        .grace_period_seconds = number_of(json, "gracePeriodSeconds"),
        .dry_run = json_is_true(json_object_get(json, "dryRun")),
        .no_body = json_is_true(json_object_get(json, "noBody")),
    };
    request->call = kube_call_start(client, &options, on_done, request);
}

static void stop(UNUSED int events, UNUSED void *user)
{
    ev_break(ev_default_loop(EVFLAG_AUTO), EVBREAK_ALL);
}

static void cancel_all(UNUSED int events, UNUSED void *user)
{
    while (under_way != NULL) {
        if (under_way->watch != NULL)
            kube_watch_cancel(under_way->watch);
        else if (under_way->call != NULL)
            kube_call_cancel(under_way->call);
        request_free(under_way);
    }
}

/* Starts a request. Returns whether the next one starts with it. */
static bool start(struct request *request)
{
    static const char *const verbs[] = {
        "get", "list", "create", "update", "patch-json", "patch-merge", "apply", "delete"};
    const char *verb = text_or(json_get_string(request->json, "verb"), "");
    int index = text_index(verb, verbs, ARRAY_SIZE(verbs));
    if (index >= 0) {
        start_call(request, (enum kube_verb)index);
    } else if (streq(verb, "watch")) {
        start_watch(request);
    } else {
        bool cancels = streq(verb, "cancel");
        ev_once(ev_default_loop(EVFLAG_AUTO), -1, 0, 0.2, cancels ? cancel_all : stop, NULL);
    }
    return json_is_true(json_object_get(request->json, "parallel"));
}

/* Starts the next request, and those after it while it is parallel to them. */
static void start_next(void)
{
    static int number;
    bool parallel = true;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    while (parallel && (length = getline(&line, &capacity, stdin)) > 0) {
        auto_error struct error *err = NULL;
        struct request *request = xcalloc(1, sizeof(*request));
        request->number = number++;
        request->json = json_parse(line, (size_t)length, MAX_DEPTH, &err);
        if (request->json == NULL) {
            fprintf(stderr, "kube_driver: %s\n", err->message);
            exit(2);
        }
        DL_APPEND(under_way, request);
        parallel = start(request);
    }
    free(line);
}

int main(int argc, char **argv)
{
    static const struct option flags[] = {
        {"kubeconfig", required_argument, NULL, 'k'},
        {"context", required_argument, NULL, 'c'},
        {"qps", required_argument, NULL, 'q'},
        {"burst", required_argument, NULL, 'b'},
        {"timeout-ms", required_argument, NULL, 't'},
        {"retries", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    struct kube_config_options where = {0};
    struct kube_client_options how = {.user_agent = "kube_driver/1.0", .observe = on_answer};
    for (int flag = 0; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        switch (flag) {
        case 'k':
            where.kubeconfig = optarg;
            break;
        case 'c':
            where.context = optarg;
            break;
        case 'q':
            how.qps = strtod(optarg, NULL);
            break;
        case 'b':
            how.burst = (int)strtol(optarg, NULL, 10);
            break;
        case 't':
            how.timeout_ms = strtol(optarg, NULL, 10);
            break;
        case 'r':
            how.retries = (int)strtol(optarg, NULL, 10);
            break;
        default:
            return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    auto_error struct error *err = NULL;
    auto_kube_config struct kube_config *config = kube_config_load(&where, &err);
    if (config != NULL)
        client = kube_client_new(config, &how, &err);
    if (client == NULL) {
        fprintf(stderr, "kube_driver: %s\n", err->message);
        return 1;
    }
    start_next();
    ev_run(ev_default_loop(EVFLAG_AUTO), 0);
    kube_client_free(client);
    while (under_way != NULL)
        request_free(under_way);
    return 0;
}
