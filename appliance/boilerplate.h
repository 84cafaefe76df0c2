/* The boilerplate of a golden image, which carries none itself. */
#ifndef APPLIANCE_BOILERPLATE_H
#define APPLIANCE_BOILERPLATE_H

#include <jansson.h>

/* A VirtualMachine with one disk, "rootdisk", that is made from the DataSource; its template is
 * called as appliance/volumes.h would call it. New reference. */
json_t *appliance_boilerplate_make(const char *vm_name);

#endif
