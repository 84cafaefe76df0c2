#include "oci/reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/digest.h"

#define DEFAULT_REGISTRY "docker.io"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Whether the length bytes before the first slash are a host: they have a dot, a port or a capital
 * letter, or are localhost. */
static bool is_host(const char *text, size_t length)
{
    if (length == strlen("localhost") && strncmp(text, "localhost", length) == 0)
        return true;
    for (size_t i = 0; i < length; i++) {
        if (strchr(".:[" CAPITALS, text[i]) != NULL)
            return true;
    }
    return false;
}

static bool is_port(const char *text)
{
    long port = 0;
    return text_parse_int(text, 1, 65535, &port);
}

static bool is_valid_host(const char *host)
{
    size_t length = 0;
    if (host[0] == '[') {
        length = 1 + strspn(host + 1, DIGITS "abcdefABCDEF:.");
        if (length < 3 || host[length] != ']')
            return false;
        length++;
    } else {
        length = strspn(host, LETTERS CAPITALS DIGITS ".-");
        if (length == 0 || host[0] == '.' || host[0] == '-' || host[length - 1] == '-' ||
            strstr(host, "..") != NULL)
            return false;
    }
    return host[length] == '\0' || (host[length] == ':' && is_port(host + length + 1));
}

/* How long the separator of a repository's words is that text begins with; 0: none. */
static size_t separator_length(const char *text)
{
    if (text[0] == '.')
        return 1;
    if (text[0] == '_')
        return text[1] == '_' ? 2 : 1;
    return strspn(text, "-");
}

/* Whether it is lowercase words, with ".", "_", "__" or dashes between them, and slashes. */
static bool is_repository(const char *text)
{
    for (;;) {
        size_t word = strspn(text, LETTERS DIGITS);
        if (word == 0)
            return false;
        text += word;
        if (*text == '\0')
            return true;
        size_t separator = *text == '/' ? 1 : separator_length(text);
        if (separator == 0)
            return false;
        text += separator;
    }
}

static bool is_tag(const char *text)
{
    size_t length = strlen(text);
    return length <= OCI_REFERENCE_MAX_TAG && text[0] != '.' && text[0] != '-' && length > 0 &&
           strspn(text, LETTERS CAPITALS DIGITS "_.-") == length;
}

static int refuse(const char *text, struct error **err, const char *part, const char *what)
{
    auto_free char *shown = text_printable(text, strlen(text), OCI_REFERENCE_MAX_NAME);
    auto_free char *shown_part = text_printable(part, strlen(part), OCI_REFERENCE_MAX_NAME);
    return error_set(
        err, ERROR_USAGE, "reference \"%s\": \"%s\" is not %s", shown, shown_part, what);
}

/* Takes the tag and the digest off rest, and leaves the name. */
static void cut(char *rest, struct oci_reference *out)
{
    char *at = strchr(rest, '@');
    if (at != NULL) {
        out->digest = xstrdup(at + 1);
        *at = '\0';
    }
    char *slash = strrchr(rest, '/');
    char *colon = strrchr(slash != NULL ? slash : rest, ':');
    if (colon != NULL) {
        out->tag = xstrdup(colon + 1);
        *colon = '\0';
    }
    slash = strchr(rest, '/');
    if (slash != NULL && is_host(rest, (size_t)(slash - rest))) {
        out->registry = xstrndup(rest, (size_t)(slash - rest));
        out->repository = xstrdup(slash + 1);
    } else {
        out->registry = xstrdup(DEFAULT_REGISTRY);
        out->repository = slash != NULL ? xstrdup(rest) : xasprintf("library/%s", rest);
    }
    if (out->tag == NULL && out->digest == NULL)
        out->tag = xstrdup("latest");
}

static int check(const char *text, const struct oci_reference *reference, struct error **err)
{
    if (!is_valid_host(reference->registry))
        return refuse(text, err, reference->registry, "a host, or HOST:PORT");
    if (!is_repository(reference->repository))
        return refuse(text, err, reference->repository,
            "a repository: lowercase letters and digits, with . _ - and / between them");
    if (strlen(reference->registry) + 1 + strlen(reference->repository) > OCI_REFERENCE_MAX_NAME)
        return refuse(text, err, reference->repository, "short enough: at most 255 bytes");
    if (reference->tag != NULL && !is_tag(reference->tag))
        return refuse(text, err, reference->tag,
            "a tag: at most 128 letters, digits, \"_\", \".\" and \"-\", not first \".\" or \"-\"");
    if (reference->digest != NULL && !oci_digest_is_valid(reference->digest))
        return refuse(text, err, reference->digest, "a digest: " OCI_DIGEST_FORM);
    return 0;
}

int oci_reference_parse(const char *text, struct oci_reference *out, struct error **err)
{
    *out = (struct oci_reference){0};
    const char *scheme = strstr(text, "://");
    if (scheme != NULL)
        return refuse(text, err, text, "a reference: leave out what is before the host");
    auto_free char *rest = xstrdup(text);
    cut(rest, out);
    if (check(text, out, err) == 0)
        return 0;
    oci_reference_clear(out);
    return -1;
}

char *oci_reference_text(const struct oci_reference *reference)
{
    return xasprintf("%s/%s%s%s%s%s", reference->registry, reference->repository,
        reference->tag != NULL ? ":" : "", text_or(reference->tag, ""),
        reference->digest != NULL ? "@" : "", text_or(reference->digest, ""));
}

const char *oci_reference_manifest(const struct oci_reference *reference)
{
    return text_or(reference->digest, reference->tag);
}

void oci_reference_clear(struct oci_reference *reference)
{
    free(reference->registry);
    free(reference->repository);
    free(reference->tag);
    free(reference->digest);
    *reference = (struct oci_reference){0};
}
