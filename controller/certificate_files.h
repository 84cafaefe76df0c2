/* The certificate from two files, read again when they change: inotify on their directories, so
 * that a Secret volume's swapped symbolic link is noticed. */
#ifndef CONTROLLER_CERTIFICATE_FILES_H
#define CONTROLLER_CERTIFICATE_FILES_H

#include "base/error.h"

struct controller_certificate_files;

/* Loads them, sets them as the current certificate, and watches them on the default loop. Returns
 * the watch, owned by the caller, or NULL with an error when they cannot be used. Later files that
 * cannot be used are logged, and the certificate before them stays. */
struct controller_certificate_files *controller_certificate_files_new(
    const char *certificate_path, const char *key_path, struct error **err);
void controller_certificate_files_free(struct controller_certificate_files *files); /* or NULL */

#endif
