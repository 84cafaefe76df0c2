#include "shim/hook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "rpc/status.h"

enum {
    /* A message's limit, less what its field's tag and length take. */
    OUTPUT_LIMIT = RPC_MAX_MESSAGE - 64,
    /* Bytes of standard error in an error message, which so fits gRPC's 8 KiB of metadata even when
     * every byte has to be escaped. */
    ERROR_TAIL = 1536,
    JSON_DEPTH = 256,
    /* Linux, binfmts.h: MAX_ARG_STRLEN, in pages. */
    ARGUMENT_PAGES = 32,
};

struct shim_hook_call {
    const struct hooks_point_row *hook;
    int64_t timeout_ms;
    struct subprocess *child;
    subprocess_line *on_line;
    shim_hook_done *done;
    void *user;
};

/* Checks that data is a JSON object. Returns 0, or -1 with an input error. */
static int check_object(const char *what, struct bytes data, struct error **err)
{
    if (data.length == 0)
        return error_set(err, ERROR_INPUT, "the %s is empty: it must be a JSON object", what);
    auto_json json_t *value = json_parse(data.data, data.length, JSON_DEPTH, err);
    if (value == NULL)
        return error_wrap(err, "the %s is not JSON", what);
    if (!json_is_object(value))
        return error_set(
            err, ERROR_INPUT, "the %s must be a JSON object, not %s", what, json_kind(value));
    return 0;
}

static int check_input(
    const struct hooks_point_row *hook, struct bytes vmi, struct bytes document, struct error **err)
{
    if (check_object("VMI", vmi, err) < 0)
        return -1;
    if (hook->document == HOOKS_CLOUD_INIT)
        return check_object(hook->noun, document, err);
    size_t bad_at = 0;
    if (!text_is_utf8(document.data, document.length, &bad_at))
        return error_set(err, ERROR_INPUT, "the %s is not UTF-8 at byte %zu", hook->noun, bad_at);
    if (document.length > 0 && memchr(document.data, '\0', document.length) != NULL)
        return error_set(err, ERROR_INPUT, "the %s contains a zero byte", hook->noun);
    return 0;
}

/* Checks that a value fits in one argument of a program. */
static int check_argument(const char *what, size_t length, struct error **err)
{
    size_t limit = (size_t)sysconf(_SC_PAGESIZE) * ARGUMENT_PAGES;
    if (length < limit)
        return 0;
    return error_set(err, ERROR_INPUT,
        "the %s of %zu bytes is too long for an argument, which Linux limits to %zu bytes: with "
        "--stdin, sidecar-shim passes it to the hook on standard input instead",
        what, length, limit - 1);
}

static char *copy_text(struct bytes data)
{
    return xstrndup(data.data, data.length);
}

/* Starts the child with the VMI and the document as arguments. */
static struct subprocess *start_with_arguments(const struct hooks_point_row *hook,
    struct subprocess_options *options, struct bytes vmi, struct bytes document, struct error **err)
{
    if (check_argument("VMI", vmi.length, err) < 0 ||
        check_argument(hook->noun, document.length, err) < 0)
        return NULL;
    auto_free char *vmi_text = copy_text(vmi);
    auto_free char *document_text = copy_text(document);
    options->argv =
        (const char *const[]){hook->executable, "--vmi", vmi_text, hook->flag, document_text, NULL};
    auto_error struct error *failure = NULL;
    struct subprocess *child = subprocess_start(options, &failure);
    if (child == NULL && failure->errnum == E2BIG)
        error_wrap(
            &failure, "the VMI and the %s do not fit in the arguments: use --stdin", hook->noun);
    if (child == NULL)
        error_move(err, steal(&failure));
    return child;
}

/* Starts the child with the VMI and the document on standard input. The JSON texts are copied as
 * they are: parsing and writing them again could change a number. */
