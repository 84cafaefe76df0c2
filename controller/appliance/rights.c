#include "controller/appliance/rights.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/name.h"
#include "base/json.h"
#include "base/text.h"

/* One question: may one of the two clone from one namespace? */
struct question {
    struct controller_rights *rights;
    const char *source; /* the namespace; borrowed */
    bool is_account; /* the service account is asked for, not the user */
    struct controller_access_asked *asked; /* NULL: answered */
};

struct controller_rights {
    struct controller_rights_options options;
    struct question *questions; /* two for each right; owned */
    size_t waiting;
};

const char *controller_rights_account(const json_t *vm)
{
    size_t i = 0;
    json_t *volume = NULL;
    json_array_foreach (json_pointer_get(vm, "/spec/template/spec/volumes"), i, volume) {
        const char *name =
            json_get_string(json_object_get(volume, "serviceAccount"), "serviceAccountName");
        if (name != NULL)
            return name;
    }
    return "default";
}

static const char *user_of(const struct question *question)
{
    return text_or(json_get_string(question->rights->options.user_info, "username"), "");
}

/* Who is asked for, as kubectl names them in a binding: quoted for a shell, unless that cannot be.
 * Owned by the caller. */
static char *subject_flag(const struct question *question)
{
    const struct controller_rights_options *options = &question->rights->options;
    const char *user = user_of(question);
    if (question->is_account)
        return xasprintf("--serviceaccount=%s:%s", options->namespace, options->service_account);
    return strchr(user, '\'') == NULL ? xasprintf("--user='%s'", user) : xstrdup("--user=USER");
}

static char *binding(const struct question *question)
{
    const struct controller_rights_options *options = &question->rights->options;
    return question->is_account
               ? appliance_name_clone_binding(options->namespace, options->service_account)
               : appliance_name_clone_binding(NULL, user_of(question));
}

static char *subject(const struct question *question)
{
    const struct controller_rights_options *options = &question->rights->options;
    return question->is_account ? xasprintf("the service account %s of the namespace %s",
                                      options->service_account, options->namespace)
                                : xasprintf("the user %s", user_of(question));
}

static void deny(const struct question *question)
{
    const struct controller_rights_options *options = &question->rights->options;
    auto_free char *who = subject(question);
    auto_free char *flag = subject_flag(question);
    auto_free char *name = binding(question);
    auto_free char *message = xasprintf(
        "%s may not clone disks of the namespace %s (create datavolumes/source). Who administers "
        "%s allows it with: kubectl create role " APPLIANCE_CLONE_ROLE " -n %s --verb=create "
        "--resource=datavolumes.cdi.kubevirt.io/source; kubectl create rolebinding "
        "%s -n %s --role=" APPLIANCE_CLONE_ROLE " %s",
        who, question->source, question->source, question->source, name, question->source, flag);
    controller_verdict_deny(options->verdict, ERROR_POLICY, options->field, message);
}

static void on_asked(void *user, enum controller_access_answer answer, const char *why)
{
    struct question *question = user;
    struct controller_rights *rights = question->rights;
    question->asked = NULL;
    if (answer == CONTROLLER_ACCESS_DENIED)
        deny(question);
    else if (answer == CONTROLLER_ACCESS_UNKNOWN)
        controller_verdict_deny(rights->options.verdict, ERROR_REMOTE, rights->options.field,
            text_or(why, "the API server does not say who may clone"));
    if (--rights->waiting == 0)
        rights->options.done(rights->options.user);
}

/* Asks one question, unless the answer is known to be yes. */
static void ask(struct question *question)
{
    struct controller_rights *rights = question->rights;
    const struct controller_rights_options *options = &rights->options;
    const struct controller_access_deed deed = {
        .verb = "create",
        .group = "cdi.kubevirt.io",
        .resource = "datavolumes",
        .subresource = "source",
        .namespace = question->source,
    };
    auto_json json_t *account =
        question->is_account
            ? controller_access_service_account(options->namespace, options->service_account)
            : json_incref((json_t *)options->user_info);
    auto_json json_t *asked = controller_access_question(account, &deed);
    if (controller_access_is_allowed(options->access, asked))
        return;
    rights->waiting++;
    question->asked = controller_access_ask(options->access, asked, on_asked, question);
}

struct controller_rights *controller_rights_new(const struct controller_rights_options *options)
{
    struct controller_rights *rights = xcalloc(1, sizeof(*rights));
    rights->options = *options;
    rights->questions = xcalloc(2 * options->count + 1, sizeof(*rights->questions));
    for (size_t i = 0; i < 2 * options->count; i++) {
        struct question *question = &rights->questions[i];
        question->rights = rights;
        question->source = options->rights[i / 2].namespace;
        question->is_account = i % 2 == 1;
        ask(question);
    }
    if (rights->waiting > 0)
        return rights;
    controller_rights_free(rights);
    return NULL;
}

void controller_rights_free(struct controller_rights *rights)
{
    if (rights == NULL)
        return;
    for (size_t i = 0; i < 2 * rights->options.count; i++) {
        if (rights->questions[i].asked != NULL)
            controller_access_cancel(rights->questions[i].asked);
    }
    free(rights->questions);
    free(rights);
}
