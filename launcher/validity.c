#include "launcher/validity.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "domain/newer.h"
#include "domain/schema.h"
#include "domain/surplus.h"

/* Explains why the domain is not valid, if that is because this libvirt is older than KubeVirt's: it
 * lacks something that has a name. Returns 0, with a warning, if the launch can go on: without it,
 * or in a dry run. */
static int explain_invalid(
    struct machine_plan *plan, const struct domain_schema *schema, bool dry_run, struct error **err)
{
    auto_free char *rest = NULL;
    size_t length = 0;
    bool dispensable = false;
    auto_free char *names =
        domain_newer_find(plan->domain, plan->domain_length, &rest, &length, &dispensable, NULL);
    if (names == NULL || domain_schema_check(schema, rest, length, NULL) < 0)
        return -1;
    error_free(*err);
    *err = NULL;
    if (!dispensable && !dry_run)
        return error_set(err, ERROR_INPUT, "libvirt on this machine is too old for %s", names);
    log_warning("libvirt on this machine is too old for %s%s", names,
        dry_run ? "" : ": the guest goes without");
    if (dry_run)
        return 0;
    free(plan->domain);
    plan->domain = steal(&rest);
    plan->domain_length = length;
    return 0;
}

/* Takes out what KubeVirt's form has beyond the schema. */
static int put_right(struct machine_plan *plan, struct error **err)
{
    size_t length = 0;
    char *valid = domain_surplus_put_right(plan->domain, plan->domain_length, &length, err);
    if (valid == NULL)
        return -1;
    free(plan->domain);
    plan->domain = valid;
    plan->domain_length = length;
    return 0;
}

int launcher_validity_check(
    struct machine_plan *plan, const struct launcher_flags *flags, struct error **err)
{
    struct domain_schema *schema = domain_schema_load(flags->schema, err);
    if (schema == NULL)
        return -1;
    int result = domain_schema_check(schema, plan->domain, plan->domain_length, err);
    if (result < 0)
        result = explain_invalid(plan, schema, flags->dry_run, err);
    domain_schema_free(schema);
    return result < 0 || flags->dry_run ? result : put_right(plan, err);
}
