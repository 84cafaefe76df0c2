/* A DataSource as an appliance: the VM boilerplate and the parameters in its annotations. One
 * without the boilerplate is a golden image. */
#ifndef APPLIANCE_SOURCE_H
#define APPLIANCE_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/limits.h"
#include "appliance/objects.h"
#include "appliance/report.h"
#include "base/yaml.h"

/* The prefixes of annotations and labels; the second is another name for the first. */
#define APPLIANCE_PREFIX "appliance.kubevirt.io/"
#define APPLIANCE_OTHER_PREFIX "appliance.hookline.dev/"

/* The label of a DataSource that names an instance type. */
#define APPLIANCE_INSTANCETYPE_LABEL "instancetype.kubevirt.io/default-instancetype"

/* Zeroed is empty. */
struct appliance_source {
    const struct appliance_object *object; /* the DataSource; borrowed */
    char *vm_key; /* the annotation with the boilerplate; NULL: a golden image; owned */
    char *parameters_key; /* that with the parameters; NULL: none; owned */
    json_t *vm; /* {apiVersion, kind, metadata, spec}, whatever the boilerplate leaves out, with
                   its keys in their order; NULL: a golden image; owned, but what is in it is
                   shared with the object: copy it before a change */
    json_t *parameters; /* array; likewise; NULL: none */
    bool repaired; /* what is unambiguous is repaired: it is a warning where it does not change the
                      VM. The caller may set it after reading */
};

/* Reads the annotations of a DataSource: exactly one YAML document each, without aliases, within
 * the limits above; a bare spec is taken with a warning. Both prefixes at once are an error, and so
 * are annotations of theirs that resemble those two; the declarations of the parameters are checked.
 * Returns 0 if all could be read, even with such errors in the report, so that the checks can find
 * what else is wrong; or -1 with errors. appliance_source_clear is due either way. object is borrowed
 * until then. */
int appliance_source_read(struct appliance_source *source, const struct appliance_object *object,
    struct appliance_report *report);

/* The findings about the parameters. Borrowed. */
struct findings *appliance_source_parameter_findings(
    const struct appliance_source *source, struct appliance_report *report);

/* The findings about the boilerplate, or of a golden image about the DataSource. Borrowed. */
struct findings *appliance_source_findings(
    const struct appliance_source *source, struct appliance_report *report);

void appliance_source_clear(struct appliance_source *source);

#endif
