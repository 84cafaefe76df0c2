#include "machine/field_checks.h"

#include <string.h>

#include "annotations/names.h"
#include "base/text.h"
#include "base/unused.h"
#include "machine/value.h"

enum {
    LONGEST_SHOWN = 64,
    MAX_NAME = 63,
    MAX_VENDOR = 12, /* bytes, in the registers of CPUID */
};

/* Whether XML allows all characters of a text. */
static bool is_xml(const char *text, size_t length)
{
    auto_free char *plain = xmemdup(text, length + 1);
    for (size_t i = 0; i < length; i++) {
        if (strchr("\t\n\r", plain[i]) != NULL && plain[i] != '\0')
            plain[i] = ' '; /* the control characters that are allowed */
    }
    auto_free char *printable = text_printable(plain, length, length);
    /* the two characters beyond ASCII that are not */
    return streq(printable, plain) && strstr(text, "\uFFFE") == NULL &&
           strstr(text, "\uFFFF") == NULL;
}

/* A string that may be in the domain. */
bool machine_field_check_printable(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (is_xml(text, length))
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer, "contains characters that cannot be printed: \"%s\"", shown);
    return false;
}

/* A name becomes an alias and part of file names. */
bool machine_field_check_name(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (length > 0 && length <= MAX_NAME && strspn(text, allowed) == length)
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be 1 to %d letters, digits, hyphens and underscores, not \"%s\"", MAX_NAME, shown);
    return false;
}

/* A feature of the processor: what libvirt's schema takes as its name. */
bool machine_field_check_feature(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    if (length > 0 && strspn(text, allowed) == length)
        return true;
    auto_free char *shown = text_printable(text, length, LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be a feature that libvirt knows, such as \"aes\", not \"%s\"", shown);
    return false;
}

/* A vendor, as the CPUID instruction gives it. */
bool machine_field_check_vendor(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings)
{
    if (!machine_field_check_printable(field, value, pointer, findings))
        return false;
    const char *text = json_string_value(value);
    if (json_string_length(value) <= MAX_VENDOR && strchr(text, ',') == NULL)
        return true;
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer, "must be at most %d bytes without a comma, not \"%s\"",
        MAX_VENDOR, shown);
    return false;
}

bool machine_field_check_architecture(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    if (streq(text, "amd64"))
        return true;
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be amd64, not \"%s\": other processors have other machines, firmware and devices, "
        "which hook-launcher does not make",
        shown);
    return false;
}

bool machine_field_check_lun_bus(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    if (streq(text, "scsi"))
        return true;
    auto_free char *shown = text_printable(text, strlen(text), LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be scsi, not \"%s\": QEMU passes SCSI commands only on the scsi bus", shown);
    return false;
}

/* The name of a Secret becomes part of a path. */
bool machine_field_check_subdomain(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *text = json_string_value(value);
    if (annotations_name_is_dns_subdomain(text))
        return true;
    auto_free char *shown = text_printable(text, json_string_length(value), LONGEST_SHOWN);
    findings_error(findings, pointer,
        "must be lower-case letters, digits, hyphens and dots, not \"%s\"", shown);
    return false;
}
