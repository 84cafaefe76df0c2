#include "machine/clock.h"

#include <string.h>

#include "machine/value.h"

static void convert_timers(const struct machine_conversion *conversion)
{
    static const struct {
        const char *field;
        const char *name; /* libvirt's */
    } timers[] = {{"rtc", "rtc"}, {"pit", "pit"}, {"kvm", "kvmclock"}, {"hpet", "hpet"},
        {"hyperv", "hypervclock"}};
    const json_t *spec = machine_value(conversion->domain, "/clock/timer");
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        const json_t *timer = json_object_get(spec, timers[i].field);
        if (!json_is_object(timer))
            continue;
        domain_empty(conversion->out, "timer", "name", timers[i].name, "tickpolicy",
            machine_string(timer, "/tickPolicy"), "present",
            machine_boolean(timer, "/present", true) ? "yes" : "no", "track",
            machine_string(timer, "/track"));
    }
}

/* The clock's initial offset from UTC in seconds, or "reset": UTC at each start. Owned by the
 * caller; NULL if the VMI has no utc. */
static char *read_adjustment(const json_t *clock)
{
    if (machine_value(clock, "/utc") == NULL)
        return NULL;
    if (machine_value(clock, "/utc/offsetSeconds") == NULL)
        return xstrdup("reset");
    return xasprintf("%lld", machine_integer(clock, "/utc/offsetSeconds", 0));
}

void machine_clock_convert(const struct machine_conversion *conversion)
{
    static const char zone_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-/";
    const json_t *clock = machine_value(conversion->domain, "/clock");
    const char *zone = json_string_value(machine_value(clock, "/timezone"));
    auto_free char *adjustment = read_adjustment(clock);
    if (clock == NULL)
        return;
    if (zone != NULL && adjustment != NULL) {
        findings_warning(conversion->findings, "/spec/domain/clock/timezone",
            "has no effect, since the clock has utc");
        zone = NULL;
    }
    if (zone != NULL && (zone[0] == '\0' || strspn(zone, zone_characters) != strlen(zone))) {
        findings_error(conversion->findings, "/spec/domain/clock/timezone",
            "must be a time zone, such as \"Europe/Rome\", not \"%s\"", zone);
    }
    const char *offset = adjustment != NULL ? "utc" : NULL;
    domain_open(conversion->out, "clock", "offset", zone != NULL ? "timezone" : offset, "timezone",
        zone, "adjustment", adjustment);
    convert_timers(conversion);
    domain_close(conversion->out);
}
