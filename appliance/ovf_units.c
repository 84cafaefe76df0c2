#include "appliance/ovf_units.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

static const double most = 0x1p62;

/* The names of units that are not programmatic. */
static const struct {
    const char *name;
    double factor;
} names[] = {
    {"byte", 1},
    {"bytes", 1},
    {"B", 1},
    {"KiloBytes", 0x1p10},
    {"KiloByte", 0x1p10},
    {"KB", 0x1p10},
    {"KiB", 0x1p10},
    {"MegaBytes", 0x1p20},
    {"MegaByte", 0x1p20},
    {"MB", 0x1p20},
    {"MiB", 0x1p20},
    {"GigaBytes", 0x1p30},
    {"GigaByte", 0x1p30},
    {"GB", 0x1p30},
    {"GiB", 0x1p30},
    {"TeraBytes", 0x1p40},
    {"TeraByte", 0x1p40},
    {"TB", 0x1p40},
    {"TiB", 0x1p40},
};

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Reads a whole number below 1e6 at *text and moves behind it. */
static bool read_number(const char **text, double *number)
{
    enum { DIGITS = 6 };
    const char *digits = skip_blanks(*text);
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > DIGITS)
        return false;
    *number = strtod(digits, NULL);
    *text = digits + length;
    return true;
}

/* Reads "* 2^20" at *text and moves behind it; the power may be absent. */
static bool read_factor(const char **text, double *factor)
{
    const char *rest = skip_blanks(*text);
    double base = 0;
    double power = 1;
    if (*rest++ != '*' || !read_number(&rest, &base))
        return false;
    rest = skip_blanks(rest);
    if (*rest == '^') {
        rest++;
        if (!read_number(&rest, &power) || power > 64)
            return false;
    }
    *factor = pow(base, power);
    *text = rest;
    return true;
}

static bool read_units(const char *units, double *factor)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcasecmp(units, names[i].name) == 0) {
            *factor = names[i].factor;
            return true;
        }
    }
    static const char unit[] = "byte";
    if (strncasecmp(units, unit, sizeof(unit) - 1) != 0)
        return false;
    *factor = 1;
    for (const char *rest = skip_blanks(units + sizeof(unit) - 1); *rest != '\0';
         rest = skip_blanks(rest)) {
        double one = 0;
        if (!read_factor(&rest, &one))
            return false;
        *factor *= one;
        if (*factor > most)
            return false;
    }
    return true;
}

bool appliance_ovf_units_bytes(
    const char *number, const char *units, const char *otherwise, long long *bytes)
{
    double factor = 0;
    if (number == NULL || !isdigit((unsigned char)number[0]) ||
        number[strspn(number, "0123456789.")] != '\0')
        return false;
    char *end = NULL;
    double amount = strtod(number, &end);
    if (*end != '\0' || !read_units(text_or(units, otherwise), &factor))
        return false;
    amount *= factor;
    if (!(amount <= most))
        return false;
    *bytes = llround(amount);
    return true;
}
