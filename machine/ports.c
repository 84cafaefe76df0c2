#include "machine/ports.h"

#include "base/memory.h"
#include "base/text.h"
#include "machine/value.h"

size_t machine_ports_list(const json_t *vmi, struct machine_port **out)
{
    const json_t *interfaces = machine_value(vmi, "/spec/domain/devices/interfaces");
    size_t count = 0;
    *out = NULL;
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        const json_t *interface = json_array_get(interfaces, i);
        const json_t *ports = machine_value(interface, "/ports");
        *out = xreallocarray(*out, count + json_array_size(ports) + 1, sizeof(**out));
        for (size_t k = 0; k < json_array_size(ports); k++) {
            const json_t *port = json_array_get(ports, k);
            const char *protocol = machine_string(port, "/protocol");
            (*out)[count++] = (struct machine_port){
                .interface = machine_string(interface, "/name"),
                .udp = protocol != NULL && streq(protocol, "UDP"),
                .number = (int)machine_integer(port, "/port", 0),
                .here = (int)machine_integer(port, "/port", 0),
                .interface_index = i,
                .index = k,
            };
        }
    }
    return count;
}
