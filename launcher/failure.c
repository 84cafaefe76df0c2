#include "launcher/failure.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

/* Returns the object with at most limit bytes of the message. Owned by the caller. */
static char *object_text(const char *stage, const struct error *error, size_t limit)
{
    auto_free char *message = text_printable(error->message, strlen(error->message), limit);
    auto_json json_t *object = json_pack("{s:s, s:s, s:s}", "stage", stage, "class",
        error_class_name(error->class), "message", message);
    return json_dumps(object, JSON_COMPACT);
}

/* Writes into the existing file instead of replacing it: it may be a mount. Returns 0, or -1 with
 * an io error. */
static int write_termination_log(
    const char *path, const char *stage, const struct error *error, struct error **err)
{
    size_t limit = LAUNCHER_TERMINATION_MAX_BYTES;
    char *text = object_text(stage, error, limit);
    while (strlen(text) > LAUNCHER_TERMINATION_MAX_BYTES) { /* JSON escapes some characters */
        free(text);
        limit -= limit / 8;
        text = object_text(stage, error, limit);
    }
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int result = fd < 0 ? error_set_errno(err, "opening %s", path)
                        : file_write_all(fd, text, strlen(text), err);
    free(text);
    return result;
}

int launcher_failure_report(
    const struct launcher_flags *flags, const char *stage, const struct error *error)
{
    const char *path = flags->termination_log;
    if (path == NULL && access(LAUNCHER_TERMINATION_LOG, F_OK) == 0)
        path = LAUNCHER_TERMINATION_LOG;
    auto_error struct error *failure = NULL;
    if (path != NULL && write_termination_log(path, stage, error, &failure) < 0)
        log_warning("%s", failure->message);
    log_write(LOG_ERROR,
        json_pack("{s:s, s:s}", "stage", stage, "class", error_class_name(error->class)), "%s",
        error->message);
    return error_exit_status(error->class);
}
