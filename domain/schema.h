/* Validates domain documents against libvirt's own RELAX NG schema. */
#ifndef DOMAIN_SCHEMA_H
#define DOMAIN_SCHEMA_H

#include <stddef.h>

#include "base/error.h"

/* libvirt's RELAX NG schema of domains, loaded once for many checks. */
struct domain_schema;

/* The schema file that libvirt installs (package libvirt0 or libvirt-libs). */
#define DOMAIN_SCHEMA_PATH "/usr/share/libvirt/schemas/domain.rng"

/* Loads the schema at path. Returns it, owned by the caller, or NULL with an io error (which names
 * the package to install if the file is missing) or an input error. */
struct domain_schema *domain_schema_load(const char *path, struct error **err);
void domain_schema_free(struct domain_schema *schema); /* NULL is allowed */

/* Returns 0 if xml is a valid domain document of at most DOMAIN_TREE_MAX_BYTES, apart from what
 * KubeVirt's form has beyond the schema (domain/surplus.h) and from elements that can be merged
 * (domain/merge.h), or -1 with an input error that quotes the validator's first messages and their
 * lines. */
int domain_schema_check(
    const struct domain_schema *schema, const char *xml, size_t length, struct error **err);

#endif
