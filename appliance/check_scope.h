/* What the checks of a VM boilerplate have in common (appliance/check*.c). */
#ifndef APPLIANCE_CHECK_SCOPE_H
#define APPLIANCE_CHECK_SCOPE_H

#include <jansson.h>
#include <stdbool.h>

#include "appliance/source.h"

/* The boilerplate that is checked, with its lists; those are NULL where they are absent or not
 * lists. All borrowed. */
struct appliance_check_scope {
    const struct appliance_source *source;
    struct appliance_objects *objects;
    struct findings *findings; /* about the boilerplate */
    const json_t *spec; /* of the VM */
    const json_t *templates; /* of DataVolumes */
    const json_t *volumes;
    const json_t *disks;
    const json_t *filesystems;
    bool open_volumes; /* parameters give the volumes, or the name of one */
};

#define APPLIANCE_TEMPLATES "/spec/dataVolumeTemplates"
#define APPLIANCE_VOLUMES "/spec/template/spec/volumes"
#define APPLIANCE_DEVICES "/spec/template/spec/domain/devices"
#define APPLIANCE_DISKS APPLIANCE_DEVICES "/disks"
#define APPLIANCE_FILESYSTEMS APPLIANCE_DEVICES "/filesystems"

/* Adds an error at base/index and below, where rest is "" or a pointer. */
void appliance_check_error(const struct appliance_check_scope *scope, const char *base,
    size_t index, const char *rest, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether a text has references to parameters, so that it is not known yet. */
bool appliance_check_is_open(const char *text);

/* The name of an item: a string that is not empty, or NULL. Borrowed. */
const char *appliance_check_name(const json_t *item);

/* Adds an error if a list is longer than APPLIANCE_MAX_DISKS. Returns the list, or NULL if it is too
 * long, or no list. */
const json_t *appliance_check_list(
    struct findings *findings, const json_t *vm, const char *pointer, const char *what);

/* The form of names, each of at most 63 characters. */
enum appliance_check_form {
    APPLIANCE_NAME_LABEL, /* lower-case letters, digits and hyphens: a DNS label */
    APPLIANCE_NAME_SUBDOMAIN, /* also dots */
    APPLIANCE_NAME_INTERFACE, /* letters, digits, hyphens and underscores */
};

/* Checks the form of the name at pointer. */
void appliance_check_name_form(const struct appliance_check_scope *scope, const char *pointer,
    const char *name, enum appliance_check_form form);

/* Checks the names of a list's items: the form, and that each is there once. rest is the name's
 * pointer in an item. */
void appliance_check_names(const struct appliance_check_scope *scope, const json_t *list,
    const char *base, const char *rest, enum appliance_check_form form);

/* Whether an item of the list has that name. */
bool appliance_check_has(const json_t *list, const char *name);

/* ` (did you mean "NAME"?)`, or "", for the nearest name of a list's items. Owned by the caller. */
char *appliance_check_hint(const json_t *list, const char *name);

/* The names among count that are members of object with a value, as "a, b and c", and in *found how
 * many. Owned by the caller. */
char *appliance_check_members(
    const json_t *object, const char *const *names, size_t count, size_t *found);

/* Whether object has a member that is none of the names. */
bool appliance_check_has_unknown(const json_t *object, const char *const *names, size_t count);

/* "two" to "nine", or the number in digits. Owned by the caller. */
char *appliance_check_number(size_t number);

/* A text as messages show it. Owned by the caller. */
char *appliance_check_shown(const char *text);

#endif
