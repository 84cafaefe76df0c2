#include "machine/interfaces.h"

#include <net/ethernet.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "machine/ports.h"
#include "machine/value.h"

enum { MAC_LENGTH = 17 };

/* Parses a MAC address in one of the two forms that KubeVirt accepts, "de:ad:00:00:be:af" and
 * "DE-AD-00-00-BE-AF". text gets the first form. */
static bool parse_mac(const char *given, char text[MAC_LENGTH + 1])
{
    if (strlen(given) != MAC_LENGTH)
        return false;
    char colons[MAC_LENGTH + 1];
    for (size_t i = 0; i <= MAC_LENGTH; i++)
        colons[i] = (char)(i % 3 == 2 && given[i] == '-' ? ':' : given[i]);
    struct ether_addr address;
    if (ether_aton_r(colons, &address) == NULL)
        return false;
    const uint8_t *octets = address.ether_addr_octet;
    snprintf(text, MAC_LENGTH + 1, "%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2],
        octets[3], octets[4], octets[5]);
    return strcasecmp(text, colons) == 0 && (octets[0] & 1) == 0;
}

/* Finds faults in the network and binding of the interface at place. */
static void check_binding(
    const struct machine_conversion *conversion, const json_t *interface, const char *place)
{
    const json_t *networks = machine_value(conversion->vmi, "/spec/networks");
    const char *name = machine_string(interface, "/name");
    auto_free char *name_place = xasprintf("%s/name", place);
    bool masquerade = machine_value(interface, "/masquerade") != NULL;
    bool slirp = machine_value(interface, "/slirp") != NULL;
    if (masquerade == slirp) {
        findings_error(conversion->findings, place, "must have %s of masquerade and slirp",
            masquerade ? "only one" : "one");
    }
    if (machine_item_named(networks, name) == NULL) {
        findings_error(
            conversion->findings, name_place, "\"%s\" is not the name of a network", name);
    }
}

static void write_interface(const struct machine_conversion *conversion, const char *name,
    const char *model, const char *mac, long long order)
{
    struct domain_writer *out = conversion->out;
    domain_open(out, "interface", "type", "user");
    domain_empty(out, "model", "type", streq(model, "virtio") ? MACHINE_VIRTIO_MODEL : model);
    if (mac != NULL)
        domain_empty(out, "mac", "address", mac);
    auto_free char *order_text = xasprintf("%lld", order);
    if (order > 0)
        domain_empty(out, "boot", "order", order_text);
    machine_conversion_alias(conversion, name);
    if (order == 0)
        domain_empty(out, "rom", "enabled", "no");
    domain_close(out);
}

static void convert_interface(
    const struct machine_conversion *conversion, const json_t *interfaces, size_t index)
{
    auto_free char *place = xasprintf("/spec/domain/devices/interfaces/%zu", index);
    const json_t *interface = json_array_get(interfaces, index);
    check_binding(conversion, interface, place);
    const char *given = machine_string(interface, "/macAddress");
    const char *model = machine_string(interface, "/model");
    char mac[MAC_LENGTH + 1];
    bool has_mac = given != NULL && given[0] != '\0';
    if (has_mac && !parse_mac(given, mac)) {
        auto_free char *mac_place = xasprintf("%s/macAddress", place);
        findings_error(conversion->findings, mac_place,
            "must be the MAC address of one card, such as \"de:ad:00:00:be:af\", not \"%s\"",
            given);
        has_mac = false;
    }
    write_interface(conversion, machine_string(interface, "/name"), text_or(model, "virtio"),
        has_mac ? mac : NULL, machine_integer(interface, "/bootOrder", 0));
}

/* Like KubeVirt, refuses a network that no interface uses. */
static void check_networks(const struct machine_conversion *conversion, const json_t *interfaces)
{
    const json_t *networks = machine_value(conversion->vmi, "/spec/networks");
    for (size_t i = 0; i < json_array_size(networks); i++) {
        const char *name = machine_string(json_array_get(networks, i), "/name");
        auto_free char *place = xasprintf("/spec/networks/%zu/name", i);
        if (machine_item_named(networks, name) != json_array_get(networks, i)) {
            findings_error(
                conversion->findings, place, "is already the name of another network: %s", name);
        } else if (machine_item_named(interfaces, name) == NULL) {
            findings_error(
                conversion->findings, place, "\"%s\" is not the name of an interface", name);
        }
    }
}

/* Each port of this machine can be forwarded only once. */
static void check_ports(const struct machine_conversion *conversion)
{
    auto_free struct machine_port *ports = NULL;
    size_t count = machine_ports_list(conversion->vmi, &ports);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (ports[k].number != ports[i].number || ports[k].udp != ports[i].udp)
                continue;
            auto_free char *place = xasprintf("/spec/domain/devices/interfaces/%zu/ports/%zu/port",
                ports[i].interface_index, ports[i].index);
            findings_error(conversion->findings, place,
                "is already forwarded, as ports[%zu] of interfaces[%zu]: %d", ports[k].index,
                ports[k].interface_index, ports[i].number);
            break;
        }
    }
}

void machine_interfaces_convert(const struct machine_conversion *conversion)
{
    const json_t *interfaces = machine_value(conversion->devices, "/interfaces");
    check_networks(conversion, interfaces);
    check_ports(conversion);
    for (size_t i = 0; i < json_array_size(interfaces); i++)
        convert_interface(conversion, interfaces, i);
    if (machine_conversion_has_pod_interface(conversion))
        write_interface(conversion, MACHINE_POD_INTERFACE, "virtio", NULL, 0);
}
