/* A VirtualMachine as a VirtualMachineTemplate (template.kubevirt.io), and back: nothing is lost on
 * the way, and nothing of the template carries the VM in another form. */
#ifndef APPLIANCE_TEMPLATE_H
#define APPLIANCE_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/objects.h"
#include "appliance/random.h"
#include "appliance/report.h"
#include "base/pairs.h"

/* All borrowed; zeroed is a valid request. */
struct appliance_template_request {
    const char *namespace; /* of what is made; NULL: that of what it is made from */
    const char *name; /* likewise */
    const char *source; /* of a DataSource: what it is about, KIND/NAMESPACE/NAME; or NULL */
    bool with_identity; /* what identifies one machine stays */
    const struct pairs *parameters; /* given for a VM out of a template; or NULL */
    struct appliance_random random;
};

/* A VirtualMachineTemplate with this VM, parameters and metadata. New reference. */
json_t *appliance_template_make(
    const char *namespace, const char *name, json_t *take_vm, json_t *take_parameters);

/* A parameter for the name of the VMs: it is called NAME, unless what the template is made from has
 * another use for that, and declared first. value is what it has, or generate what it is generated
 * from; one of them is NULL. Owned by the caller: its name. */
char *appliance_template_add_name(json_t *parameters, const char *value, const char *generate);

/* The template of a VM. Its name becomes a parameter with that value, also where names of disks
 * begin with it, and so does its host name; what looks like a parameter becomes one that gives
 * itself. MAC addresses, the UUID and the serial number of the firmware are dropped unless they are
 * asked for. A literal password is a warning. New reference, or NULL with errors in the report. */
json_t *appliance_template_of_vm(const struct appliance_object *vm,
    const struct appliance_template_request *request, struct appliance_report *report);

/* The VM that a template gives. New reference, or NULL with errors in the report.
 * Source: kubevirt/virt-template, its processor. */
json_t *appliance_template_to_vm(const struct appliance_object *template,
    const struct appliance_template_request *request, struct appliance_report *report);

#endif
