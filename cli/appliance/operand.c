#include "cli/appliance/operand.h"

#include <string.h>

#include "annotations/names.h"

enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253 };

int cli_appliance_operand_check(const char *namespace, const char *name, struct error **err)
{
    if (namespace != NULL && (strlen(namespace) > LABEL_MAX || strchr(namespace, '.') != NULL ||
                                 !annotations_name_is_dns_subdomain(namespace)))
        return error_set(err, ERROR_USAGE,
            "%s: a namespace has lower-case letters, digits and hyphens, at most %d", namespace,
            LABEL_MAX);
    if (strlen(name) > SUBDOMAIN_MAX || !annotations_name_is_dns_subdomain(name))
        return error_set(err, ERROR_USAGE,
            "%s: a name has lower-case letters, digits, hyphens and dots, at most %d", name,
            SUBDOMAIN_MAX);
    return 0;
}
