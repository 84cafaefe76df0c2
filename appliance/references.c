#include "appliance/references.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/text.h"

static const char key_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* A reference within a text. */
struct reference {
    const char *begin; /* at the "$" */
    const char *key;
    size_t length; /* of the key */
    const char *end; /* behind it */
};

/* The whole text as ${{KEY}}. */
static bool whole_reference(const char *text, struct reference *out)
{
    if (!text_starts_with(text, "${{"))
        return false;
    *out = (struct reference){.begin = text, .key = text + 3};
    out->length = strspn(out->key, key_bytes);
    out->end = out->key + out->length + 2;
    return out->length > 0 && streq(out->key + out->length, "}}");
}

/* The next ${KEY} from text on. */
static bool next_reference(const char *text, struct reference *out)
{
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(at + 2, "${")) {
        size_t length = strspn(at + 2, key_bytes);
        if (length > 0 && at[2 + length] == '}') {
            *out = (struct reference){
                .begin = at, .key = at + 2, .length = length, .end = at + 2 + length + 1};
            return true;
        }
    }
    return false;
}

static bool is_key(const struct reference *reference, const char *key)
{
    return key == NULL || (strlen(key) == reference->length &&
                              strncmp(key, reference->key, reference->length) == 0);
}

static bool text_refers(const char *text, const char *key)
{
    struct reference reference;
    if (whole_reference(text, &reference))
        return is_key(&reference, key);
    for (; next_reference(text, &reference); text = reference.end) {
        if (is_key(&reference, key))
            return true;
    }
    return false;
}

/* The recursion here and below is limited: manifests have at most YAML_MAX_DEPTH levels. */
bool appliance_references_are_in(const json_t *value, const char *key)
{
    const char *member = NULL;
    size_t index = 0;
    json_t *inner = NULL;
    if (json_is_string(value))
        return text_refers(json_string_value(value), key);
    json_object_foreach ((json_t *)value, member, inner) {
        if (appliance_references_are_in(inner, key))
            return true;
    }
    json_array_foreach (value, index, inner) {
        if (appliance_references_are_in(inner, key))
            return true;
    }
    return false;
}

/* The text with its references to from renamed. Owned by the caller. */
static char *renamed(const char *text, const char *from, const char *to)
{
    struct reference reference;
    UT_string out;
    if (whole_reference(text, &reference))
        return is_key(&reference, from) ? xasprintf("${{%s}}", to) : xstrdup(text);
    utstring_init(&out);
    for (; next_reference(text, &reference); text = reference.end) {
        bool is_from = is_key(&reference, from);
        const char *kept_end = is_from ? reference.begin : reference.end;
        utstring_bincpy(&out, text, (size_t)(kept_end - text));
        if (is_from)
            utstring_printf(&out, "${%s}", to);
    }
    utstring_bincpy(&out, text, strlen(text));
    return utstring_body(&out);
}

void appliance_references_rename(json_t *value, const char *from, const char *to)
{
    const char *member = NULL;
    size_t index = 0;
    json_t *inner = NULL;
    if (json_is_string(value) && text_refers(json_string_value(value), from)) {
        auto_free char *text = renamed(json_string_value(value), from, to);
        json_string_set(value, text);
    }
    json_object_foreach (value, member, inner)
        appliance_references_rename(inner, from, to);
    json_array_foreach (value, index, inner)
        appliance_references_rename(inner, from, to);
}

json_t *appliance_references_declaration(const json_t *parameters, const char *key)
{
    return json_item_named(parameters, key, NULL);
}

/* The name of a parameter whose value is "$": one that is declared, or that nothing in value refers
 * to. virt-template replaces one reference after the other, so that a name which is escaped itself
 * would be replaced again. Owned by the caller. */
static char *dollar_name(const json_t *value, const json_t *declared)
{
    enum { MOST_TRIED = 20 };
    auto_free char *name = xstrdup("DOLLAR");
    for (int i = 2; i < MOST_TRIED; i++) {
        const json_t *declaration = appliance_references_declaration(declared, name);
        const char *own = json_get_string(declaration, "value");
        if (own != NULL ? streq(own, "$")
                        : declaration == NULL && !appliance_references_are_in(value, name))
            return steal(&name);
        free(name);
        name = xasprintf("DOLLAR_%d", i);
    }
    return steal(&name);
}

static void declare_dollar(json_t *parameters, const char *name)
{
    if (appliance_references_declaration(parameters, name) == NULL)
        json_array_append_new(
            parameters, json_pack("{s:s, s:s, s:s}", "name", name, "description",
                            "The character, where it does not begin a parameter", "value", "$"));
}

/* The next ${KEY} or ${{KEY}} from text on. */
static bool next_lookalike(const char *text, struct reference *out)
{
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(at + 2, "${")) {
        size_t open = at[2] == '{' ? 3 : 2;
        size_t length = strspn(at + open, key_bytes);
        const char *close = at + open + length;
        if (length == 0 || close[0] != '}' || (open == 3 && close[1] != '}'))
            continue;
        *out = (struct reference){
            .begin = at, .key = at + open, .length = length, .end = close + open - 1};
        return true;
    }
    return false;
}

/* An escape of a whole value. */
struct escape {
    const json_t *declared; /* before */
    json_t *parameters;
    const char *dollar; /* the parameter with that value */
};

/* The text with its lookalikes escaped. Owned by the caller; NULL if it has none. */
static char *escaped(const struct escape *escape, const char *text)
{
    struct reference found;
    UT_string out;
    bool is_changed = false;
    utstring_init(&out);
    for (; next_lookalike(text, &found); text = found.end) {
        auto_free char *key = xstrndup(found.key, found.length);
        bool is_declared = appliance_references_declaration(escape->declared, key) != NULL;
        utstring_bincpy(&out, text, (size_t)(found.begin - text));
        if (!is_declared)
            utstring_printf(&out, "${%s}", escape->dollar);
        const char *rest = found.begin + !is_declared;
        utstring_bincpy(&out, rest, (size_t)(found.end - rest));
        is_changed = is_changed || !is_declared;
    }
    utstring_bincpy(&out, text, strlen(text));
    if (is_changed)
        return utstring_body(&out);
    utstring_done(&out);
    return NULL;
}

static void escape_value(const struct escape *escape, json_t *value)
{
    const char *member = NULL;
    size_t index = 0;
    json_t *inner = NULL;
    if (json_is_string(value)) {
        auto_free char *text = escaped(escape, json_string_value(value));
        if (text != NULL) {
            json_string_set(value, text);
            declare_dollar(escape->parameters, escape->dollar);
        }
    }
    json_object_foreach (value, member, inner)
        escape_value(escape, inner);
    json_array_foreach (value, index, inner)
        escape_value(escape, inner);
}

void appliance_references_escape(json_t *value, json_t *parameters)
{
    auto_json json_t *declared = json_copy(parameters);
    auto_free char *dollar = dollar_name(value, declared);
    const struct escape escape = {.declared = declared, .parameters = parameters, .dollar = dollar};
    escape_value(&escape, value);
}
