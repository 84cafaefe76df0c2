/* An OVF descriptor becomes a virtual machine; the manifest of a package is read. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/ovf.h"
#include "appliance/ovf_digests.h"
#include "appliance/ovf_media.h"
#include "appliance/ovf_units.h"
#include "base/json.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every disk that is to be converted has a safe file name, and one in the VM. */
static void check_disks(const struct appliance_ovf *ovf)
{
    const json_t *volumes = json_pointer_get(ovf->vm, "/spec/template/spec/volumes");
    for (size_t i = 0; i < ovf->disk_count; i++) {
        const struct appliance_ovf_disk *disk = &ovf->disks[i];
        const json_t *volume = json_item_named(volumes, disk->volume, NULL);
        const char *name = json_get_string(json_object_get(volume, "dataVolume"), "name");
        check(appliance_ovf_name_is_safe(disk->href));
        check(name != NULL && streq(name, disk->claim) && strchr(disk->claim, '/') == NULL);
        check(disk->capacity >= 0 && disk->size >= -1);
    }
}

static void check_digests(const char *text, size_t size)
{
    struct appliance_ovf_digests digests;
    auto_error struct error *error = NULL;
    int result = appliance_ovf_digests_read(&digests, text, size, &error);
    check((result < 0) == (error != NULL));
    for (size_t i = 0; i < digests.count; i++)
        check(strlen(digests.items[i].digits) ==
              appliance_ovf_algorithm_digits(digests.items[i].algorithm));
    appliance_ovf_digests_clear(&digests);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct appliance_ovf_request request = {0};
    struct appliance_ovf ovf;
    struct findings findings = {0};
    int result = appliance_ovf_read(&ovf, (const char *)data, size, &request, &findings);
    check((result == 0) == (ovf.vm != NULL) && (result == 0) == (findings.errors == 0));
    check_findings(&findings);
    if (result == 0)
        check_disks(&ovf);
    appliance_ovf_clear(&ovf);
    findings_clear(&findings);
    check_digests((const char *)data, size);
    return 0;
}
