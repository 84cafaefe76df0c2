#include "machine/interfaces.h"

#include <net/ethernet.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "base/json.h"
#include "base/text.h"
#include "machine/pci.h"
#include "machine/ports.h"
#include "machine/slots.h"
#include "machine/value.h"

enum {
    MAC_LENGTH = 17,
    PORTS = 65536, /* of each protocol */
};

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

/* How an interface may be bound to its network. */
static const char *const bindings[] = {"masquerade", "bridge", "passtBinding", "slirp", "binding"};

bool machine_interface_is_written(const json_t *interface)
{
    const char *state = machine_string(interface, "/state");
    return machine_value(interface, "/binding") == NULL &&
           (state == NULL || !streq(state, "absent"));
}

/* Finds faults in the network and binding of the interface at place. */
static void check_binding(
    const struct machine_conversion *conversion, const json_t *interface, const char *place)
{
    const json_t *networks = machine_value(conversion->vmi, "/spec/networks");
    const char *name = machine_string(interface, "/name");
    auto_free char *name_place = xasprintf("%s/name", place);
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(bindings); i++)
        count += json_is_object(json_object_get(interface, bindings[i]));
    if (count != 1) {
        auto_free char *list = count == 0 ? text_list(bindings, ARRAY_SIZE(bindings))
                                          : text_list_all(bindings, ARRAY_SIZE(bindings));
        findings_error(conversion->findings, place, "must have %s of %s",
            count > 0 ? "only one" : "one", list);
    }
    if (machine_item_named(networks, name) == NULL) {
        findings_error(
            conversion->findings, name_place, "\"%s\" is not the name of a network", name);
    }
    if (count == 1 && machine_value(interface, "/binding") != NULL) {
        findings_warning(conversion->findings, place,
            "gets no element in the domain: the sidecar of its binding plugin adds it");
    }
}

/* The address of an interface to which the VMI gives none: the same at each start, so that the
 * guest keeps its network configuration. */
static void make_mac(
    const struct machine_conversion *conversion, const char *name, char text[MAC_LENGTH + 1])
{
    auto_free char *whole = xasprintf("%s/%s/%s",
        text_or(machine_string(conversion->vmi, "/metadata/namespace"), "default"),
        text_or(machine_string(conversion->vmi, "/metadata/name"), ""), name);
    uuid_t digest;
    uuid_generate_sha1(digest, *uuid_get_template("dns"), whole, strlen(whole));
    /* 02: administered locally, and the address of one card */
    snprintf(text, MAC_LENGTH + 1, "02:%02x:%02x:%02x:%02x:%02x", digest[0], digest[1], digest[2],
        digest[3], digest[4]);
}

/* Reads the MAC address of the interface at place into text. */
static void read_mac(const struct machine_conversion *conversion, const json_t *interface,
    const char *place, char text[MAC_LENGTH + 1])
{
    const char *given = machine_string(interface, "/macAddress");
    if (given == NULL) {
        make_mac(conversion, machine_string(interface, "/name"), text);
    } else if (!parse_mac(given, text)) {
        auto_free char *mac_place = xasprintf("%s/macAddress", place);
        findings_error(conversion->findings, mac_place,
            "must be the MAC address of one card, such as \"de:ad:00:00:be:af\", not \"%s\"",
            given);
        text[0] = '\0';
    }
}

/* Writes an element whose attribute is a number, unless the number is 0. */
static void write_number(
    struct domain_writer *out, const char *element, const char *attribute, long long number)
{
    auto_free char *text = xasprintf("%lld", number);
    if (number > 0)
        domain_empty(out, element, attribute, text);
}

