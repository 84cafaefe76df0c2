#include "machine/quantity.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"
#include "machine/value.h"

enum { LONGEST_SHOWN = 64, KIBI = 1024, KILO = 1000 };

bool machine_quantity_check(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    annotations_quantity quantity = 0;
    if (machine_quantity(value, &quantity))
        return true;
    auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer, "must be a quantity, such as 512Mi or 2, not %s", shown);
    return false;
}

char *machine_quantity_write(long long number, const json_t *like)
{
    static const char *const binary[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    static const char *const decimal[] = {"", "k", "M", "G", "T", "P", "E"};
    static const char *const exponents[] = {"", "e3", "e6", "e9", "e12", "e15", "e18"};
    const char *text = text_or(json_string_value(like), "");
    size_t length = strlen(text);
    bool is_binary = length > 0 && text[length - 1] == 'i' && number >= KIBI;
    bool has_exponent =
        length > 0 && isdigit((unsigned char)text[length - 1]) != 0 && strpbrk(text, "eE") != NULL;
    const char *const *suffixes = is_binary ? binary : has_exponent ? exponents : decimal;
    int base = is_binary ? KIBI : KILO;
    size_t power = 0;
    while (number != 0 && number % base == 0 && power + 1 < ARRAY_SIZE(binary)) {
        number /= base;
        power++;
    }
    return xasprintf("%lld%s", number, suffixes[power]);
}
