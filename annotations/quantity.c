#include "annotations/quantity.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* The factor of a suffix: 10^decimal * 2^binary. */
struct scale {
    const char *suffix;
    int decimal;
    int binary;
};

static const struct scale scales[] = {{"", 0, 0}, {"n", -9, 0}, {"u", -6, 0}, {"m", -3, 0},
    {"k", 3, 0}, {"M", 6, 0}, {"G", 9, 0}, {"T", 12, 0}, {"P", 15, 0}, {"E", 18, 0}, {"Ki", 0, 10},
    {"Mi", 0, 20}, {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};

/* Reads a suffix or a decimal exponent ("e3", "E-2"). */
static bool parse_scale(const char *text, int *decimal, int *binary)
{
    for (size_t i = 0; i < ARRAY_SIZE(scales); i++) {
        if (streq(text, scales[i].suffix)) {
            *decimal = scales[i].decimal;
            *binary = scales[i].binary;
            return true;
        }
    }
    long exponent = 0;
    if (text[0] != 'e' && text[0] != 'E')
        return false;
    const char *digits = text[1] == '+' && isdigit((unsigned char)text[2]) ? text + 2 : text + 1;
    if (!text_parse_int(digits, -100, 100, &exponent))
        return false;
    *decimal = (int)exponent;
    *binary = 0;
    return true;
}

bool annotations_quantity_parse(const char *text, annotations_quantity *out)
{
    static const int billionths = 9;
    static const annotations_quantity digits_max = (annotations_quantity)1 << 120;
    annotations_quantity value = 0;
    int decimal = 0;
    int binary = 0;
    size_t digits = 0;
    int fraction = 0;
    bool point = false;

    if (text[0] == '+')
        text++;
    for (; isdigit((unsigned char)*text) || (*text == '.' && !point); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        digits++;
        fraction += point;
        if (value > digits_max / 10)
            return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    if (digits == 0 || !parse_scale(text, &decimal, &binary))
        return false;
    for (; value > 0 && binary > 0; binary--) {
        if (value > digits_max)
            return false;
        value *= 2;
    }
    decimal += billionths - fraction;
    for (; value > 0 && decimal > 0; decimal--) {
        if (value > digits_max)
            return false;
        value *= 10;
    }
    for (; value > 1 && decimal < 0; decimal++)
        value = value / 10 + (value % 10 != 0);
    if (value > (annotations_quantity)INT64_MAX * 1000000000)
        return false;
    *out = value;
    return true;
}
