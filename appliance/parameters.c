#include "appliance/parameters.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "appliance/expression.h"
#include "appliance/limits.h"
#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"

#define VM_NAME "NAME" /* is there without a declaration */

enum {
    LONGEST_SHOWN = 80,
    LONGEST_NAME = 63,
};

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Where a value is, from the inside out. */
struct step {
    const struct step *above; /* NULL: the value itself */
    const char *key; /* NULL: an item of an array */
    size_t index;
};

/* A replacement of references that is under way. */
struct substitution {
    const json_t *declarations;
    const json_t *values; /* NULL: references are only checked */
    struct findings *findings;
    size_t bytes; /* of the strings so far */
};

/* A name is what a reference may hold. */
static bool check_name(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    const char *name = json_string_value(value);
    size_t length = json_string_length(value);
    return (strspn(name, name_characters) == length && length <= LONGEST_NAME) ||
           schema_invalid(field, name, pointer, findings);
}

static const char *const generators[] = {"expression", NULL};

static const struct schema_field fields[] = {
    {"name", SCHEMA_STRING, .required = true, .check = check_name,
        .rule = "1 to 63 letters, digits and underscores"},
    {"displayName", .kind = SCHEMA_STRING},
    {"description", .kind = SCHEMA_STRING},
    {"value", .kind = SCHEMA_STRING},
    {"generate", SCHEMA_STRING, .values = generators},
    {"from", .kind = SCHEMA_STRING},
    {"required", .kind = SCHEMA_BOOLEAN},
    {.path = NULL},
};

static const struct schema schema = {.fields = fields};

/* Always the first character: whether an expression is valid does not depend on chance. */
static uint32_t always_first(void *user, uint32_t limit)
{
    (void)user;
    (void)limit;
    return 0;
}

static bool is_there(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value != NULL && !json_is_null(value);
}

/* Checks what the members of a declaration say together. */
static void check_generator(
    const json_t *declaration, const char *pointer, struct findings *findings)
{
    static const struct appliance_random random = {.below = always_first};
    const char *generate = json_get_string(declaration, "generate");
    const char *from = json_get_string(declaration, "from");
    bool generates = generate != NULL && generate[0] != '\0';
    auto_free char *from_pointer = json_pointer_join(pointer, "from");
    auto_error struct error *error = NULL;
    if (generates && !is_there(declaration, "from"))
        findings_error(findings, from_pointer, "is required: the expression to generate from");
    if (from != NULL && !is_there(declaration, "generate"))
        findings_warning(findings, from_pointer, "has no effect without \"generate: expression\"");
    if (from == NULL)
        return;
    auto_free char *value = appliance_expression_generate(from, &random, &error);
    if (value == NULL)
        findings_error(findings, from_pointer, "%s", error->message);
}

/* Notes the name of a declaration; seen has the index of each name's first one. */
static void check_unique(
    const json_t *declaration, size_t index, json_t *seen, struct findings *findings)
{
    const char *name = json_get_string(declaration, "name");
    if (name == NULL || name[0] == '\0')
        return;
    const json_t *first = json_object_get(seen, name);
    if (first == NULL) {
        json_object_set_new(seen, name, json_integer((json_int_t)index));
        return;
    }
    auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
    auto_free char *pointer = xasprintf("/%zu/name", index);
    findings_error(findings, pointer, "\"%s\" stands at [%lld] already", shown,
        (long long)json_integer_value(first));
}

static void check_all(const json_t *declarations, struct findings *findings)
{
    size_t count = json_array_size(declarations);
    auto_json json_t *seen = json_object();
    if (count > APPLIANCE_MAX_PARAMETERS)
        findings_error(findings, "", "has %zu parameters; at most %d are allowed", count,
            APPLIANCE_MAX_PARAMETERS);
    for (size_t i = 0; i < count && i < APPLIANCE_MAX_PARAMETERS; i++) {
        auto_free char *pointer = xasprintf("/%zu", i);
        const json_t *declaration = json_array_get(declarations, i);
        if (schema_find_faults(&schema, declaration, pointer, findings))
            check_generator(declaration, pointer, findings);
        check_unique(declaration, i, seen, findings);
    }
}