static struct subprocess *start_with_input(const struct hooks_point_row *hook,
    struct subprocess_options *options, struct bytes vmi, struct bytes document, struct error **err)
{
    auto_free char *text = copy_text(document);
    if (hook->document == HOOKS_DOMAIN) {
        auto_json json_t *string = json_stringn_nocheck(text, document.length);
        free(text);
        text = json_dumps(string, JSON_ENCODE_ANY);
    }
    auto_free char *input =
        xasprintf("{\"vmi\":%.*s,\"%s\":%s}\n", (int)vmi.length, vmi.data, hook->key, text);
    options->argv = (const char *const[]){hook->executable, NULL};
    options->input = input;
    options->input_length = strlen(input);
    return subprocess_start(options, err);
}

/* Returns 0 when a finished run succeeded, or -1 with an error that says why it failed. */
static int check_result(
    const struct shim_hook_call *call, const struct subprocess_result *result, struct error **err)
{
    const char *name = call->hook->executable;
    auto_free char *end = subprocess_describe(result->wait_status);
    if (result->canceled)
        return error_set(err, ERROR_CANCELED, "%s was canceled", name);
    if (result->timed_out)
        return error_set(err, ERROR_TIMEOUT, "%s did not finish within %g s, and %s", name,
            (double)call->timeout_ms / 1000, end);
    if (result->keeper_lost)
        return error_set(
            err, ERROR_REMOTE, "%s %s: the process that kept it was killed", name, end);
    if (result->output_too_large)
        return error_set(err, ERROR_REMOTE, "%s wrote more than %d MiB to its standard output",
            name, RPC_MAX_MESSAGE >> 20);
    if (result->wait_status != 0)
        return error_set(err, ERROR_REMOTE, "%s %s", name, end);
    if (result->output_length == 0)
        return error_set(err, ERROR_REMOTE,
            "%s %s and wrote nothing to its standard output, where the %s should be", name, end,
            call->hook->noun);
    return 0;
}

/* Appends the last lines of standard error to an error's message. */
static void append_tail(struct error *error, const char *tail)
{
    while (*tail != '\0') {
        size_t length = strcspn(tail, "\n");
        auto_free char *line = text_printable(tail, length, SIZE_MAX);
        auto_free char *before = error->message;
        error->message = xasprintf("%s\n%s", before, line);
        tail += length + (tail[length] != '\0');
    }
}

static void on_done(void *user, struct subprocess_result *child)
{
    struct shim_hook_call *call = user;
    auto_error struct error *error = NULL;
    struct shim_hook_result result = {
        .output_held = child->output_held,
        .is_stuck = child->is_stuck,
        .left = child->left,
    };
    if (check_result(call, child, &error) == 0) {
        result.output = child->output;
        result.output_length = child->output_length;
    } else if (child->error_tail[0] != '\0') {
        auto_free char *before = error->message;
        error->message = xasprintf("%s; its standard error ends with:", before);
        append_tail(error, child->error_tail);
    }
    result.error = error;
    call->done(call->user, &result);
    child->left = result.left;
    free(call);
}

static void on_line(void *user, const char *line)
{
    struct shim_hook_call *call = user;
    call->on_line(call->user, line);
}

struct shim_hook_call *shim_hook_start(const struct hooks_point_row *hook,
    const struct shim_hook_options *options, struct bytes vmi, struct bytes document,
    subprocess_line *on_error_line, shim_hook_done *done, void *user, struct error **err)
{
    if (check_input(hook, vmi, document, err) < 0)
        return NULL;
    struct shim_hook_call *call = xmalloc(sizeof(*call));
    *call = (struct shim_hook_call){
        .hook = hook,
        .timeout_ms = options->timeout_ms,
        .on_line = on_error_line,
        .done = done,
        .user = user,
    };
    struct subprocess_options child = {
        .output_limit = OUTPUT_LIMIT,
        .error_tail_limit = ERROR_TAIL,
        .timeout_ms = options->timeout_ms,
        .kill_grace_ms = options->kill_grace_ms,
        .needs_output = true,
        .on_error_line = on_line,
        .on_done = on_done,
        .user = call,
    };
    call->child = options->use_stdin ? start_with_input(hook, &child, vmi, document, err)
                                     : start_with_arguments(hook, &child, vmi, document, err);
    if (call->child == NULL)
        free(steal(&call));
    return call;
}

void shim_hook_cancel(struct shim_hook_call *call)
{
    subprocess_cancel(call->child);
}
