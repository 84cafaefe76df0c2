/* One hook of the shim: an executable in $PATH that gets a VMI and a document, and writes the
 * document that replaces it. */
#ifndef SHIM_HOOK_H
#define SHIM_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/keeper.h"
#include "base/subprocess.h"
#include "hooks/message.h"

struct shim_hook_options {
    bool use_stdin; /* one JSON object on standard input, no arguments */
    int64_t timeout_ms;
    int64_t kill_grace_ms; /* between SIGTERM and SIGKILL to a hook and its descendants */
};

/* The result of a call. Valid during the callback. */
struct shim_hook_result {
    const struct error *error; /* NULL on success */
    char *output; /* what the hook wrote; NULL on failure */
    size_t output_length;
    bool output_held; /* processes left behind held its outputs open; its group was killed */
    bool is_stuck; /* it failed, and some of its descendants could not be killed */
    struct keeper
        *left; /* of what it left running when it succeeded; NULL: nothing. To be stolen */
};

typedef void shim_hook_done(void *user, struct shim_hook_result *result);

struct shim_hook_call; /* one run of the executable */

/* Starts the executable of a hook point that has one. on_line gets each line of its standard error.
 * done is called once, from the loop. Returns the call, which frees itself after done returns; or
 * NULL with an error, in which case done is not called: an input error when vmi or document cannot
 * be passed to it, an io error when the executable is missing or cannot be started. */
struct shim_hook_call *shim_hook_start(const struct hooks_point_row *hook,
    const struct shim_hook_options *options, struct bytes vmi, struct bytes document,
    subprocess_line *on_line, shim_hook_done *done, void *user, struct error **err);

/* Ends the executable and all its descendants; done is still called, with a canceled error. */
void shim_hook_cancel(struct shim_hook_call *call);

#endif
