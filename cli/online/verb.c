#include "cli/online/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/operation.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml_dump.h"

static void on_signal(UNUSED struct ev_loop *loop, ev_signal *watcher, UNUSED int events)
{
    struct cli_verb *verb = watcher->data;
    verb->is_interrupted = true;
}

/* Splits "NAMESPACE/NAME". */
static int split(struct cli_verb *verb, const char *operand, struct error **err)
{
    const char *slash = strchr(operand, '/');
    if (slash != NULL && (slash == operand || slash[1] == '\0' || strchr(slash + 1, '/') != NULL))
        return error_set(err, ERROR_USAGE, "\"%s\" must be NAME or NAMESPACE/NAME", operand);
    if (slash != NULL && verb->options->namespace != NULL)
        verb->namespace = xstrdup(verb->options->namespace);
    if (slash != NULL) {
        auto_free char *namespace = xstrndup(operand, (size_t)(slash - operand));
        if (verb->namespace != NULL && !streq(verb->namespace, namespace))
            return error_set(err, ERROR_USAGE, "\"%s\" and -n %s are different namespaces", operand,
                verb->namespace);
        xstrset(&verb->namespace, namespace);
    }
    verb->name = xstrdup(slash != NULL ? slash + 1 : operand);
    return 0;
}

int cli_verb_open(struct cli_verb *verb, const struct cli_arguments *arguments, const char *operand,
    struct error **err)
{
    *verb = (struct cli_verb){.arguments = arguments, .options = arguments->options};
    verb->meter = cli_meter_new(stderr);
    cli_online_signals_watch(&verb->signals, on_signal, verb);
    if (split(verb, operand, err) < 0)
        return -1;
    verb->cluster =
        cli_cluster_open(verb->options->cluster.kubeconfig, verb->options->cluster.context, err);
    if (verb->cluster == NULL)
        return -1;
    if (verb->namespace == NULL)
        verb->namespace =
            xstrdup(text_or(verb->options->namespace, cli_cluster_namespace(verb->cluster)));
    return 0;
}

int cli_verb_close(struct cli_verb *verb, struct error *take_error)
{
    cli_online_signals_end(&verb->signals);
    cli_cluster_close(verb->cluster);
    cli_meter_free(verb->meter);
    free(verb->namespace);
    free(verb->name);
    return take_error != NULL ? cli_fail(verb->arguments, take_error) : 0;
}

void cli_verb_tell(struct cli_verb *verb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *text = xvasprintf(format, args);
    va_end(args);
    auto_free char *shown = text_printable(text, strlen(text), SIZE_MAX);
    cli_meter_hide(verb->meter);
    fprintf(stderr, "%s\n", shown);
}

int cli_verb_get(struct cli_verb *verb, const struct kube_resource *resource, const char *name,
    json_t **out, struct error **err)
{
    const struct kube_request request = {
        .verb = KUBE_GET,
        .resource = resource,
        .namespace = resource->namespaced ? verb->namespace : NULL,
        .name = name,
    };
    enum kube_reason reason = KUBE_OTHER;
    struct error *error = NULL;
    if (cli_cluster_call(verb->cluster, &request, out, &reason, &error) == 0)
        return 0;
    if (reason != KUBE_NOT_FOUND)
        return error_move(err, error);
    error_free(error);
    return 0;
}

/* Prints an object as a YAML document; of a Secret, its token is left out. */
static int print(const json_t *object, struct error **err)
{
    auto_json json_t *shown = json_deep_copy(object);
    if (json_object_get(shown, "stringData") != NULL)
        json_object_set_new(shown, "stringData", json_pack("{s:s}", "token", "(secret)"));
    auto_free char *text = yaml_dump(shown, err);
    if (text == NULL)
        return -1;
    printf("---\n%s", text);
    return 0;
}

/* What there is to say about an object whose name is taken. Returns 0 if it is the same, else -1. */
static int meet(struct cli_verb *verb, const struct kube_resource *resource, const json_t *object,
    cli_verb_same *same, json_t **out, struct error **err)
{
    auto_json json_t *existing = NULL;
    auto_free char *words = appliance_operation_words(resource->kind, object);
    if (cli_verb_get(verb, resource, kube_name(object), &existing, err) < 0)
        return -1;
    if (existing == NULL)
        return error_set(err, ERROR_REMOTE, "%s: it existed and is gone: try again", words);
    if (same == NULL || !same(existing, object))
        return error_set(err, ERROR_INPUT,
            "%s exists already, and is not what was asked for: choose another name, or remove it",
            words);
    cli_verb_tell(verb, "%s exists already, and is the same", words);
    if (out != NULL)
        *out = steal(&existing);
    return 0;
}

