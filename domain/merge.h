/* Elements that several hooks add side by side, each its own: libvirt reads the parts of all of
 * them, or of the first, but its schema mostly allows one. */
#ifndef DOMAIN_MERGE_H
#define DOMAIN_MERGE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Two different parts of which libvirt takes one. Owned; zeroed means none. */
struct domain_clash {
    char *part; /* its name, as domain/parts.h gives it */
    char *text; /* "<metadata> has two different elements of the namespace \"urn:x\"" */
};
void domain_clash_clear(struct domain_clash *clash);

/* Merges the elements of domain/parts.h that are there more than once: the children of the later
 * ones follow those of the first, unless the element has attributes; of two equal parts
 * (domain/canonical.h) that may be there once, the first stays. Returns the document, in KubeVirt's
 * form if something was merged and the same bytes otherwise, owned by the caller, with a zero byte
 * after its *out_length bytes. NULL with the first clash, or with an input error, as domain_form,
 * and if the document is too large to be merged; clash is borrowed and empty. */
char *domain_merge(const char *xml, size_t length, size_t *out_length, struct domain_clash *clash,
    struct error **err);

/* For the files of this room: the same with a tree, where of what clashes both stay. clash may be
 * NULL. Returns whether it changed. */
bool domain_merge_elements(xmlDoc *document, struct domain_clash *clash);

#endif
