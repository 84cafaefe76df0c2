#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int set_message(struct error **err, enum error_class class, int errnum, char *message)
{
    if (err == NULL) {
        free(message);
        return -1;
    }
    struct error *error = xmalloc(sizeof(*error));
    *error = (struct error){.class = class, .errnum = errnum, .message = message};
    error_free(*err);
    *err = error;
    return -1;
}

int error_set(struct error **err, enum error_class class, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *message = xvasprintf(format, args);
    va_end(args);
    return set_message(err, class, 0, message);
}

int error_set_errno(struct error **err, const char *format, ...)
{
    int errnum = errno;
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    char reason[128];
    /* the root file system of a container, for which its pod has to be changed */
    const char *remedy =
        errnum == EROFS ? " (in a container, mount a volume there, such as an emptyDir)" : "";
    return set_message(err, ERROR_IO, errnum,
        xasprintf("%s: %s%s", message, strerror_r(errnum, reason, sizeof(reason)), remedy));
}

int error_wrap(struct error **err, const char *format, ...)
{
    if (err == NULL || *err == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    auto_free char *context = xvasprintf(format, args);
    va_end(args);
    char *message = xasprintf("%s: %s", context, (*err)->message);
    free((*err)->message);
    (*err)->message = message;
    return -1;
}

int error_move(struct error **to, struct error *from)
{
    if (to == NULL) {
        error_free(from);
    } else {
        error_free(*to);
        *to = from;
    }
    return -1;
}

const char *error_class_name(enum error_class class)
{
    static const char *const names[] = {
        [ERROR_INTERNAL] = "internal",
        [ERROR_USAGE] = "usage",
        [ERROR_INPUT] = "input",
        [ERROR_POLICY] = "policy",
        [ERROR_IO] = "io",
        [ERROR_REMOTE] = "remote",
        [ERROR_TIMEOUT] = "timeout",
        [ERROR_CANCELED] = "canceled",
    };
    return names[class];
}

int error_exit_status(enum error_class class)
{
    switch (class) {
    case ERROR_INPUT:
    case ERROR_POLICY:
        return 1;
    case ERROR_USAGE:
        return 2;
    case ERROR_IO:
        return 3;
    case ERROR_REMOTE:
        return 4;
    case ERROR_TIMEOUT:
        return 5;
    case ERROR_INTERNAL:
    case ERROR_CANCELED:
        break;
    }
    return 6;
}

void error_free(struct error *error)
{
    if (error == NULL)
        return;
    free(error->message);
    free(error);
}
