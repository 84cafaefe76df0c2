#include "oci/challenge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SPACE " \t"

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

/* A quoted string at *at, unescaped, or NULL if its end is missing. Owned by the caller. */
static char *read_quoted(const char **at)
{
    const char *from = *at + 1;
    auto_free char *value = xmalloc(strlen(from) + 1);
    size_t length = 0;
    for (; *from != '"'; from++) {
        if (*from == '\\')
            from++;
        if (*from == '\0')
            return NULL;
        value[length++] = *from;
    }
    value[length] = '\0';
    *at = from + 1;
    return steal(&value);
}

/* A parameter's value at *at, or NULL if it is none. Owned by the caller. */
static char *read_value(const char **at)
{
    *at += strspn(*at, SPACE);
    if (**at == '"')
        return read_quoted(at);
    size_t length = strspn(*at, TOKEN);
    if (length == 0)
        return NULL;
    char *value = xstrndup(*at, length);
    *at += length;
    return value;
}

static void keep(struct oci_challenge *challenge, const char *name, size_t length, char *take_value)
{
    char **member = is_word(name, length, "realm")     ? &challenge->realm
                    : is_word(name, length, "service") ? &challenge->service
                    : is_word(name, length, "scope")   ? &challenge->scope
                                                       : NULL;
    if (member != NULL && *member == NULL)
        *member = take_value;
    else
        free(take_value);
}

void oci_challenge_read(struct oci_challenge *challenge, const char *header)
{
    bool in_bearer = false;
    if (strlen(header) > OCI_CHALLENGE_MAX_BYTES)
        return;
    for (const char *at = header + strspn(header, SPACE ","); *at != '\0';
         at += strspn(at, SPACE ",")) {
        const char *name = at;
        size_t length = strspn(at, TOKEN);
        if (length == 0)
            return;
        at += length;
        const char *next = at + strspn(at, SPACE);
        if (*next != '=') { /* a scheme */
            in_bearer = is_word(name, length, "Bearer") && !challenge->bearer;
            challenge->bearer = challenge->bearer || in_bearer;
            challenge->basic = challenge->basic || is_word(name, length, "Basic");
            continue;
        }
        at = next + 1;
        char *value = read_value(&at);
        if (value == NULL)
            return;
        if (in_bearer)
            keep(challenge, name, length, value);
        else
            free(value);
    }
}

void oci_challenge_clear(struct oci_challenge *challenge)
{
    free(challenge->realm);
    free(challenge->service);
    free(challenge->scope);
    *challenge = (struct oci_challenge){0};
}