static bool has_finding(const struct findings *findings, const struct finding *finding)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (streq(findings->items[i].pointer, finding->pointer) &&
            streq(findings->items[i].message, finding->message))
            return true;
    }
    return false;
}

int appliance_parameters_check(const json_t *declarations, struct findings *findings)
{
    struct findings found = {0};
    check_all(declarations, &found);
    for (size_t i = 0; i < found.count; i++) {
        const struct finding *one = &found.items[i];
        if (!has_finding(findings, one))
            findings_add(findings, one->severity, one->class, one->pointer, "%s", one->message);
    }
    int result = found.errors > 0 ? -1 : 0;
    findings_clear(&found);
    return result;
}

/* The declaration of a parameter, or NULL. Borrowed. */
static const json_t *find(const json_t *declarations, const char *name)
{
    return json_item_named(declarations, name, NULL);
}

/* ` (did you mean "NAME"?)` or "" for a name that is not among the parameters. Owned by the
 * caller. */
static char *hint_of(const json_t *declarations, const char *name)
{
    const char *names[APPLIANCE_MAX_PARAMETERS + 1] = {VM_NAME};
    size_t count = 1;
    for (size_t i = 0; i < json_array_size(declarations) && count < ARRAY_SIZE(names); i++) {
        const char *one = json_get_string(json_array_get(declarations, i), "name");
        if (one != NULL && one[0] != '\0')
            names[count++] = one;
    }
    return suggest_hint(name, names, count);
}

/* Adds an error for each value that is given but not declared. */
static void check_given(
    const json_t *declarations, const struct pairs *given, struct findings *request)
{
    for (size_t i = 0; given != NULL && i < given->count; i++) {
        const char *name = given->items[i].name;
        auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
        if (find(declarations, name) != NULL)
            continue;
        if (streq(name, VM_NAME)) {
            findings_error(
                request, "", "the parameter " VM_NAME " is the VM's name: it is not given with -p");
            continue;
        }
        auto_free char *hint = hint_of(declarations, name);
        findings_error(request, "", "there is no parameter \"%s\"%s", shown, hint);
    }
}

/* The value that is given for a parameter, else that of its declaration; "" if there is none.
 * Borrowed. */
static const char *known_value(
    const json_t *declaration, const char *name, const struct pairs *given)
{
    const char *value = given != NULL ? pairs_find(given, name) : NULL;
    return value != NULL ? value : text_or(json_get_string(declaration, "value"), "");
}

/* What the value of a parameter is generated from, or NULL. Borrowed. */
static const char *expression_of(const json_t *declaration)
{
    const char *generate = json_get_string(declaration, "generate");
    return generate != NULL && streq(generate, generators[0]) ? json_get_string(declaration, "from")
                                                              : NULL;
}

/* The value of a parameter; "" if it has none and needs none. Owned by the caller; NULL with an
 * error. */
static char *value_of(const json_t *declaration, const char *name, const struct pairs *given,
    const struct appliance_random *random, const char *pointer, struct findings *findings)
{
    auto_error struct error *error = NULL;
    const char *value = known_value(declaration, name, given);
    const char *from = expression_of(declaration);
    if (value[0] != '\0')
        return xstrdup(value);
    if (from != NULL) {
        char *generated = appliance_expression_generate(from, random, &error);
        auto_free char *from_pointer = json_pointer_join(pointer, "from");
        if (generated == NULL && !findings_has_error_at(findings, 0, from_pointer))
            findings_error(findings, from_pointer, "%s", error->message);
        return generated;
    }
    if (!json_is_true(json_object_get(declaration, "required")))
        return xstrdup("");
    findings_error(findings, pointer, "%s has no value: give one with -p %s=VALUE", name, name);
    return NULL;
}

