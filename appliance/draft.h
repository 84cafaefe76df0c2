/* A VM being completed, and what it is completed with. For appliance/complete.c and the files of
 * its parts only. */
#ifndef APPLIANCE_DRAFT_H
#define APPLIANCE_DRAFT_H

#include "appliance/request.h"
#include "appliance/source.h"

/* All borrowed. The VM's lists keep their order, and what is added comes last: a JSON Pointer
 * within the VM is also one within the boilerplate. */
struct appliance_draft {
    const struct appliance_source *source;
    const struct appliance_request *request;
    struct appliance_objects *objects;
    struct appliance_report *report;
    json_t *vm; /* {apiVersion, kind, metadata, spec} */
    bool is_whole; /* its parameters are replaced; if not, what refers to one is not known yet */
    json_t *needed; /* what out->objects has, as an object with keys "KIND/NAME" */
    struct appliance_completion *out;
};

/* The value at pointer in the VM, if it is an object or array; NULL otherwise. Borrowed. */
json_t *appliance_draft_get(const struct appliance_draft *draft, const char *pointer);

/* Whether the VM is in another namespace than the DataSource. */
bool appliance_draft_is_elsewhere(const struct appliance_draft *draft);

/* Adds a finding about the value at a JSON Pointer within the boilerplate; a golden image has none,
 * so it is then one about the DataSource. */
void appliance_draft_say(struct appliance_draft *draft, enum finding_severity severity,
    const char *pointer, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a finding about what was asked for. */
void appliance_draft_say_request(struct appliance_draft *draft, enum finding_severity severity,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds an object to those that the VM needs; its metadata, {name, namespace}, is made here. Two of
 * one kind and name are an error at pointer. kind is static. */
void appliance_draft_need(struct appliance_draft *draft, const char *kind, const char *name,
    json_t *take_object, const char *pointer);

#endif
