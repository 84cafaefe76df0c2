#include "appliance/ovf_digests.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct {
    const char *name;
    size_t digits;
} algorithms[] = {
    [APPLIANCE_OVF_SHA1] = {"SHA1", 40},
    [APPLIANCE_OVF_SHA256] = {"SHA256", 64},
    [APPLIANCE_OVF_SHA512] = {"SHA512", 128},
};

const char *appliance_ovf_algorithm_name(enum appliance_ovf_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

size_t appliance_ovf_algorithm_digits(enum appliance_ovf_algorithm algorithm)
{
    return algorithms[algorithm].digits;
}

/* The algorithm whose name, in any letter case, is before open; or -1. */
static int find_algorithm(const char *line, const char *open)
{
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        size_t length = strlen(algorithms[i].name);
        if ((size_t)(open - line) == length && strncasecmp(line, algorithms[i].name, length) == 0)
            return (int)i;
    }
    return -1;
}

/* Reads one line, zero-terminated and without the line end. Returns false if it is not of the
 * form. */
static bool read_line(const char *line, struct appliance_ovf_digest *out)
{
    const char *open = strchr(line, '(');
    const char *close = strrchr(line, ')'); /* a name may have parentheses */
    int algorithm = open != NULL ? find_algorithm(line, open) : -1;
    if (algorithm < 0 || close == NULL || close <= open + 1)
        return false;
    const char *rest = close + 1 + strspn(close + 1, " \t");
    if (*rest++ != '=')
        return false;
    rest += strspn(rest, " \t");
    size_t count = strspn(rest, "0123456789abcdefABCDEF");
    if (count != algorithms[algorithm].digits || rest[count + strspn(rest + count, " \t")] != '\0')
        return false;
    *out = (struct appliance_ovf_digest){
        .algorithm = (enum appliance_ovf_algorithm)algorithm,
        .name = xstrndup(open + 1, (size_t)(close - open - 1)),
        .digits = xstrndup(rest, count),
    };
    for (char *digit = out->digits; *digit != '\0'; digit++)
        *digit = (char)tolower((unsigned char)*digit);
    return true;
}

static int add_line(struct appliance_ovf_digests *digests, const char *text, size_t length,
    size_t number, struct error **err)
{
    struct appliance_ovf_digest digest = {0};
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        length--;
    if (length == 0)
        return 0;
    if (digests->count == APPLIANCE_OVF_DIGESTS_MAX)
        return error_set(err, ERROR_INPUT, "line %zu: at most %d digests are allowed", number,
            APPLIANCE_OVF_DIGESTS_MAX);
    auto_free char *line = xstrndup(text, length);
    if (!read_line(line, &digest)) {
        auto_free char *shown = text_printable(line, strlen(line), 80);
        return error_set(err, ERROR_INPUT,
            "line %zu: must be SHA256(NAME)= and the digest's digits, not \"%s\"", number, shown);
    }
    digests->items = xreallocarray(digests->items, digests->count + 1, sizeof(*digests->items));
    digests->items[digests->count++] = digest;
    return 0;
}

int appliance_ovf_digests_read(
    struct appliance_ovf_digests *digests, const char *text, size_t length, struct error **err)
{
    *digests = (struct appliance_ovf_digests){0};
    if (length > APPLIANCE_OVF_DIGESTS_MAX_BYTES)
        return error_set(err, ERROR_INPUT, "it has %zu bytes; at most %d are allowed", length,
            APPLIANCE_OVF_DIGESTS_MAX_BYTES);
    size_t number = 0;
    for (const char *at = text, *end = text + length; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((line_end != NULL ? line_end : end) - at);
        if (add_line(digests, at, size, ++number, err) < 0)
            return -1;
        at += size + 1;
    }
    return 0;
}

const struct appliance_ovf_digest *appliance_ovf_digests_find(
    const struct appliance_ovf_digests *digests, const char *name)
{
    for (size_t i = 0; i < digests->count; i++) {
        if (streq(digests->items[i].name, name))
            return &digests->items[i];
    }
    return NULL;
}

void appliance_ovf_digests_clear(struct appliance_ovf_digests *digests)
{
    for (size_t i = 0; i < digests->count; i++) {
        free(digests->items[i].name);
        free(digests->items[i].digits);
    }
    free(digests->items);
    *digests = (struct appliance_ovf_digests){0};
}