int cli_verb_create(struct cli_verb *verb, const struct kube_resource *resource, json_t *object,
    cli_verb_same *same, json_t **out, struct error **err)
{
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = resource,
        .namespace = verb->namespace,
        .body = object,
        .dry_run = verb->options->dry_run,
    };
    auto_json json_t *made = NULL;
    enum kube_reason reason = KUBE_OTHER;
    struct error *error = NULL;
    if (cli_cluster_call(verb->cluster, &request, &made, &reason, &error) < 0) {
        if (reason != KUBE_ALREADY_EXISTS)
            return error_move(err, error);
        error_free(error);
        return meet(verb, resource, object, same, out, err);
    }
    if (verb->options->dry_run) {
        if (print(object, err) < 0)
            return -1;
    } else {
        auto_free char *words = appliance_operation_words(resource->kind, object);
        cli_verb_tell(verb, "%s created", words);
    }
    if (out != NULL)
        *out = steal(&made);
    return 1;
}

/* A wait. */
struct watched {
    struct cli_verb *verb;
    const char *words; /* the object */
    appliance_status_look *look;
    bool was_there;
    char *saying; /* the last; owned */
    json_t *object; /* when it was done; owned */
};

/* A cli_cluster_look. */
static int look(void *user, const json_t *object, struct error **err)
{
    struct watched *watched = user;
    auto_free char *saying = NULL;
    if (object == NULL)
        return watched->was_there ? error_set(err, ERROR_REMOTE, "it was deleted meanwhile") : 0;
    watched->was_there = true;
    int result = watched->look(object, &saying, err);
    if (result > 0)
        watched->object = json_deep_copy(object);
    if (result == 0) {
        xstrset(&watched->saying, saying);
        cli_meter_say(watched->verb->meter, watched->words, saying);
    }
    return result;
}

/* Adds what is true of the cluster after a wait that did not end by itself. */
static int explain(const struct watched *watched, const struct kube_resource *resource,
    const char *name, const char *again, struct error *take_error, struct error **err)
{
    auto_error struct error *error = take_error;
    const char *saying = text_or(watched->saying, "nothing is known of it yet");
    auto_free char *begun = error->class == ERROR_TIMEOUT
                                ? xasprintf("not done after %lld s",
                                      (long long)watched->verb->options->timeout_ms / 1000)
                                : xstrdup("interrupted");
    if (again == NULL)
        return error_set(err, error->class, "%s (%s)", begun, saying);
    return error_set(err, error->class,
        "%s (%s); it goes on in the cluster: kubectl get %s.%s %s -n %s -o yaml shows how far it "
        "is, and %s waits for it again",
        begun, saying, resource->plural, resource->group, name, watched->verb->namespace, again);
}

int cli_verb_wait(struct cli_verb *verb, const struct kube_resource *resource, const char *name,
    appliance_status_look *judge, const char *again, json_t **out, struct error **err)
{
    auto_free char *words = xasprintf("%s %s/%s", resource->kind, verb->namespace, name);
    struct watched watched = {.verb = verb, .words = words, .look = judge};
    struct error *error = NULL;
    int result = 0;
    if (verb->is_interrupted)
        result = error_set(&error, ERROR_CANCELED, "interrupted");
    else
        result = cli_cluster_wait(verb->cluster, resource, verb->namespace, name, look, &watched,
            verb->options->timeout_ms, &error);
    if (result < 0 && (error->class == ERROR_TIMEOUT || error->class == ERROR_CANCELED))
        result = explain(&watched, resource, name, again, error, err);
    else if (result < 0)
        result = error_move(err, error);
    if (result < 0)
        error_wrap(err, "%s", words);
    if (result == 0 && out != NULL)
        *out = steal(&watched.object);
    json_decref(watched.object);
    free(watched.saying);
    cli_meter_hide(verb->meter);
    return result;
}

void cli_verb_remove(
    struct cli_verb *verb, const struct kube_resource *resource, const json_t *object)
{
    if (object == NULL || verb->options->dry_run)
        return;
    const char *uid = kube_uid(object);
    const struct kube_request request = {
        .verb = KUBE_DELETE,
        .resource = resource,
        .namespace = verb->namespace,
        .name = kube_name(object),
        .precondition_uid = uid[0] != '\0' ? uid : NULL,
        .no_body = true,
    };
    enum kube_reason reason = KUBE_OTHER;
    struct error *error = NULL;
    if (cli_cluster_call(verb->cluster, &request, NULL, &reason, &error) < 0 &&
        reason != KUBE_NOT_FOUND)
        cli_verb_tell(verb, "warning: %s %s/%s could not be removed: %s", resource->kind,
            verb->namespace, kube_name(object), error->message);
    error_free(error);
}
