/* A hostPath policy is read, and asked about paths, images and counts. A policy that cannot be read
 * allows nothing. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "hostpath/policy_parse.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_denials(const struct findings *findings, bool unread)
{
    check(findings->warnings == 0);
    check(!unread || findings->count > 0);
    for (size_t i = 0; i < findings->count; i++) {
        const char *message = findings->items[i].message;
        check(findings->items[i].class == ERROR_POLICY);
        check(message[0] != '\0' && text_is_utf8(message, strlen(message), NULL));
    }
}

static void ask_path(const struct hostpath_policy *policy, const char *path, bool unread)
{
    static const enum hostpath_type types[] = {HOSTPATH_DIRECTORY, HOSTPATH_FILE_OR_CREATE};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        auto_free char *own_path = xstrdup(path);
        struct hostpath hostpath = {.path = own_path, .type = types[i], .read_only = i == 0};
        struct findings findings = {0};
        hostpath_policy_check_path(policy, "vm-1", &hostpath, "/0/hostPath", &findings);
        check_denials(&findings, unread || strstr(path, "..") != NULL);
        findings_clear(&findings);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/", "/var/lib/img", "/var/lib/img/../x"};
    auto_error struct error *err = NULL;
    struct hostpath_policy *policy =
        hostpath_policy_parse("policy", (const char *)data, size, &err);
    check(policy != NULL);
    check(err == NULL || text_is_utf8(err->message, strlen(err->message), NULL));
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        ask_path(policy, paths[i], err != NULL);
    struct findings findings = {0};
    hostpath_policy_check_image(policy, "vm-1", "registry.example/a:1", "/0/image", &findings);
    check_denials(&findings, err != NULL);
    hostpath_policy_check_count(policy, "vm-1", 65, "", &findings);
    check_denials(&findings, true);
    findings_clear(&findings);
    hostpath_policy_free(policy);
    return 0;
}