json_t *appliance_parameters_values(const json_t *declarations, const struct pairs *given,
    const char *vm_name, const struct appliance_random *random, struct findings *findings,
    struct findings *request)
{
    size_t errors = request->errors;
    bool is_whole = true;
    auto_json json_t *values = json_object();
    json_object_set_new(values, VM_NAME, json_string(vm_name));
    check_given(declarations, given, request);
    size_t count = json_array_size(declarations);
    for (size_t i = 0; i < count && i < APPLIANCE_MAX_PARAMETERS; i++) {
        const json_t *declaration = json_array_get(declarations, i);
        const char *name = json_get_string(declaration, "name");
        auto_free char *pointer = xasprintf("/%zu", i);
        if (name == NULL)
            continue; /* an error of its check */
        char *value = value_of(declaration, name, given, random, pointer, findings);
        is_whole = is_whole && value != NULL;
        if (value != NULL)
            json_object_set_new(values, name, json_string(value));
        if (value != NULL)
            free_secret(value, strlen(value));
    }
    return !is_whole || request->errors > errors ? NULL : steal(&values);
}

json_t *appliance_parameters_generated(
    const json_t *declarations, const struct pairs *given, const json_t *values)
{
    json_t *generated = json_object();
    for (size_t i = 0; i < json_array_size(declarations); i++) {
        const json_t *declaration = json_array_get(declarations, i);
        const char *name = json_get_string(declaration, "name");
        if (name != NULL && expression_of(declaration) != NULL &&
            known_value(declaration, name, given)[0] == '\0')
            json_object_set(generated, name, json_object_get(values, name));
    }
    return generated;
}

/* The length of a name at text that a reference ends after: with "}" for one brace, "}}" for two.
 * 0 if there is none. */
static size_t name_length(const char *text, const char *end)
{
    size_t length = strspn(text, name_characters);
    return text_starts_with(text + length, end) ? length : 0;
}

/* The length of the name in a text that is "${{KEY}}", or 0. */
static size_t whole_length(const char *text)
{
    size_t length = text_starts_with(text, "${{") ? name_length(text + 3, "}}") : 0;
    return length > 0 && text[3 + length + 2] == '\0' ? length : 0;
}

bool appliance_parameters_refers(const char *text, bool anywhere)
{
    if (whole_length(text) > 0)
        return true;
    while (anywhere && (text = strstr(text, "${")) != NULL) {
        text += 2;
        if (name_length(text, "}") > 0)
            return true;
    }
    return false;
}

/* The JSON Pointer of a value. Owned by the caller. */
static char *pointer_of(const struct step *step)
{
    if (step->above == NULL)
        return xstrdup("");
    auto_free char *above = pointer_of(step->above);
    return step->key != NULL ? json_pointer_join(above, step->key)
                             : json_pointer_index(above, step->index);
}

/* The value of the name, borrowed; NULL with an error, or without one where references are only
 * checked. */
static const json_t *value_of_name(
    struct substitution *substitution, const char *name, const struct step *step)
{
    const json_t *value = json_object_get(substitution->values, name);
    bool declared = streq(name, VM_NAME) || find(substitution->declarations, name) != NULL;
    if (value != NULL || (substitution->values == NULL && declared))
        return value;
    if (findings_is_full(substitution->findings, FINDING_ERROR)) {
        findings_error(substitution->findings, "", "%s", ""); /* is only counted */
        return NULL;
    }
    auto_free char *pointer = pointer_of(step);
    auto_free char *shown = text_printable(name, strlen(name), LONGEST_SHOWN);
    auto_free char *hint = hint_of(substitution->declarations, name);
    findings_error(substitution->findings, pointer,
        "refers to \"${%s}\", but there is no such parameter%s", shown, hint);
    return NULL;
}

/* The value of a "${{KEY}}". New reference, or NULL. */
static json_t *whole_value(
    struct substitution *substitution, const char *text, size_t length, const struct step *step)
{
    auto_free char *name = xstrndup(text + strlen("${{"), length);
    const json_t *value = value_of_name(substitution, name, step);
    if (value == NULL)
        return NULL;
    json_t *parsed =
        json_parse(json_string_value(value), json_string_length(value), APPLIANCE_MAX_DEPTH, NULL);
    if (parsed != NULL && !json_is_null(parsed))
        return parsed;
    json_decref(parsed);
    auto_free char *pointer = pointer_of(step);
    findings_error(substitution->findings, pointer,
        "the value of %s is not JSON, as \"${{%s}}\" needs it; for a string write \"${%s}\"", name,
        name, name);
    return NULL;
}

