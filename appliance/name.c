#include "appliance/name.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum {
    NAME_MAX_BYTES = 63, /* a DNS label */
    HASH_BYTES = 8, /* in hexadecimal digits */
    RANDOM_BYTES = 5,
};

/* The FNV-1a hash of 32 bits. Source: Fowler, Noll, Vo; RFC 9923. */
static uint32_t hash(const char *text)
{
    enum { PRIME = 16777619 };
    uint32_t value = 2166136261U;
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * PRIME;
    return value;
}

char *appliance_name_join(const char *vm, const char *part)
{
    size_t vm_length = strlen(vm);
    size_t part_length = strlen(part);
    auto_free char *whole = xasprintf("%s-%s", vm, part);
    if (vm_length + 1 + part_length <= NAME_MAX_BYTES)
        return steal(&whole);
    /* "-" before the hash, and "-" after it */
    size_t around = HASH_BYTES + 2 + part_length;
    if (around < NAME_MAX_BYTES)
        return xasprintf("%.*s-%08x-%s", (int)(NAME_MAX_BYTES - around), vm, hash(vm), part);
    size_t kept = NAME_MAX_BYTES - 1 - HASH_BYTES;
    return xasprintf("%.*s-%08x", (int)kept, vm, hash(whole));
}

char *appliance_name_generate(const char *data_source, const struct appliance_random *random)
{
    enum { KEPT = NAME_MAX_BYTES - 1 - RANDOM_BYTES };
    char end[RANDOM_BYTES + 1];
    appliance_random_name(random, RANDOM_BYTES, end);
    size_t length = strnlen(data_source, KEPT);
    auto_free char *begin = xstrndup(data_source, length);
    for (char *dot = begin; (dot = strchr(dot, '.')) != NULL;)
        *dot = '-';
    while (length > 0 && begin[length - 1] == '-')
        begin[--length] = '\0';
    return length > 0 ? xasprintf("%s-%s", begin, end) : xasprintf("vm-%s", end);
}

char *appliance_name_clone_binding(const char *namespace, const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    char *all = namespace != NULL ? xasprintf(APPLIANCE_CLONE_ROLE ".%s.%s", namespace, name)
                                  : xasprintf(APPLIANCE_CLONE_ROLE "-user.%s", name);
    for (char *c = all; *c != '\0'; c++)
        *c = strchr(allowed, *c) != NULL ? *c : '-';
    return all;
}
