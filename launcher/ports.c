#include "launcher/ports.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/value.h"

enum { MOST = 65535 };

static const char form[] = "must be GUEST=HERE, two port numbers, such as 22=2222 or 53/udp=5353";

/* Reads "53/udp". Returns whether it is a port. */
static bool read_guest_port(const char *text, struct machine_port *out)
{
    size_t length = strcspn(text, "/");
    auto_free char *number = xstrndup(text, length);
    const char *protocol = text[length] == '/' ? text + length + 1 : "tcp";
    long value = 0;
    out->udp = streq(protocol, "udp");
    if ((!out->udp && !streq(protocol, "tcp")) || !text_parse_int(number, 1, MOST, &value))
        return false;
    out->number = (int)value;
    return true;
}

/* Forwards a port as --port says. */
static void map(struct launcher_ports *ports, const struct machine_port *wanted, const json_t *vmi)
{
    for (size_t i = 0; i < ports->count; i++) {
        struct machine_port *port = &ports->items[i];
        if (port->number == wanted->number && port->udp == wanted->udp) {
            port->here = wanted->here;
            return;
        }
    }
    const json_t *interfaces = machine_value(vmi, "/spec/domain/devices/interfaces");
    const char *first = machine_string(json_array_get(interfaces, 0), "/name");
    ports->items = xreallocarray(ports->items, ports->count + 1, sizeof(*ports->items));
    ports->items[ports->count] = *wanted;
    ports->items[ports->count++].interface = text_or(first, "default");
}

int launcher_ports_find(
    struct launcher_ports *out, const json_t *vmi, const struct pairs *given, struct error **err)
{
    *out = (struct launcher_ports){0};
    out->count = machine_ports_list(vmi, &out->items);
    for (size_t i = 0; i < given->count; i++) {
        struct machine_port wanted = {0};
        long here = 0;
        const char *name = given->items[i].name;
        const char *value = given->items[i].value;
        if (!read_guest_port(name, &wanted) || !text_parse_int(value, 1, MOST, &here)) {
            auto_free char *text = xasprintf("%s=%s", name, value);
            auto_free char *shown = text_printable(text, strlen(text), MOST);
            return error_set(err, ERROR_USAGE, "--port %s: %s", shown, form);
        }
        wanted.here = (int)here;
        map(out, &wanted, vmi);
    }
    return 0;
}

void launcher_ports_clear(struct launcher_ports *ports)
{
    free(ports->items);
    *ports = (struct launcher_ports){0};
}
