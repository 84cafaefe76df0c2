#include "machine/memory.h"

#include "base/text.h"
#include "machine/value.h"

/* The amount is the first of these that is there. */
static const char *const pointers[] = {
    "/memory/guest", "/resources/requests/memory", "/resources/limits/memory"};

static size_t find_pointer(const json_t *domain)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(pointers) && machine_value(domain, pointers[i]) == NULL)
        i++;
    return i;
}

long long machine_memory_guest(const struct machine_conversion *conversion)
{
    size_t i = find_pointer(conversion->domain);
    return i < ARRAY_SIZE(pointers) ? machine_whole(conversion->domain, pointers[i], false) : 0;
}

void machine_memory_convert(const struct machine_conversion *conversion)
{
    size_t i = find_pointer(conversion->domain);
    if (i == ARRAY_SIZE(pointers)) {
        findings_error(conversion->findings, "/spec/domain",
            "does not say how much memory the guest has: set memory.guest, such as \"512Mi\"");
        return;
    }
    long long bytes = machine_whole(conversion->domain, pointers[i], false);
    if (bytes <= 0) {
        auto_free char *place = xasprintf("/spec/domain%s", pointers[i]);
        findings_error(conversion->findings, place, "must be more than 0 bytes");
    }
    domain_open(conversion->out, "memory", "unit", "b");
    auto_free char *text = xasprintf("%lld", bytes);
    domain_content(conversion->out, text);
    domain_close(conversion->out);
}
