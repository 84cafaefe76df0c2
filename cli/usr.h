/* The host's /usr as a sandbox sees it. It is read-only, and bubblewrap can mount nothing in it
 * where nothing is; so where a mount needs a new place, /usr becomes a directory of links to the
 * host's files, with the place among them. */
#ifndef CLI_USR_H
#define CLI_USR_H

#include <stdbool.h>

#include "base/error.h"

/* Where the host's /usr is when /usr itself is made of links. */
#define CLI_USR_IMAGE "/.usr"

/* The path at which a mount really happens: /bin/x is /usr/bin/x on a host that merged the two.
 * Owned by the caller. path is absolute and without "..". */
char *cli_usr_resolve(const char *path);

/* Whether a mount at path (resolved) needs a place that /usr does not have. */
bool cli_usr_lacks(const char *path, bool is_directory);

/* Makes a place for a mount at path (resolved) in the /usr of links at directory: first the links
 * to all that stands beside it on the way there. What is no path in /usr is left alone. Returns 0,
 * or -1 with an io error. */
int cli_usr_add_place(
    const char *directory, const char *path, bool is_directory, struct error **err);

#endif
