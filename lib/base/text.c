#include "base/text.h"

#include "base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

bool streq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t tail = strlen(suffix);
    return length >= tail && streq(text + length - tail, suffix);
}

const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

int text_index(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (streq(text, names[i]))
            return (int)i;
    }
    return -1;
}

/* The length of the UTF-8 sequence at data, 1 to 4, or 0 when it is ill-formed.
 * Source: Unicode, table 3-7, well-formed UTF-8 byte sequences. */
static size_t utf8_sequence(const unsigned char *data, size_t length)
{
    unsigned char first = data[0];
    if (first < 0x80)
        return 1;
    size_t need = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length < need)
        return 0;
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (data[1] < low || data[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if ((data[i] & 0xC0) != 0x80)
            return 0;
    }
    return need;
}

bool text_is_utf8(const void *data, size_t length, size_t *bad_at)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length;) {
        size_t sequence = utf8_sequence(bytes + i, length - i);
        if (sequence == 0) {
            if (bad_at != NULL)
                *bad_at = i;
            return false;
        }
        i += sequence;
    }
    return true;
}

char *text_printable(const void *data, size_t length, size_t max)
{
    const unsigned char *bytes = data;
    UT_string out;
    utstring_init(&out);
    for (size_t i = 0; i < length;) {
        if (i >= max) {
            utstring_printf(&out, "…");
            break;
        }
        size_t sequence = utf8_sequence(bytes + i, length - i);
        bool control = sequence == 1 && (bytes[i] < 0x20 || bytes[i] == 0x7F);
        bool c1_control = sequence == 2 && bytes[i] == 0xC2 && bytes[i + 1] < 0xA0;
        if (sequence == 0 || control || c1_control) {
            size_t escaped = sequence > 0 ? sequence : 1;
            for (size_t k = 0; k < escaped; k++)
                utstring_printf(&out, "\\x%02x", bytes[i + k]);
            i += escaped;
        } else {
            utstring_bincpy(&out, bytes + i, sequence);
            i += sequence;
        }
    }
    return utstring_body(&out);
}

bool text_parse_int(const char *text, long min, long max, long *out)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)digits[0]))
        return false;
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool text_parse_duration(const char *text, int64_t *milliseconds)
{
    static const int64_t day = 24 * 3600 * 1000;
    return text_parse_duration_within(text, 1, day, milliseconds);
}

bool text_parse_duration_within(const char *text, int64_t min, int64_t max, int64_t *milliseconds)
{
    static const struct {
        const char *name;
        double milliseconds;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

    size_t digits = strspn(text, "0123456789.");
    if (digits == 0 || digits > 32)
        return false;
    auto_free char *number = xstrndup(text, digits);
    char *end = NULL;
    double value = strtod(number, &end);
    if (*end != '\0')
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        double scaled = value * units[i].milliseconds;
        if (streq(text + digits, units[i].name) && scaled >= (double)min && scaled <= (double)max) {
            *milliseconds = (int64_t)llround(scaled);
            return true;
        }
    }
    return false;
}

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b, ignoring case. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t width = strlen(b) + 1;
    auto_free size_t *rows = xcalloc(3 * width, sizeof(*rows));
    size_t *before = rows;
    size_t *above = rows + width;
    size_t *row = rows + 2 * width;
    for (size_t j = 0; j < width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j < width; j++) {
            int here = tolower((unsigned char)a[i - 1]);
            int there = tolower((unsigned char)b[j - 1]);
            size_t best = above[j - 1] + (here != there);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && here == tolower((unsigned char)b[j - 2]) &&
                           there == tolower((unsigned char)a[i - 2]);
            if (swapped && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return row[width - 1];
}

/* The nearest name; *tied tells whether another one is as near. */
static const char *find_nearest(
    const char *name, const char *const *names, size_t count, bool *tied)
{
    static const size_t longest_worth_comparing = 128;
    const char *nearest = NULL;
    size_t nearest_distance = 0;
    size_t length = strlen(name);
    *tied = false;
    if (length == 0 || length > longest_worth_comparing)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_prefix = length >= 3 && strncasecmp(name, names[i], length) == 0;
        size_t its_length = strlen(names[i]);
        size_t longer = its_length > length ? its_length : length;
        size_t shorter = its_length > length ? length : its_length;
        size_t far = is_prefix ? SIZE_MAX : (longer + 2) / 3;
        if (longer - shorter > far) /* it takes at least as many edits */
            continue;
        size_t distance = edit_distance(name, names[i]);
        if (distance > far)
            continue;
        if (nearest != NULL && distance == nearest_distance)
            *tied = true;
        if (nearest == NULL || distance < nearest_distance) {
            nearest = names[i];
            nearest_distance = distance;
            *tied = false;
        }
    }
    return nearest;
}

const char *suggest_nearest(const char *name, const char *const *names, size_t count)
{
    bool tied = false;
    return find_nearest(name, names, count, &tied);
}

const char *suggest_only(const char *name, const char *const *names, size_t count)
{
    bool tied = false;
    const char *nearest = find_nearest(name, names, count, &tied);
    return tied ? NULL : nearest;
}

char *suggest_hint(const char *name, const char *const *names, size_t count)
{
    const char *nearest = suggest_nearest(name, names, count);
    return nearest != NULL ? xasprintf(" (did you mean \"%s\"?)", nearest) : xstrdup("");
}

/* The names with commas between them, and last before the last one. Owned by the caller. */
static char *list(const char *const *names, size_t count, const char *last)
{
    UT_string out;
    utstring_init(&out);
    for (size_t i = 0; i < count; i++) {
        const char *separator = i == 0 ? "" : i + 1 == count ? last : ", ";
        utstring_printf(&out, "%s%s", separator, names[i]);
    }
    return utstring_body(&out);
}

char *text_list(const char *const *names, size_t count)
{
    return list(names, count, " or ");
}

char *text_list_all(const char *const *names, size_t count)
{
    return list(names, count, " and ");
}
