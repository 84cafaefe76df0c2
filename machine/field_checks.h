/* The checks of the fields in machine/fields.c. Each is a schema_field_check. */
#ifndef MACHINE_FIELD_CHECKS_H
#define MACHINE_FIELD_CHECKS_H

#include "base/schema.h"

/* A string that may be in the domain: of characters that XML allows. */
bool machine_field_check_printable(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* A name, which becomes an alias and part of file names. */
bool machine_field_check_name(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* A feature of the processor: what libvirt's schema takes as its name. */
bool machine_field_check_feature(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* A vendor, as the CPUID instruction gives it. */
bool machine_field_check_vendor(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* The guest's architecture. */
bool machine_field_check_architecture(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* The bus of a lun. */
bool machine_field_check_lun_bus(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

/* The name of a Kubernetes object, which becomes part of a path. */
bool machine_field_check_subdomain(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings);

#endif
