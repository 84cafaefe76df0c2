#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *pointer)
{
    if (pointer == NULL) {
        static const char message[] = "out of memory\n";
        ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
        (void)ignored;
        abort();
    }
    return pointer;
}

void *xmalloc(size_t size)
{
    return checked(malloc(size > 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *xrealloc(void *pointer, size_t size)
{
    return checked(realloc(pointer, size > 0 ? size : 1));
}

void *xreallocarray(void *pointer, size_t count, size_t size)
{
    return checked(reallocarray(pointer, count > 0 && size > 0 ? count : 1, size > 0 ? size : 1));
}

void *xmemdup(const void *data, size_t size)
{
    void *copy = xmalloc(size);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

char *xstrdup(const char *text)
{
    return checked(strdup(text));
}

char *xstrndup(const char *text, size_t length)
{
    return checked(strndup(text, length));
}

char *xvasprintf(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    return checked(text);
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    return text;
}

void xstrset(char **pointer, const char *text)
{
    char *copy = text != NULL ? xstrdup(text) : NULL;
    free(*pointer);
    *pointer = copy;
}

void free_secret(void *pointer, size_t size)
{
    if (pointer != NULL)
        explicit_bzero(pointer, size);
    free(pointer);
}

void cleanup_free(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

void cleanup_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

int steal_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}
