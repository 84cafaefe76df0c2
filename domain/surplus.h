/* What KubeVirt's form of a domain has beyond libvirt's schema. KubeVirt's launcher never holds a
 * domain against the schema, and libvirt ignores these elements. Hooks see them, since KubeVirt
 * hands them out; the schema check disregards them, and after the last hook they are taken out. */
#ifndef DOMAIN_SURPLUS_H
#define DOMAIN_SURPLUS_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct domain_surplus_row {
    const char *path; /* element names below <domain>, "sysinfo/bios"; NULL ends the table */
    bool empty; /* only without content and attributes: with, it is libvirt's */
    const char *of_type; /* a parent of this type always has it in KubeVirt's form; NULL: none */
    const char *why; /* KubeVirt writes it */
};

/* Ends with a row without a path. */
extern const struct domain_surplus_row domain_surplus[];

/* Takes these elements out. Returns the document without them, in KubeVirt's form (domain/form.h),
 * or the same bytes if there are none; owned by the caller, with a zero byte after its *out_length
 * bytes. NULL with an input error, as domain_form. */
char *domain_surplus_remove(const char *xml, size_t length, size_t *out_length, struct error **err);

/* For the files of this room: takes them out of a tree, and returns how many there were; adds those
 * that KubeVirt's form always has. */
size_t domain_surplus_unlink(xmlDoc *document);
void domain_surplus_add(xmlDoc *document);

#endif
