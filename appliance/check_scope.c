#include "appliance/check_scope.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/names.h"
#include "appliance/parameters.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/value.h"

enum {
    LONGEST_SHOWN = 100,
    LONGEST_NAME = ANNOTATIONS_LABEL_MAX,
};

void appliance_check_error(const struct appliance_check_scope *scope, const char *base,
    size_t index, const char *rest, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_free char *pointer = xasprintf("%s/%zu%s", base, index, rest);
    findings_error(scope->findings, pointer, "%s", message);
}

bool appliance_check_is_open(const char *text)
{
    return appliance_parameters_refers(text, true);
}

const char *appliance_check_name(const json_t *item)
{
    const char *name = json_get_string(item, "name");
    return name != NULL && name[0] != '\0' ? name : NULL;
}

const json_t *appliance_check_list(
    struct findings *findings, const json_t *vm, const char *pointer, const char *what)
{
    const json_t *list = machine_value(vm, pointer);
    if (!json_is_array(list))
        return NULL;
    if (json_array_size(list) <= APPLIANCE_MAX_DISKS)
        return list;
    findings_error(findings, pointer, "has %zu %s; at most %d are allowed", json_array_size(list),
        what, APPLIANCE_MAX_DISKS);
    return NULL;
}

char *appliance_check_shown(const char *text)
{
    return text_printable(text, strlen(text), LONGEST_SHOWN);
}

static bool is_well_formed(const char *name, enum appliance_check_form form)
{
    static const char interface[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (form == APPLIANCE_NAME_INTERFACE)
        return strspn(name, interface) == strlen(name);
    return annotations_name_is_dns_subdomain(name) &&
           (form == APPLIANCE_NAME_SUBDOMAIN || strchr(name, '.') == NULL);
}

void appliance_check_name_form(const struct appliance_check_scope *scope, const char *pointer,
    const char *name, enum appliance_check_form form)
{
    static const char *const rules[] = {
        [APPLIANCE_NAME_LABEL] =
            "lower-case letters, digits and hyphens, with a letter or digit at both ends",
        [APPLIANCE_NAME_SUBDOMAIN] =
            "lower-case letters, digits, \"-\" and \".\", with a letter or digit at both ends",
        [APPLIANCE_NAME_INTERFACE] = "letters, digits, hyphens and underscores",
    };
    if (appliance_check_is_open(name))
        return;
    auto_free char *shown = appliance_check_shown(name);
    if (strlen(name) > LONGEST_NAME)
        findings_error(scope->findings, pointer,
            "\"%s\" has %zu characters; at most %d are allowed", shown, strlen(name), LONGEST_NAME);
    else if (!is_well_formed(name, form))
        findings_error(scope->findings, pointer, "must be %s, not \"%s\"", rules[form], shown);
}

void appliance_check_names(const struct appliance_check_scope *scope, const json_t *list,
    const char *base, const char *rest, enum appliance_check_form form)
{
    auto_json json_t *seen = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = machine_string(json_array_get(list, i), rest);
        if (name == NULL)
            continue;
        auto_free char *pointer = xasprintf("%s/%zu%s", base, i, rest);
        appliance_check_name_form(scope, pointer, name, form);
        const json_t *first = json_object_get(seen, name);
        if (first == NULL) {
            json_object_set_new(seen, name, json_integer((json_int_t)i));
            continue;
        }
        auto_free char *shown = appliance_check_shown(name);
        appliance_check_error(scope, base, i, rest, "\"%s\" stands at [%lld] already", shown,
            (long long)json_integer_value(first));
    }
}

bool appliance_check_has(const json_t *list, const char *name)
{
    return json_item_named(list, name, NULL) != NULL;
}

char *appliance_check_hint(const json_t *list, const char *name)
{
    const char *names[APPLIANCE_MAX_DISKS];
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list) && count < ARRAY_SIZE(names); i++) {
        const char *one = appliance_check_name(json_array_get(list, i));
        if (one != NULL)
            names[count++] = one;
    }
    return suggest_hint(name, names, count);
}

char *appliance_check_members(
    const json_t *object, const char *const *names, size_t count, size_t *found)
{
    auto_free const char **there = xreallocarray(NULL, count, sizeof(*there));
    *found = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, names[i]);
        if (value != NULL && !json_is_null(value))
            there[(*found)++] = names[i];
    }
    return text_list_all(there, *found);
}

bool appliance_check_has_unknown(const json_t *object, const char *const *names, size_t count)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)object, key, value) { /* changes nothing */
        if (text_index(key, names, count) < 0)
            return true;
    }
    return false;
}

char *appliance_check_number(size_t number)
{
    static const char *const words[] = {
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
    return number < ARRAY_SIZE(words) ? xstrdup(words[number]) : xasprintf("%zu", number);
}
