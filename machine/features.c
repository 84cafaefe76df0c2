#include "machine/features.h"

#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

#define HYPERV "/features/hyperv"

enum { DEFAULT_RETRIES = 4096 }; /* of a spin lock */

/* The enlightenments, in the order of libvirt's document. An enlightenment that is on turns on the
 * one that it requires, if the VMI does not have that one: rows that are required stand before
 * those that require them. */
static const struct enlightenment {
    const char *field; /* of hyperv */
    const char *element;
    const char *requires; /* a field, or NULL */
} enlightenments[] = {
    {"relaxed", "relaxed", NULL},
    {"vapic", "vapic", NULL},
    {"spinlocks", "spinlocks", NULL},
    {"vpindex", "vpindex", NULL},
    {"runtime", "runtime", NULL},
    {"synic", "synic", "vpindex"},
    {"synictimer", "stimer", "synic"},
    {"reset", "reset", NULL},
    {"vendorid", "vendor_id", NULL},
    {"frequencies", "frequencies", NULL},
    {"reenlightenment", "reenlightenment", NULL},
    {"tlbflush", "tlbflush", "vpindex"},
    {"ipi", "ipi", "vpindex"},
    {"evmcs", "evmcs", "vapic"},
};

/* Whether a feature of the VMI is on; without a value of its own it is. */
static bool is_on(const json_t *feature)
{
    return machine_boolean(feature, "/enabled", true);
}

static const char *state_of(bool on)
{
    return on ? "on" : "off";
}

bool machine_features_have_evmcs(const struct machine_conversion *conversion)
{
    const json_t *evmcs = machine_value(conversion->domain, HYPERV "/evmcs");
    return evmcs != NULL && is_on(evmcs);
}

/* Whether an enlightenment that the VMI does not have is required by one that is on. */
static bool is_required(const json_t *hyperv, const char *field)
{
    for (size_t i = 0; i < ARRAY_SIZE(enlightenments); i++) {
        const struct enlightenment *user = &enlightenments[i];
        if (user->requires == NULL || !streq(user->requires, field))
            continue;
        const json_t *feature = json_object_get(hyperv, user->field);
        bool given = json_is_object(feature);
        /* the requirements are no circle: at most two steps from synictimer to vpindex */
        if (given ? is_on(feature) : is_required(hyperv, user->field))
            return true;
    }
    return false;
}

static void check_requirement(const struct machine_conversion *conversion, const json_t *hyperv,
    const struct enlightenment *row)
{
    const json_t *required = row->requires != NULL ? json_object_get(hyperv, row->requires) : NULL;
    if (!json_is_object(required) || is_on(required))
        return;
    auto_free char *place = xasprintf("/spec/domain" HYPERV "/%s", row->field);
    findings_error(conversion->findings, place,
        "needs %s, which is turned off: remove it there, or set \"enabled\": false here",
        row->requires);
}

/* Writes the element of a part of an enlightenment, if the VMI has it. */
static void convert_part(
    const struct machine_conversion *conversion, const json_t *feature, const char *name)
{
    const json_t *part = json_object_get(feature, name);
    if (json_is_object(part))
        domain_empty(conversion->out, name, "state", state_of(is_on(part)));
}

static void convert_given(const struct machine_conversion *conversion, const json_t *feature,
    const struct enlightenment *row)
{
    bool on = is_on(feature);
    const char *vendor = machine_string(feature, "/vendorid");
    auto_free char *retries = NULL;
    if (streq(row->field, "spinlocks") && (on || machine_value(feature, "/spinlocks") != NULL)) {
        retries = xasprintf("%lld", machine_integer(feature, "/spinlocks", DEFAULT_RETRIES));
    }
    domain_open(
        conversion->out, row->element, "state", state_of(on), "retries", retries, "value", vendor);
    convert_part(conversion, feature, "direct");
    convert_part(conversion, feature, "extended");
    domain_close(conversion->out);
}

static void convert_hyperv(const struct machine_conversion *conversion, const json_t *hyperv)
{
    domain_open(conversion->out, "hyperv");
    for (size_t i = 0; i < ARRAY_SIZE(enlightenments); i++) {
        const struct enlightenment *row = &enlightenments[i];
        const json_t *feature = json_object_get(hyperv, row->field);
        if (json_is_object(feature)) {
            if (is_on(feature))
                check_requirement(conversion, hyperv, row);
            convert_given(conversion, feature, row);
        } else if (is_required(hyperv, row->field)) {
            domain_empty(conversion->out, row->element, "state", "on");
        }
    }
    domain_close(conversion->out);
}

/* Writes an element without content for a feature that is on. */
static void convert_switch(
    const struct machine_conversion *conversion, const json_t *features, const char *name)
{
    const json_t *feature = json_object_get(features, name);
    if (json_is_object(feature) && is_on(feature))
        domain_empty(conversion->out, name);
}

void machine_features_convert(const struct machine_conversion *conversion)
{
    const json_t *features = machine_value(conversion->domain, "/features");
    const json_t *hyperv = machine_value(features, "/hyperv");
    const json_t *kvm = machine_value(features, "/kvm");
    const json_t *spinlock = machine_value(features, "/pvspinlock");
    domain_open(conversion->out, "features");
    if (machine_boolean(features, "/acpi/enabled", true))
        domain_empty(conversion->out, "acpi");
    convert_switch(conversion, features, "apic");
    if (hyperv != NULL)
        convert_hyperv(conversion, hyperv);
    else if (machine_boolean(features, "/hypervPassthrough/enabled", false))
        domain_empty(conversion->out, "hyperv", "mode", "passthrough");
    convert_switch(conversion, features, "smm");
    if (kvm != NULL) {
        domain_open(conversion->out, "kvm");
        domain_empty(
            conversion->out, "hidden", "state", state_of(machine_boolean(kvm, "/hidden", false)));
        domain_close(conversion->out);
    }
    if (spinlock != NULL)
        domain_empty(conversion->out, "pvspinlock", "state", state_of(is_on(spinlock)));
    domain_empty(conversion->out, "vmport", "state", "off");
    domain_close(conversion->out);
}
