#include "machine/instance.h"

json_t *machine_instance_make(const json_t *template, const char *name, const char *namespace)
{
    json_t *vmi = json_is_object(template) ? json_deep_copy(template) : json_object();
    json_object_set_new(vmi, "apiVersion", json_string("kubevirt.io/v1"));
    json_object_set_new(vmi, "kind", json_string("VirtualMachineInstance"));
    json_t *metadata = json_object_get(vmi, "metadata");
    if (!json_is_object(metadata)) {
        metadata = json_object();
        json_object_set_new(vmi, "metadata", metadata);
    }
    json_object_set_new(metadata, "name", json_string(name));
    json_object_set_new(metadata, "namespace", json_string(namespace));
    return vmi;
}