/* Takes what begins with "${" at text: appends its value, or itself if it is no reference. Returns
 * what follows. */
static const char *take_reference(
    struct substitution *substitution, const char *text, UT_string *out, const struct step *step)
{
    size_t length = name_length(text + 2, "}");
    size_t braced = text[2] == '{' ? name_length(text + 3, "}}") : 0;
    if (braced > 0) {
        auto_free char *pointer = pointer_of(step);
        findings_error(substitution->findings, pointer,
            "has \"${{%.*s}}\" inside other text, where it is not replaced: write \"${%.*s}\"",
            (int)braced, text + 3, (int)braced, text + 3);
    }
    if (length == 0) {
        utstring_bincpy(out, text, 2);
        return text + 2;
    }
    auto_free char *name = xstrndup(text + 2, length);
    const json_t *value = value_of_name(substitution, name, step);
    if (value != NULL)
        utstring_bincpy(out, json_string_value(value), json_string_length(value));
    return text + 2 + length + 1;
}

/* A text with its references replaced. New reference, or NULL: it has none, or there are errors. */
static json_t *replace_text(
    struct substitution *substitution, const char *text, const struct step *step)
{
    const char *reference = strstr(text, "${");
    size_t whole = whole_length(text);
    if (reference == NULL || substitution->bytes > APPLIANCE_PARAMETERS_MAX_BYTES)
        return NULL; /* where it is too long already, there is an error */
    if (whole > 0)
        return whole_value(substitution, text, whole, step);
    size_t errors = substitution->findings->errors;
    UT_string out;
    utstring_init(&out);
    while (reference != NULL &&
           substitution->bytes + utstring_len(&out) <= APPLIANCE_PARAMETERS_MAX_BYTES) {
        utstring_bincpy(&out, text, (size_t)(reference - text));
        text = take_reference(substitution, reference, &out, step);
        reference = strstr(text, "${");
    }
    utstring_bincpy(&out, text, strlen(text));
    substitution->bytes += utstring_len(&out);
    bool too_long = substitution->bytes > APPLIANCE_PARAMETERS_MAX_BYTES;
    if (too_long) {
        auto_free char *pointer = pointer_of(step);
        findings_error(substitution->findings, pointer, "parameters make the VM larger than %d KiB",
            APPLIANCE_PARAMETERS_MAX_BYTES >> 10);
    }
    bool replaced = substitution->values != NULL && substitution->findings->errors == errors;
    json_t *result = replaced ? json_stringn(utstring_body(&out), utstring_len(&out)) : NULL;
    explicit_bzero(utstring_body(&out), utstring_len(&out));
    utstring_done(&out);
    return result;
}

static void replace_below(
    struct substitution *substitution, json_t *value, const struct step *step);

/* The value that takes the place of value. New reference, or NULL: it stays. */
static json_t *replace(struct substitution *substitution, json_t *value, const struct step *step)
{
    if (json_is_string(value))
        return replace_text(substitution, json_string_value(value), step);
    replace_below(substitution, value, step);
    return NULL;
}

static void replace_below(struct substitution *substitution, json_t *value, const struct step *step)
{
    const char *key = NULL;
    json_t *member = NULL;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const struct step inner = {.above = step, .index = i};
        json_t *replacement = replace(substitution, json_array_get(value, i), &inner);
        if (replacement != NULL)
            json_array_set_new(value, i, replacement);
    }
    json_object_foreach (value, key, member) {
        const struct step inner = {.above = step, .key = key};
        json_t *replacement = replace(substitution, member, &inner);
        if (replacement != NULL) /* for a key that is there, which keeps its place */
            json_object_set_new(value, key, replacement);
    }
}

int appliance_parameters_substitute(
    json_t *value, const json_t *declarations, const json_t *values, struct findings *findings)
{
    size_t errors = findings->errors;
    const struct step root = {.above = NULL};
    struct substitution substitution = {
        .declarations = declarations,
        .values = values,
        .findings = findings,
    };
    replace_below(&substitution, value, &root);
    return findings->errors > errors ? -1 : 0;
}
