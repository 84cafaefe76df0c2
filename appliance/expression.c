#include "appliance/expression.h"

#include <stdbool.h>
#include <string.h>
#include <utstring.h>

#include "base/memory.h"
#include "base/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ALPHANUMERIC LETTERS DIGITS /* in the order in which a range runs through them */
#define SYMBOLS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

enum {
    MAX_TOTAL = 4096, /* bytes of a value */
    LONGEST_SHOWN = 80,
};

/* The characters that a class has, each once. */
struct alphabet {
    char characters[128];
    size_t count;
};

/* A class and its length, "[a-z]{4}", in an expression. */
struct part {
    const char *begin; /* of its "[" */
    const char *ranges;
    size_t ranges_length;
    const char *length;
    size_t length_length;
    const char *end; /* after its "}" */
};

static void add(struct alphabet *alphabet, const char *characters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memchr(alphabet->characters, characters[i], alphabet->count) == NULL)
            alphabet->characters[alphabet->count++] = characters[i];
    }
}

/* Finds the next part at or after text: what looks different is text for itself. */
static bool find_part(const char *text, struct part *out)
{
    for (; (text = strchr(text, '[')) != NULL; text++) {
        *out = (struct part){.begin = text, .ranges = text + 1};
        out->ranges_length = strspn(out->ranges, ALPHANUMERIC "-\\");
        const char *after = out->ranges + out->ranges_length;
        if (out->ranges_length == 0 || !text_starts_with(after, "]{"))
            continue;
        out->length = after + 2;
        out->length_length = strspn(out->length, ALPHANUMERIC "_");
        out->end = out->length + out->length_length + 1;
        if (out->length_length > 0 && out->end[-1] == '}')
            return true;
    }
    return false;
}

/* Sets the error about a part. Returns -1. */
static int refuse(const struct part *part, const char *message, struct error **err)
{
    size_t length = (size_t)(part->end - part->begin);
    auto_free char *shown = text_printable(part->begin, length, LONGEST_SHOWN);
    return error_set(err, ERROR_INPUT, "\"%s\" %s", shown, message);
}

/* Takes a class of its own, such as \w, at text. Returns false if there is none. */
static bool take_class(const char *text, struct alphabet *alphabet)
{
    static const struct {
        char letter;
        const char *characters;
    } classes[] = {{'w', ALPHANUMERIC "_"}, {'d', DIGITS}, {'a', ALPHANUMERIC}, {'A', SYMBOLS}};
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        if (text[1] == classes[i].letter) {
            add(alphabet, classes[i].characters, strlen(classes[i].characters));
            return true;
        }
    }
    return false;
}

/* Takes a range such as a-z at text. Returns false if it has no beginning or end, or runs
 * backwards. */
static bool take_range(const char *text, struct alphabet *alphabet)
{
    const char *from = strchr(ALPHANUMERIC, text[0]);
    const char *to = strchr(ALPHANUMERIC, text[2]);
    if (from == NULL || to == NULL || from > to)
        return false;
    add(alphabet, from, (size_t)(to - from) + 1);
    return true;
}

static int read_alphabet(const struct part *part, struct alphabet *out, struct error **err)
{
    const char *text = part->ranges;
    const char *end = part->ranges + part->ranges_length;
    *out = (struct alphabet){0};
    while (text < end) {
        size_t run = strspn(text, ALPHANUMERIC);
        bool is_range = end - text >= 3 && text[1] == '-';
        if (text[0] == '\\') {
            if (end - text < 2 || !take_class(text, out))
                return refuse(part, "has a \"\\\" that is not one of \\w, \\d, \\a and \\A", err);
            text += 2;
        } else if (is_range) {
            if (!take_range(text, out))
                return refuse(
                    part, "has a range that does not run forwards through a-z, A-Z and 0-9", err);
            text += 3;
        } else if (run > 0 && (text + run == end || text[run] != '-')) {
            add(out, text, run);
            text += run;
        } else {
            return refuse(
                part, "has a \"-\" that is no range: write ranges before single characters", err);
        }
    }
    return 0;
}

static int read_length(const struct part *part, long *out, struct error **err)
{
    auto_free char *digits = xstrndup(part->length, part->length_length);
    if (text_parse_int(digits, 1, APPLIANCE_EXPRESSION_MAX_LENGTH, out))
        return 0;
    auto_free char *message =
        xasprintf("must have a length from 1 to %d", APPLIANCE_EXPRESSION_MAX_LENGTH);
    return refuse(part, message, err);
}

/* Appends what a part stands for. */
static int generate_part(const struct part *part, const struct appliance_random *random,
    UT_string *out, struct error **err)
{
    struct alphabet alphabet;
    long length = 0;
    if (read_alphabet(part, &alphabet, err) < 0 || read_length(part, &length, err) < 0)
        return -1;
    for (long i = 0; i < length; i++) {
        uint32_t index = appliance_random_below(random, (uint32_t)alphabet.count);
        utstring_bincpy(out, &alphabet.characters[index], 1);
    }
    return 0;
}

/* Appends what the whole expression stands for. What is generated is not read again. */
static int generate(const char *expression, const struct appliance_random *random, UT_string *out,
    struct error **err)
{
    struct part part = {0};
    size_t parts = 0;
    for (const char *text = expression; *text != '\0';) {
        bool found = find_part(text, &part);
        size_t plain = found ? (size_t)(part.begin - text) : strlen(text);
        if (utstring_len(out) + plain + APPLIANCE_EXPRESSION_MAX_LENGTH > MAX_TOTAL)
            return error_set(
                err, ERROR_INPUT, "the value would be longer than %d bytes", MAX_TOTAL);
        utstring_bincpy(out, text, plain);
        if (!found)
            break;
        if (generate_part(&part, random, out, err) < 0)
            return -1;
        text = part.end;
        parts++;
    }
    if (parts > 0)
        return 0;
    return error_set(err, ERROR_INPUT, "must have a class and its length, such as [a-z0-9]{8}");
}

char *appliance_expression_generate(
    const char *expression, const struct appliance_random *random, struct error **err)
{
    UT_string out;
    utstring_init(&out);
    if (generate(expression, random, &out, err) == 0)
        return utstring_body(&out);
    utstring_done(&out);
    return NULL;
}
