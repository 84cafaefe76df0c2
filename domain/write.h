/* Writes an XML document element by element, in KubeVirt's layout of a domain: indented by tabs,
 * without a declaration, self-closing elements or a line end after the last one. Names come from
 * the program; values may be any UTF-8 and are escaped as Go's encoding/xml does. */
#ifndef DOMAIN_WRITE_H
#define DOMAIN_WRITE_H

#include <stddef.h>

struct domain_writer;

/* Owned by the caller. */
struct domain_writer *domain_writer_new(void);
void domain_writer_free(struct domain_writer *writer);

/* Opens an element with attributes; an attribute whose value is NULL is left out: domain_open(w,
 * "model", "type", "virtio", "heads", NULL) opens <model type="virtio">. */
#define domain_open(writer, ...) domain_open_element(writer, DOMAIN_ELEMENT(__VA_ARGS__))
void domain_close(struct domain_writer *writer); /* the innermost open element */

/* Write an element without content, and one with text. */
#define domain_empty(writer, ...) domain_empty_element(writer, DOMAIN_ELEMENT(__VA_ARGS__))
void domain_text(struct domain_writer *writer, const char *element, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes text into the innermost open element. */
void domain_content(struct domain_writer *writer, const char *text);

/* The functions behind the macros. element holds the element's name, then names and values of
 * attributes, then NULL instead of a name. */
#define DOMAIN_ELEMENT(...)                                                                        \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
void domain_open_element(struct domain_writer *writer, const char *const *element);
void domain_empty_element(struct domain_writer *writer, const char *const *element);

/* Returns the document, owned by the caller. Every element must have been closed. */
char *domain_writer_finish(struct domain_writer *writer, size_t *length);

#endif
