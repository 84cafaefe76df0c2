#include "appliance/userdata_password.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/finding.h"
#include "base/json.h"
#include "base/text.h"

enum { PASSWORD_MAX_BYTES = 256 };

static const char plain_key[] = "plain_text_passwd";

bool appliance_userdata_is_password(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > PASSWORD_MAX_BYTES || !text_is_utf8(text, length, NULL))
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c))
            return false;
    }
    return true;
}

/* Whether a text means itself everywhere in YAML. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {
        "y", "n", "yes", "no", "on", "off", "true", "false", "null"};
    if (!isalpha((unsigned char)text[0]))
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A text as a scalar that follows the byte before: plain, or quoted as JSON. Owned by the caller. */
static char *scalar(const char *text, char before)
{
    const char *space = is_blank(before) ? "" : " ";
    if (is_plain(text))
        return xasprintf("%s%s", space, text);
    auto_json json_t *string = json_string(text);
    char *quoted = json_dumps(string, JSON_ENCODE_ANY);
    char *spaced = xasprintf("%s%s", space, quoted);
    free_secret(quoted, strlen(quoted));
    return spaced;
}

/* Whether a byte is one of an anchor or tag that text begins with. libyaml ends an anchor at other
 * bytes than blanks, too. */
static bool is_property(char first, char c)
{
    return first == '!' ? !is_blank(c) : isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Leaves of a scalar's span only what says its value, without anchor and tag. */
static void narrow(const char *text, struct yaml_span *span)
{
    while (span->from < span->to && (text[span->from] == '&' || text[span->from] == '!')) {
        char first = text[span->from++];
        while (span->from < span->to && is_property(first, text[span->from]))
            span->from++;
        while (span->from < span->to && is_blank(text[span->from]))
            span->from++;
    }
    while (span->to > span->from && is_blank(text[span->to - 1]))
        span->to--;
}

/* Finds the key of a value that begins at from, which is written before it. */
static bool find_key(const char *text, size_t from, const char *key, struct yaml_span *out)
{
    size_t length = strlen(key);
    size_t end = from;
    while (end > 0 && is_blank(text[end - 1]))
        end--;
    if (end == 0 || text[end - 1] != ':')
        return false;
    end--;
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    if (end > 0 && (text[end - 1] == '"' || text[end - 1] == '\''))
        end--;
    if (end < length || memcmp(text + end - length, key, length) != 0)
        return false;
    *out = (struct yaml_span){end - length, end};
    return true;
}

static int refuse(
    const struct appliance_userdata_password *password, struct error **err, const char *why)
{
    auto_free char *path = finding_path(password->pointer);
    return error_set(err, ERROR_INPUT, "the password %s cannot be replaced: %s", path, why);
}

/* The member beside the password, of the same object. Owned by the caller. */
static char *beside(const struct appliance_userdata_password *password, const char *key)
{
    size_t length = (size_t)(strrchr(password->pointer, '/') - password->pointer);
    auto_free char *parent = xstrndup(password->pointer, length);
    return json_pointer_join(parent, key);
}

/* Makes the key one of a plain password. span is the value's. */
static int rename_key(struct appliance_userdata *userdata,
    const struct appliance_userdata_password *password, const struct yaml_span *span,
    struct error **err)
{
    static const char *const others[] = {"passwd", "hashed_passwd", plain_key};
    const struct yaml_document *document = appliance_userdata_document(userdata);
    const char *key = strrchr(password->pointer, '/') + 1;
    struct yaml_span at;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        auto_free char *other = beside(password, others[i]);
        const json_t *value = json_pointer_get(document->root, other);
        if (!streq(others[i], key) && value != NULL)
            return refuse(password, err, "the account has another one: leave one of them");
    }
    if (!find_key(userdata->stream.text, span->from, key, &at))
        return refuse(password, err, "write it on the line of its key, as plain_text_passwd");
    appliance_edits_add(&userdata->edits, at.from, at.to, xstrdup(plain_key));
    return 0;
}

