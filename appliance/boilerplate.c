#include "appliance/boilerplate.h"

#include "appliance/name.h"
#include "base/memory.h"

json_t *appliance_boilerplate_make(const char *vm_name)
{
    static const char volume[] = "rootdisk";
    auto_free char *name = appliance_name_join(vm_name, volume);
    json_t *templates = json_pack("[{s:{s:s}, s:{}}]", "metadata", "name", name, "spec");
    json_t *volumes = json_pack("[{s:s, s:{s:s}}]", "name", volume, "dataVolume", "name", name);
    return json_pack("{s:s, s:s, s:{s:o, s:{s:{s:{s:{}}, s:o}}}}", "apiVersion", "kubevirt.io/v1",
        "kind", "VirtualMachine", "spec", "dataVolumeTemplates", templates, "template", "spec",
        "domain", "devices", "volumes", volumes);
}
