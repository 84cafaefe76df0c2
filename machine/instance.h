/* A VirtualMachineInstance out of a template: that of a VirtualMachine, or of what makes many. */
#ifndef MACHINE_INSTANCE_H
#define MACHINE_INSTANCE_H

#include <jansson.h>

/* The VMI that a template (NULL: an empty one) makes, with the name and namespace of what it is in.
 * New reference. */
json_t *machine_instance_make(const json_t *template, const char *name, const char *namespace);

#endif
