#include "base/json_write.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct output {
    char *text;
    size_t length;
    size_t size;
    bool sorted;
};

static void put(struct output *out, const char *text, size_t length)
{
    if (out->length + length + 1 > out->size) {
        out->size = (out->length + length + 1) * 2;
        out->text = xrealloc(out->text, out->size);
    }
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = '\0';
}

static void put_byte(struct output *out, char byte)
{
    put(out, &byte, 1);
}

static void put_escape(struct output *out, unsigned char byte)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *simple = byte != '\0' ? strchr(from, byte) : NULL;
    char text[8];
    int length = simple != NULL ? snprintf(text, sizeof(text), "\\%c", to[simple - from])
                                : snprintf(text, sizeof(text), "\\u%04x", byte);
    put(out, text, (size_t)length);
}

static void put_string(struct output *out, const char *text, size_t length)
{
    size_t start = 0;
    put_byte(out, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        put(out, text + start, i - start);
        put_escape(out, byte);
        start = i + 1;
    }
    put(out, text + start, length - start);
    put_byte(out, '"');
}

enum { NUMBER_SIZE = 32 };

/* Whether the number is read again from so many digits, which text gets. */
static bool suffices(double number, int count, char text[NUMBER_SIZE])
{
    snprintf(text, NUMBER_SIZE, "%.*e", count - 1, number);
    return strtod(text, NULL) == number;
}

/* The number in the fewest digits that are read as the same number, but for zeros at their end.
 *
 * A few attempts do. What has at most DBL_DIG digits has the same ones, and then zeros, when it is
 * written with DBL_DIG. That does not hold for subnormal numbers; but these are all equally far from
 * each other, so that what suffices for one still does with another digit. */
static void write_shortest(double number, char text[NUMBER_SIZE])
{
    int count = DBL_DIG;
    if (number == 0 || number >= DBL_MIN) {
        while (!suffices(number, count, text) && count < DBL_DECIMAL_DIG)
            count++;
        return;
    }
    int least = 1;
    for (int most = DBL_DECIMAL_DIG; least < most;) {
        count = (least + most) / 2;
        if (suffices(number, count, text))
            most = count;
        else
            least = count + 1;
    }
    suffices(number, least, text);
}

/* The fewest digits that are read as the same number, without the zeros at their end; returns how
 * many they are. *exponent is that of the first one. */
static size_t shortest_digits(double number, char digits[NUMBER_SIZE], int *exponent)
{
    char text[NUMBER_SIZE];
    write_shortest(number, text);
    size_t length = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.')
            digits[length++] = *at;
    }
    while (length > 1 && digits[length - 1] == '0')
        length--;
    *exponent = (int)strtol(at + 1, NULL, 10);
    return length;
}

static void put_zeros(struct output *out, int count)
{
    for (int i = 0; i < count; i++)
        put_byte(out, '0');
}

static void put_real(struct output *out, double number)
{
    char digits[NUMBER_SIZE];
    int exponent = 0;
    double size = fabs(number);
    size_t length = shortest_digits(size, digits, &exponent);
    if (number < 0)
        put_byte(out, '-');
    bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
    if (plain && exponent < 0) {
        put(out, "0.", 2);
        put_zeros(out, -exponent - 1);
        put(out, digits, length);
        return;
    }
    size_t before = plain ? (size_t)exponent + 1 : 1;
    put(out, digits, before < length ? before : length);
    if (before < length) {
        put_byte(out, '.');
        put(out, digits + before, length - before);
    }
    if (plain) {
        put_zeros(out, (int)before - (int)length);
    } else {
        char text[16];
        int written = snprintf(text, sizeof(text), "e%+d", exponent);
        put(out, text, (size_t)written);
    }
}

static void put_value(struct output *out, const json_t *value);

static int compare_keys(const void *a, const void *b)
{
    return strcmp(json_object_iter_key(*(void *const *)a), json_object_iter_key(*(void *const *)b));
}

static void put_object(struct output *out, const json_t *object)
{
    size_t count = json_object_size(object);
    auto_free void **members = xcalloc(count + 1, sizeof(*members));
    void *member = json_object_iter((json_t *)object);
    for (size_t i = 0; i < count; i++) {
        members[i] = member;
        member = json_object_iter_next((json_t *)object, member);
    }
    if (out->sorted)
        qsort(members, count, sizeof(*members), compare_keys);
    put_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            put_byte(out, ',');
        put_string(out, json_object_iter_key(members[i]), json_object_iter_key_len(members[i]));
        put_byte(out, ':');
        put_value(out, json_object_iter_value(members[i]));
    }
    put_byte(out, '}');
}

static void put_array(struct output *out, const json_t *array)
{
    size_t index = 0;
    json_t *item = NULL;
    put_byte(out, '[');
    json_array_foreach (array, index, item) {
        if (index > 0)
            put_byte(out, ',');
        put_value(out, item);
    }
    put_byte(out, ']');
}

static void put_value(struct output *out, const json_t *value)
{
    char number[32];
    int written = 0;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, value);
        break;
    case JSON_ARRAY:
        put_array(out, value);
        break;
    case JSON_STRING:
        put_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        written =
            snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        put(out, number, (size_t)written);
        break;
    case JSON_REAL:
        put_real(out, json_real_value(value));
        break;
    case JSON_TRUE:
        put(out, "true", strlen("true"));
        break;
    case JSON_FALSE:
        put(out, "false", strlen("false"));
        break;
    case JSON_NULL:
        put(out, "null", strlen("null"));
        break;
    }
}

char *json_write(const json_t *value)
{
    struct output out = {0};
    put_value(&out, value);
    return out.text;
}

char *json_write_sorted(const json_t *value)
{
    struct output out = {.sorted = true};
    put_value(&out, value);
    return out.text;
}
