/* What KubeVirt's form of a domain has beyond libvirt's schema, or leaves out. KubeVirt's launcher
 * never holds a domain against the schema, and libvirt ignores what it does not know, or takes a
 * default. Hooks see the domain so, since KubeVirt hands it out so; the schema check disregards it,
 * and after the last hook it is put right. */
#ifndef DOMAIN_SURPLUS_H
#define DOMAIN_SURPLUS_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum domain_surplus_kind {
    DOMAIN_SURPLUS_EMPTY_ELEMENT, /* goes if it has no content and no attribute: with, it is
                                     libvirt's */
    DOMAIN_SURPLUS_ELEMENT, /* goes */
    DOMAIN_SURPLUS_ELEMENT_WITH, /* goes if its attribute has the value */
    DOMAIN_SURPLUS_ATTRIBUTE, /* goes */
    DOMAIN_SURPLUS_EMPTY_ATTRIBUTE, /* goes if it is empty */
    DOMAIN_SURPLUS_MISSING_ATTRIBUTE, /* gets the value that libvirt takes without it */
};

struct domain_surplus_row {
    const char *path; /* element names below <domain>, "sysinfo/bios"; NULL ends the table */
    enum domain_surplus_kind kind;
    const char *attribute; /* of the element; NULL for the kinds that are elements */
    const char *value; /* of an attribute that is missing, or that an element goes with */
    const char
        *beside; /* an attribute of the element or a child, without which it is left alone; or
                           NULL */
    const char *of_type; /* a parent of this type always has it in KubeVirt's form; NULL: none */
    const char *why; /* KubeVirt's form is so */
};

/* Ends with a row without a path. */
extern const struct domain_surplus_row domain_surplus[];

/* Puts a domain right by the table. Returns it in KubeVirt's form (domain/form.h), or the same
 * bytes if nothing is to be done; owned by the caller, with a zero byte after its *out_length
 * bytes. NULL with an input error, as domain_form. */
char *domain_surplus_put_right(
    const char *xml, size_t length, size_t *out_length, struct error **err);

/* For the files of this room: puts a tree right, and returns in how many places; adds the elements
 * that KubeVirt's form always has. */
size_t domain_surplus_correct(xmlDoc *document);
void domain_surplus_add(xmlDoc *document);

#endif