/* Makes the type beside the password that of a plain one. */
static int set_type(struct appliance_userdata *userdata,
    const struct appliance_userdata_password *password, const struct yaml_span *span,
    struct error **err)
{
    const struct yaml_document *document = appliance_userdata_document(userdata);
    const char *text = userdata->stream.text;
    auto_free char *type = beside(password, "type");
    auto_free char *parent = beside(password, "");
    parent[strlen(parent) - 1] = '\0';
    struct yaml_span at;
    struct yaml_span object;
    if (json_pointer_get(document->root, type) != NULL) {
        if (!yaml_span_of(document, type, &at))
            return refuse(password, err, "an alias repeats its type");
        narrow(text, &at);
        /* an empty one is right after the colon */
        char before = at.from > 0 ? text[at.from - 1] : ' ';
        appliance_edits_add(&userdata->edits, at.from, at.to, scalar("text", before));
        return 0;
    }
    if (!find_key(text, span->from, "password", &at) || !yaml_span_of(document, parent, &object))
        return refuse(password, err, "write \"type: text\" beside it");
    object.to = at.from;
    narrow(text, &object);
    bool is_quoted = text[at.to] == '"' || text[at.to] == '\'';
    size_t from = at.from - (is_quoted ? 1 : 0);
    size_t column = appliance_userdata_column(text, from);
    if (text[object.from] != '{' && column == SIZE_MAX)
        return refuse(password, err, "write \"type: text\" beside it");
    appliance_edits_add(&userdata->edits, from, from,
        text[object.from] == '{' ? xstrdup("type: text, ")
                                 : xasprintf("type: text\n%*s", (int)column, ""));
    return 0;
}

static int set_line(struct appliance_userdata *userdata,
    const struct appliance_userdata_password *password, const char *plain, struct error **err)
{
    const struct yaml_document *document = appliance_userdata_document(userdata);
    struct yaml_span span;
    bool is_block = yaml_span_of(document, password->pointer, &span);
    if (is_block) {
        narrow(userdata->stream.text, &span);
        is_block = userdata->stream.text[span.from] == '|';
    }
    if (password->to == 0 || !(is_block || is_plain(plain)))
        return refuse(password, err, "write the list as a block, \"list: |\"");
    appliance_edits_add(&userdata->edits, password->from, password->to, xstrdup(plain));
    return 0;
}

int appliance_userdata_set_password(struct appliance_userdata *userdata,
    const struct appliance_userdata_password *password, const char *plain, struct error **err)
{
    const struct yaml_document *document = appliance_userdata_document(userdata);
    struct yaml_span span;
    if (password->form == APPLIANCE_PASSWORD_FIXED)
        return refuse(password, err, "it must be a hash");
    if (password->form == APPLIANCE_PASSWORD_LINE)
        return set_line(userdata, password, plain, err);
    if (!yaml_span_of(document, password->pointer, &span))
        return refuse(password, err, "an alias repeats it: write it out");
    if ((password->form == APPLIANCE_PASSWORD_HASH &&
            rename_key(userdata, password, &span, err) < 0) ||
        (password->form == APPLIANCE_PASSWORD_TYPED &&
            set_type(userdata, password, &span, err) < 0))
        return -1;
    narrow(userdata->stream.text, &span);
    const char *old = json_string_value(json_pointer_get(document->root, password->pointer));
    char *whole = xasprintf("%.*s%s", (int)password->prefix, text_or(old, ""), plain);
    char before = span.from > 0 ? userdata->stream.text[span.from - 1] : ' ';
    appliance_edits_add(&userdata->edits, span.from, span.to, scalar(whole, before));
    free_secret(whole, strlen(whole));
    return 0;
}

char *appliance_userdata_old_password(
    const struct appliance_userdata *userdata, const struct appliance_userdata_password *password)
{
    const struct yaml_document *document = appliance_userdata_document(userdata);
    const char *text = json_string_value(json_pointer_get(document->root, password->pointer));
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < password->line; i++)
        text = strchr(text, '\n') + 1;
    size_t end = password->form == APPLIANCE_PASSWORD_LINE ? strcspn(text, "\n") : strlen(text);
    return xstrndup(text + password->prefix, end - password->prefix);
}
