/* Writes an XML document element by element, in the layout that KubeVirt gives a domain: indented,
 * without a declaration, no self-closing elements. Names come from the program; values may be any
 * UTF-8 and are escaped. */
#ifndef DOMAIN_WRITE_H
#define DOMAIN_WRITE_H

#include <stddef.h>

struct domain_writer;

/* Owned by the caller. */
struct domain_writer *domain_writer_new(void);
void domain_writer_free(struct domain_writer *writer);

/* Opens an element with attributes: name, value, …, NULL. An attribute whose value is NULL is
 * left out: domain_open(w, "model", "type", "virtio", NULL). */
void domain_open(struct domain_writer *writer, const char *element, ...) __attribute__((sentinel));
void domain_close(struct domain_writer *writer); /* the innermost open element */

/* An element without content, and one with a text. */
void domain_empty(struct domain_writer *writer, const char *element, ...) __attribute__((sentinel));
void domain_text(struct domain_writer *writer, const char *element, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text content for the innermost open element. */
void domain_content(struct domain_writer *writer, const char *text);

/* The whole document; every element has been closed. Owned by the caller. */
char *domain_writer_finish(struct domain_writer *writer, size_t *length);

#endif