/* Writes the element of the interface at place. */
static void write_interface(
    const struct machine_conversion *conversion, const json_t *interface, const char *place)
{
    struct domain_writer *out = conversion->out;
    const char *model = machine_string(interface, "/model");
    const char *state = machine_string(interface, "/state");
    bool virtio = model == NULL || streq(model, "virtio");
    long long order = machine_integer(interface, "/bootOrder", 0);
    auto_free char *pci_place = xasprintf("%s/pciAddress", place);
    char mac[MAC_LENGTH + 1] = "";
    read_mac(conversion, interface, place, mac);
    domain_open(out, "interface", "type", "user");
    machine_pci_place(
        conversion, MACHINE_PCI_INTERFACE, machine_string(interface, "/pciAddress"), pci_place);
    domain_empty(out, "source");
    domain_empty(
        out, "model", "type", virtio ? machine_conversion_virtio_model(conversion) : model);
    domain_empty(out, "mac", "address", mac);
    write_number(out, "boot", "order", order);
    if (state != NULL && streq(state, "down"))
        domain_empty(out, "link", "state", "down");
    machine_conversion_alias(conversion, machine_string(interface, "/name"));
    if (order == 0)
        domain_empty(out, "rom", "enabled", "no");
    write_number(out, "acpi", "index", machine_integer(interface, "/acpiIndex", 0));
    domain_close(out);
}

static void convert_interface(
    const struct machine_conversion *conversion, const json_t *interfaces, size_t index)
{
    auto_free char *place = xasprintf("/spec/domain/devices/interfaces/%zu", index);
    const json_t *interface = json_array_get(interfaces, index);
    check_binding(conversion, interface, place);
    if (machine_interface_is_written(interface))
        write_interface(conversion, interface, place);
}

/* Like KubeVirt, refuses a network that no interface uses. */
static void check_networks(const struct machine_conversion *conversion, const json_t *interfaces)
{
    const json_t *networks = machine_value(conversion->vmi, "/spec/networks");
    for (size_t i = 0; i < json_array_size(networks); i++) {
        const char *name = machine_string(json_array_get(networks, i), "/name");
        auto_free char *place = xasprintf("/spec/networks/%zu/name", i);
        if (machine_value(json_array_get(networks, i), "/pod") == NULL) {
            auto_free char *whole = xasprintf("/spec/networks/%zu", i);
            findings_error(conversion->findings, whole, "must have pod, its kind");
        }
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
    auto_free const struct machine_port **users = xcalloc(2 * PORTS, sizeof(const void *));
    for (size_t i = 0; i < count; i++) {
        const struct machine_port **user = &users[ports[i].udp * PORTS + ports[i].number];
        if (*user == NULL) {
            *user = &ports[i];
            continue;
        }
        auto_free char *place = xasprintf("/spec/domain/devices/interfaces/%zu/ports/%zu/port",
            ports[i].interface_index, ports[i].index);
        findings_error(conversion->findings, place,
            "is already forwarded, as ports[%zu] of interfaces[%zu]: %d", (*user)->index,
            (*user)->interface_index, ports[i].number);
    }
}

/* Writes the interfaces with which KubeVirt keeps slots, as libvirt gives each one. */
static void write_placeholders(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    size_t count = machine_slots_kept(conversion);
    for (size_t i = 0; i < count; i++) {
        auto_free char *name = xasprintf("placeholder-%zu", i);
        domain_open(out, "interface", "type", "ethernet");
        domain_empty(out, "source");
        domain_empty(out, "target", "dev", name, "managed", "no");
        domain_empty(out, "model", "type", machine_conversion_virtio_model(conversion));
        domain_empty(out, "alias", "name", name);
        domain_close(out);
    }
}

void machine_interfaces_convert(const struct machine_conversion *conversion)
{
    const json_t *interfaces = machine_value(conversion->devices, "/interfaces");
    check_networks(conversion, interfaces);
    check_ports(conversion);
    for (size_t i = 0; i < json_array_size(interfaces); i++)
        convert_interface(conversion, interfaces, i);
    if (machine_conversion_has_pod_interface(conversion)) {
        auto_json json_t *interface = json_pack("{s:s}", "name", MACHINE_POD_INTERFACE);
        write_interface(conversion, interface, "/spec/domain/devices");
    }
    if (conversion->host->form == MACHINE_FORM_FIRST)
        write_placeholders(conversion);
}
