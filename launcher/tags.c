#include "launcher/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "machine/device_tags.h"

int launcher_tags_add(
    struct guest *guest, const json_t *vmi, struct launcher_plan *plan, struct error **err)
{
    struct domain_interfaces interfaces = {0};
    auto_free char *domain = guest_complete(guest, plan->machine.domain, err);
    if (domain == NULL || domain_interfaces_list(domain, strlen(domain), &interfaces, err) < 0)
        return error_wrap(err, "the addresses of devices with a tag");
    const char *missing = NULL;
    json_t *data = machine_device_tags_data(vmi, &interfaces, &missing);
    domain_interfaces_clear(&interfaces);
    if (missing != NULL)
        log_warning(
            "the guest is not told the tag of interface %s, which has no PCI address", missing);
    if (data != NULL)
        json_object_set_new(plan->machine.cloud_init, "DevicesData", data);
    free(plan->machine.domain);
    plan->machine.domain = steal(&domain);
    plan->machine.domain_length = strlen(plan->machine.domain);
    return 0;
}
