/* A certificate from two files, read again when they change. inotify watches their directories, so
 * that the swapped symbolic link of a Secret volume is noticed. */
#ifndef TLS_CERTIFICATE_FILES_H
#define TLS_CERTIFICATE_FILES_H

#include "base/error.h"
#include "tls/certificate_store.h"

struct tls_certificate_files;

struct tls_certificate_files_options {
    const char *certificate_path, *key_path; /* copied */
    struct tls_certificate_store *store; /* borrowed; gets each certificate */
    /* Called from the loop when the files have changed. error NULL: the store has the new
     * certificate; else it keeps the previous one, and error (borrowed) says why the new files
     * cannot be used. Reading them is tried again until it succeeds. */
    void (*on_change)(void *user, const struct error *error);
    void *user;
};

/* Loads the files into the store, and watches them on the default loop. Returns the watch, owned by
 * the caller, or NULL with an error if they cannot be used. */
struct tls_certificate_files *tls_certificate_files_new(
    const struct tls_certificate_files_options *options, struct error **err);
void tls_certificate_files_free(struct tls_certificate_files *files); /* NULL is allowed */

#endif
