/* The certificate from two files, read again when they change: inotify on their directories, so
 * that a Secret volume's swapped symbolic link is noticed. */
#ifndef TLS_CERTIFICATE_FILES_H
#define TLS_CERTIFICATE_FILES_H

#include "base/error.h"
#include "tls/certificate_store.h"

struct tls_certificate_files;

struct tls_certificate_files_options {
    const char *certificate_path, *key_path; /* copied */
    struct tls_certificate_store *store; /* borrowed; gets each certificate */
    /* Told, from the loop, when the files have changed: the store has another certificate, or
     * keeps the one before, since error (borrowed; else NULL) says why these cannot be used. */
    void (*on_change)(void *user, const struct error *error);
    void *user;
};

/* Loads them into the store, and watches them on the default loop. Returns the watch, owned by the
 * caller, or NULL with an error when they cannot be used. */
struct tls_certificate_files *tls_certificate_files_new(
    const struct tls_certificate_files_options *options, struct error **err);
void tls_certificate_files_free(struct tls_certificate_files *files); /* NULL is allowed */

#endif
