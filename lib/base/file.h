/* Files and directories, whole: read with a limit, written without leaving half a file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Read a whole file (standard input if path is "-"), or a descriptor to its end. *data is owned by
 * the caller and has a zero byte after its *length bytes. Return 0, or -1 with an io error that
 * names path, or an input error if there are more than limit bytes. name is the descriptor's name
 * in errors. */
int file_read(const char *path, size_t limit, char **data, size_t *length, struct error **err);
int file_read_fd(
    int fd, const char *name, size_t limit, char **data, size_t *length, struct error **err);

/* Writes all of data to a descriptor. Returns 0, or -1 with an io error. */
int file_write_all(int fd, const void *data, size_t length, struct error **err);

/* Creates a file in memory, which is not executable. name is for /proc. Returns its descriptor, owned
 * by the caller, or -1 with an io error. */
int file_open_memory(const char *name, struct error **err);

/* Writes data to a new file beside path and renames it to path, so that a reader sees the old or
 * the new content, never a part. Returns 0, or -1 with an io error. */
int file_write(const char *path, const void *data, size_t length, mode_t mode, struct error **err);

/* Appends data to the file at path with one write(2), creating it. Returns 0, or -1. */
int file_append(const char *path, const void *data, size_t length, mode_t mode, struct error **err);

/* Creates the directory and its missing parents. Returns 0, or -1 with an io error. */
int file_make_directories(const char *path, mode_t mode, struct error **err);

/* Creates a private directory under $TMPDIR or /tmp whose name begins with prefix. Returns its
 * path, owned by the caller, or NULL with an io error. Remove it with file_remove_tree. */
char *file_make_temporary(const char *prefix, struct error **err);

/* Renames a file or directory to what must not be there yet. Returns 0, or -1 with an io error about
 * new_path. */
int file_rename_new(const char *path, const char *new_path, struct error **err);

/* Removes a file, or a directory with everything in it, even what its owner may not read or write.
 * Symbolic links are removed, never followed. A missing path is not an error. Goes on after a
 * failure; returns 0, or -1 with an io error if anything is left. */
int file_remove_tree(const char *path, struct error **err);

/* path, absolute and without slashes at its end; it need not exist. Owned by the caller. */
char *file_absolute(const char *path);

/* directory + "/" + name. Owned by the caller. */
char *file_join(const char *directory, const char *name);

#endif
