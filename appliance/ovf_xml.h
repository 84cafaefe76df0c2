/* An OVF descriptor as libxml2's tree, read without a document type, entities, other files or the
 * network, within limits. Names are local names: the versions of OVF differ in their namespaces. */
#ifndef APPLIANCE_OVF_XML_H
#define APPLIANCE_OVF_XML_H

#include <libxml/tree.h>

#include "base/error.h"
#include "base/memory.h"

/* Limits of a descriptor. */
enum {
    APPLIANCE_OVF_MAX_BYTES = 4 << 20,
    APPLIANCE_OVF_MAX_DEPTH = 32, /* elements inside one another */
};

DEFINE_CLEANUP(ovf_xml, xmlDoc *, xmlFreeDoc);
#define auto_ovf_xml auto_cleanup(ovf_xml)

/* Reads length bytes. Returns the document, owned by the caller, or NULL with an input error: it is
 * not XML, is over a limit, has a document type (and so could have entities), or its root is not an
 * Envelope of OVF. */
xmlDoc *appliance_ovf_xml_read(const char *xml, size_t length, struct error **err);

/* The first element of this name inside parent, and the next one beside node; NULL: there is none.
 * name NULL: any element; parent and node may be NULL. Borrowed. */
const xmlNode *appliance_ovf_xml_child(const xmlNode *parent, const char *name);
const xmlNode *appliance_ovf_xml_next(const xmlNode *node, const char *name);

/* The text of the first element of this name inside parent, and the attribute of that name,
 * whatever its namespace; without blanks around it. Owned by the caller; NULL: it is not there, or
 * is empty. */
char *appliance_ovf_xml_text(const xmlNode *parent, const char *name);
char *appliance_ovf_xml_attribute(const xmlNode *node, const char *name);

#endif
