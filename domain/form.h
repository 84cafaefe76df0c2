/* The form in which KubeVirt hands out domains: indented with tabs, no declaration, double quotes,
 * an end tag for every element, and in the SMBIOS tables an element for each that has no entry.
 * Hooks look for exactly that, with sed as well as with an XML library. */
#ifndef DOMAIN_FORM_H
#define DOMAIN_FORM_H

#include <stddef.h>

#include "base/error.h"

/* Returns the domain in KubeVirt's form, owned by the caller, with a zero byte after its
 * *out_length bytes; a document that is in this form comes back byte for byte. NULL with an input
 * error if xml is not a domain document or has more than DOMAIN_TREE_MAX_BYTES. */
char *domain_form(const char *xml, size_t length, size_t *out_length, struct error **err);

#endif
