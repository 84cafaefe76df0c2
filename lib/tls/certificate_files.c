#include "tls/certificate_files.h"

#include <errno.h>
#include <ev.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"

/* Files may be written one after the other instead of being swapped at once, so they are read when
 * nothing has changed for settled_after. Something in their directory may change all the time, so
 * they are read at the latest overdue_after the first change. Seconds. */
static const double settled_after = 0.2;
static const double overdue_after = 1.0;
/* From a failure to read them that need not be theirs, such as a lack of descriptors, to the next
 * try. Seconds. */
static const double retry_after = 5.0;

struct tls_certificate_files {
    struct tls_certificate_files_options options; /* its strings are owned */
    struct tls_certificate *current; /* a reference */
    int inotify;
    struct ev_io changed;
    struct ev_timer settled; /* since the last change */
    struct ev_timer overdue; /* since the first, or since a failure */
    char *fault; /* that was reported last, if they cannot be used; owned */
};

static struct tls_certificate *load(const struct tls_certificate_files *files, struct error **err)
{
    auto_free char *chain = NULL;
    char *key = NULL;
    size_t chain_length = 0;
    size_t key_length = 0;
    if (file_read(files->options.certificate_path, TLS_CERTIFICATE_MAX_PEM, &chain, &chain_length,
            err) < 0 ||
        file_read(files->options.key_path, TLS_CERTIFICATE_MAX_PEM, &key, &key_length, err) < 0)
        return NULL;
    auto_free char *name =
        xasprintf("%s with %s", files->options.certificate_path, files->options.key_path);
    struct tls_certificate *certificate = tls_certificate_new(name, chain, key, err);
    free_secret(key, key_length);
    return certificate;
}

/* Puts a certificate into the store; takes the reference. */
static void use(struct tls_certificate_files *files, struct tls_certificate *certificate)
{
    tls_certificate_unref(files->current);
    files->current = tls_certificate_ref(certificate);
    tls_certificate_store_set(files->options.store, certificate);
}

static void try_again(struct tls_certificate_files *files)
{
    ev_timer_set(&files->overdue, retry_after, 0.0);
    ev_timer_start(EV_DEFAULT_ & files->overdue);
}

/* Reports a change; a fault once, however often it is found. */
static void tell(struct tls_certificate_files *files, const struct error *error)
{
    bool known = error != NULL && files->fault != NULL && streq(error->message, files->fault);
    xstrset(&files->fault, error != NULL ? error->message : NULL);
    if (!known)
        files->options.on_change(files->options.user, error);
}

/* Either timer. */
static void on_time(struct ev_loop *loop, struct ev_timer *timer, UNUSED int events)
{
    struct tls_certificate_files *files = timer->data;
    ev_timer_stop(loop, &files->settled);
    ev_timer_stop(loop, &files->overdue);
    auto_error struct error *error = NULL;
    struct tls_certificate *certificate = load(files, &error);
    if (certificate != NULL && tls_certificate_same(certificate, files->current)) {
        tls_certificate_unref(certificate);
        xstrset(&files->fault, NULL);
        return;
    }
    if (certificate != NULL)
        use(files, certificate);
    else if (error->class == ERROR_IO)
        try_again(files);
    tell(files, error);
}

static void on_changed(struct ev_loop *loop, struct ev_io *io, UNUSED int events)
{
    struct tls_certificate_files *files = io->data;
    char buffer[4096];
    while (read(files->inotify, buffer, sizeof(buffer)) > 0)
        ; /* the events do not matter: the files are read again */
    ev_timer_stop(loop, &files->settled);
    ev_timer_set(&files->settled, settled_after, 0.0);
    ev_timer_start(loop, &files->settled);
    if (ev_is_active(&files->overdue))
        return;
    ev_timer_set(&files->overdue, overdue_after, 0.0);
    ev_timer_start(loop, &files->overdue);
}

static int watch(struct tls_certificate_files *files, const char *path, struct error **err)
{
    auto_free char *copy = xstrdup(path);
    const char *directory = dirname(copy);
    if (inotify_add_watch(files->inotify, directory,
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0)
        return error_set_errno(err, "watching the directory %s", directory);
    return 0;
}

struct tls_certificate_files *tls_certificate_files_new(
    const struct tls_certificate_files_options *options, struct error **err)
{
    struct tls_certificate_files *files = xcalloc(1, sizeof(*files));
    files->options = *options;
    files->options.certificate_path = xstrdup(options->certificate_path);
    files->options.key_path = xstrdup(options->key_path);
    ev_init(&files->settled, on_time);
    ev_init(&files->overdue, on_time);
    ev_init(&files->changed, on_changed);
    files->settled.data = files->overdue.data = files->changed.data = files;

    /* watched before they are read, so that no change is missed */
    files->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct tls_certificate *certificate = NULL;
    if (files->inotify < 0)
        error_set_errno(err, "watching %s", options->certificate_path);
    else if (watch(files, options->certificate_path, err) == 0 &&
             watch(files, options->key_path, err) == 0)
        certificate = load(files, err);
    if (certificate == NULL) {
        tls_certificate_files_free(files);
        return NULL;
    }
    use(files, certificate);
    ev_io_set(&files->changed, files->inotify, EV_READ);
    ev_io_start(EV_DEFAULT_ & files->changed);
    return files;
}

void tls_certificate_files_free(struct tls_certificate_files *files)
{
    if (files == NULL)
        return;
    ev_io_stop(EV_DEFAULT_ & files->changed);
    ev_timer_stop(EV_DEFAULT_ & files->settled);
    ev_timer_stop(EV_DEFAULT_ & files->overdue);
    if (files->inotify >= 0)
        close(files->inotify);
    tls_certificate_unref(files->current);
    free(files->fault);
    free((char *)files->options.certificate_path);
    free((char *)files->options.key_path);
    free(files);
}
