/* An appliance (a DataSource with a boilerplate) as a VirtualMachineTemplate, and back. Both have
 * the same VM and the same parameters; what only completion knows is written out. */
#ifndef APPLIANCE_TEMPLATE_SOURCE_H
#define APPLIANCE_TEMPLATE_SOURCE_H

#include <jansson.h>

#include "appliance/source.h"
#include "appliance/template.h"

/* The annotation with the message of a template, which it shows to its users. */
#define APPLIANCE_MESSAGE_KEY APPLIANCE_PREFIX "message"

/* The template of an appliance, or of a golden image. Its VM has the DataSource's default instance
 * type and preference, and its disks refer to the DataSource by name: it must stay. New reference, or
 * NULL with errors in the report. */
json_t *appliance_template_of_source(const struct appliance_source *source,
    const struct appliance_template_request *request, struct appliance_report *report);

/* The DataSource of an appliance without the boilerplate, which its template refers to: a golden
 * image. New reference. */
json_t *appliance_template_bare_source(const struct appliance_object *data_source);

/* The appliance of a template: the DataSource that the request names, else that of the root disk
 * among the objects, with what it has, else a new one called like the template, which is about what
 * the template's root disk is made from. New reference, or NULL with errors in the report. */
json_t *appliance_template_to_source(const struct appliance_object *template,
    struct appliance_objects *objects, const struct appliance_template_request *request,
    struct appliance_report *report);

#endif
