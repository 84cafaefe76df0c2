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

/* Opens an element with attributes: domain_open(w, "model", "type", "virtio", "heads", NULL) opens
 * <model type="virtio">, since an attribute whose value is NULL is left out. */
#define domain_open(writer, ...) domain_open_element(writer, DOMAIN_ELEMENT(__VA_ARGS__))
void domain_close(struct domain_writer *writer); /* the innermost open element */

/* An element without content, and one with a text. */
#define domain_empty(writer, ...) domain_empty_element(writer, DOMAIN_ELEMENT(__VA_ARGS__))
void domain_text(struct domain_writer *writer, const char *element, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text content for the innermost open element. */
void domain_content(struct domain_writer *writer, const char *text);

/* What the macros above call: an element's name, then names and values of its attributes, then
 * NULL for a name. */
#define DOMAIN_ELEMENT(...)                                                                        \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
void domain_open_element(struct domain_writer *writer, const char *const *element);
void domain_empty_element(struct domain_writer *writer, const char *const *element);

/* The whole document; every element has been closed. Owned by the caller. */
char *domain_writer_finish(struct domain_writer *writer, size_t *length);

#endif
