/* Writes trees in KubeVirt's form (domain/form.h). For the files of this room only. */
#ifndef DOMAIN_PRINT_H
#define DOMAIN_PRINT_H

#include <libxml/tree.h>
#include <stddef.h>
#include <stdio.h>

/* Writes a document, whose layout it drops, with a zero byte after its *out_length bytes. Owned by
 * the caller.
 * Source of the escapes and the layout: Go's encoding/xml, with which KubeVirt writes. */
char *domain_print_document(xmlDoc *document, size_t *out_length);

/* Writes text with Go's escapes, which are the same in attributes and between tags. */
void domain_print_text(FILE *out, const xmlChar *text);

#endif
