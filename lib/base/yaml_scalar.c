#include "base/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Null, true or false if the text is a word for it, else NULL. A new reference. */
static json_t *resolve_word(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {
        "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"};
    static const char *const falses[] = {
        "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"};
    static const size_t longest = 5;
    if (strchr("~nNtTyYoOfF", text[0]) == NULL || strnlen(text, longest + 1) > longest)
        return NULL; /* most texts; "" has the terminator for its first character */
    if (text_index(text, nulls, ARRAY_SIZE(nulls)) >= 0)
        return json_null();
    if (text_index(text, trues, ARRAY_SIZE(trues)) >= 0)
        return json_true();
    return text_index(text, falses, ARRAY_SIZE(falses)) >= 0 ? json_false() : NULL;
}

/* Infinity and not-a-number, in all spellings. */
static bool is_no_number(const char *text)
{
    static const char *const words[] = {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf",
        "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
    return text_index(text, words, ARRAY_SIZE(words)) >= 0;
}

/* A copy without underscores, which YAML allows between digits. Owned by the caller. */
static char *without_underscores(const char *text)
{
    char *copy = xstrdup(text);
    char *end = copy;
    for (; *text != '\0'; text++) {
        if (*text != '_')
            *end++ = *text;
    }
    *end = '\0';
    return copy;
}

enum integer { INTEGER_NONE, INTEGER_FITS, INTEGER_TOO_LARGE };

/* A decimal, 0x, 0o, 0b or 0 octal integer, as Go's strconv.ParseInt reads it with base 0. */
static enum integer parse_integer(const char *text, int64_t *out)
{
    static const struct {
        const char *prefix;
        size_t skip; /* how much of the prefix is not a digit */
        const char *digits;
        int base;
    } notations[] = {
        {"0x", 2, "0123456789abcdefABCDEF", 16},
        {"0X", 2, "0123456789abcdefABCDEF", 16},
        {"0o", 2, "01234567", 8},
        {"0O", 2, "01234567", 8},
        {"0b", 2, "01", 2},
        {"0B", 2, "01", 2},
        {"0", 0, "01234567", 8},
        {"", 0, "0123456789", 10},
    };
    bool negative = text[0] == '-';
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    size_t i = 0;
    while (!text_starts_with(digits, notations[i].prefix))
        i++;
    digits += notations[i].skip;
    if (*digits == '\0' || digits[strspn(digits, notations[i].digits)] != '\0')
        return INTEGER_NONE;
    errno = 0;
    unsigned long long magnitude = strtoull(digits, NULL, notations[i].base);
    if (errno != 0 || magnitude > (unsigned long long)INT64_MAX + negative)
        return INTEGER_TOO_LARGE;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return INTEGER_FITS;
}

/* A decimal fraction. One without a fractional part becomes an integer, as it does on its way
 * through Kubernetes' JSON. A new reference, or NULL. */
static json_t *resolve_fraction(const char *text)
{
    static const double exact_integers = 9007199254740992.0; /* 2^53 */
    if (text[strspn(text, "+-.0123456789eE")] != '\0' || strchr("eE", text[0]) != NULL)
        return NULL;
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value))
        return NULL;
    if (fabs(value) < exact_integers && value == trunc(value))
        return json_integer((json_int_t)value);
    return json_real(value);
}

json_t *yaml_scalar_resolve(const char *text, struct error **err)
{
    json_t *word = resolve_word(text);
    if (word != NULL)
        return word;
    if (strchr("+-.0123456789", text[0]) == NULL)
        return json_string(text);
    if (is_no_number(text)) {
        error_set(
            err, ERROR_INPUT, "%s is not a number that JSON has; quote it if it is text", text);
        return NULL;
    }
    auto_free char *digits = without_underscores(text);
    int64_t integer = 0;
    switch (parse_integer(digits, &integer)) {
    case INTEGER_FITS:
        return json_integer(integer);
    case INTEGER_TOO_LARGE: {
        auto_free char *shown = text_printable(text, strlen(text), 40);
        error_set(err, ERROR_INPUT,
            "the integer %s does not fit in 64 bits; quote it if it is text", shown);
        return NULL;
    }
    case INTEGER_NONE:
        break;
    }
    json_t *fraction = resolve_fraction(digits);
    return fraction != NULL ? fraction : json_string(text);
}
