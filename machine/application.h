/* An instance type and a preference being applied to a VM. For machine/expansion.c and the files of
 * its parts only. */
#ifndef MACHINE_APPLICATION_H
#define MACHINE_APPLICATION_H

#include <jansson.h>
#include <stdbool.h>

#include "machine/origin.h"
#include "machine/reference.h"

/* Pointers into the VMI begin with "/spec" or "/metadata": the VMI is the VM's template. */
struct machine_application {
    json_t *vm; /* that is changed; borrowed */
    json_t *vmi; /* its spec.template; borrowed */
    struct machine_reference *instancetype; /* its object is NULL if there is none; borrowed */
    struct machine_reference *preference; /* likewise */
    struct machine_origins *origins;
    struct findings *findings;
};

/* The JSON Pointer of the VMI in its VM. */
#define MACHINE_TEMPLATE "/spec/template"

/* Returns the object at pointer in the VMI, which is created, as are those around it, where they
 * are absent or null. Something else in their place is an error, and replaced by an empty object,
 * so that it is reported once. Borrowed. */
json_t *machine_application_object(struct machine_application *application, const char *pointer);

/* The same for an array, in objects. Borrowed. */
json_t *machine_application_array(struct machine_application *application, const char *pointer);

/* Sets the value at pointer in the VMI, as said by the one at from in the spec of reference; the
 * objects around it are created. Takes ownership of value. */
void machine_application_set(struct machine_application *application, const char *pointer,
    json_t *take_value, const struct machine_reference *reference, const char *from);

/* Adds an error about the value at pointer in the VMI. */
void machine_application_refuse(struct machine_application *application, const char *pointer,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether a value of VM, instance type or preference counts as absent: NULL, null or "". */
bool machine_application_is_empty(const json_t *value);

#endif
