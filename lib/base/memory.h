/* Allocators that never return NULL, and cleanup attributes that release a variable when it leaves
 * scope. Running out of memory aborts the process: no caller could do better. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* Allocators. Each result is owned by the caller and freed with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *pointer, size_t size);
void *xreallocarray(void *pointer, size_t count, size_t size);
void *xmemdup(const void *data, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Replaces *pointer with a copy of text and frees the old value; text may be NULL, or *pointer
 * itself. */
void xstrset(char **pointer, const char *text);

/* Overwrites size bytes, which the compiler does not optimize away, then frees. For secrets. NULL
 * is allowed. */
void free_secret(void *pointer, size_t size);

/* Moves the value out of a variable and leaves NULL, so that its cleanup does nothing:
 * return steal(&name); */
#define steal(pointer)                                                                             \
    ({                                                                                             \
        __typeof__(pointer) steal_pointer_ = (pointer);                                            \
        __typeof__(*steal_pointer_) steal_value_ = *steal_pointer_;                                \
        *steal_pointer_ = NULL;                                                                    \
        steal_value_;                                                                              \
    })

/* Declares a cleanup function cleanup_NAME for variables of a pointer type; attribute it with
 * auto_cleanup(NAME). release is called only when the variable is not NULL. */
#define DEFINE_CLEANUP(name, type, release)                                                        \
    static inline void cleanup_##name(type *variable)                                              \
    {                                                                                              \
        if (*variable != NULL)                                                                     \
            release(*variable);                                                                    \
    }                                                                                              \
    struct cleanup_##name##_needs_semicolon_

#define auto_cleanup(name) __attribute__((cleanup(cleanup_##name)))

void cleanup_free(void *pointer_to_pointer);
void cleanup_fd(const int *fd);

#define auto_free auto_cleanup(free)

/* A file descriptor, closed when it leaves scope unless it is -1. Use steal_fd to keep it. */
#define auto_fd auto_cleanup(fd)
int steal_fd(int *fd);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
