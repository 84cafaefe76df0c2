/* The policy for hostPath volumes and images: what it allows, and that anything that could be
 * misread denies everything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "hostpath/policy_parse.h"

#define HEAD "apiVersion: hookline.dev/v1alpha1\nkind: HostPathPolicy\n"

static const char example[] = HEAD "metadata: {name: images}\n"
                                   "rules:\n"
                                   "- namespaces: [\"vm-*\", lab]\n"
                                   "  pathPrefixes: [/var/lib/img, /srv//disks/]\n"
                                   "  types: [Directory, File]\n"
                                   "  readOnly: required\n"
                                   "- pathPrefixes: [/dev/vfio]\n"
                                   "  types: [CharDevice]\n"
                                   "  readOnly: optional\n"
                                   "images: [\"registry.example/*\", \"local:[0-9]\"]\n"
                                   "maxSidecars: 2\n";

static struct hostpath_policy *read_policy(const char *text, struct error **err)
{
    return hostpath_policy_parse("p.yaml", text, strlen(text), err);
}

/* The policy of a text that is right. */
static struct hostpath_policy *must_read(const char *text)
{
    auto_error struct error *err = NULL;
    struct hostpath_policy *policy = read_policy(text, &err);
    if (err != NULL)
        fail_msg("%s", err->message);
    return policy;
}

/* Asserts that there is no finding, where expected is NULL, or one `pointer message`. */
static void expect(struct findings *findings, const char *expected)
{
    if (expected == NULL && findings->count > 0)
        fail_msg("%s", findings->items[0].message);
    if (expected != NULL) {
        assert_int_equal(findings->count, 1);
        assert_int_equal(findings->errors, 1);
        assert_int_equal(findings->items[0].class, ERROR_POLICY);
        auto_free char *text =
            xasprintf("%s %s", findings->items[0].pointer, findings->items[0].message);
        assert_string_equal(text, expected);
    }
    findings_clear(findings);
}

/* Checks the hostPath of a path, type and readOnly at pointer. */
static void check_path(const struct hostpath_policy *policy, const char *namespace,
    const char *path, enum hostpath_type type, bool read_only, const char *pointer,
    struct findings *findings)
{
    auto_free char *own_path = xstrdup(path);
    struct hostpath hostpath = {.path = own_path, .type = type, .read_only = read_only};
    hostpath_policy_check_path(policy, namespace, &hostpath, pointer, findings);
}

static void paths_are_held_against_the_rules(UNUSED void **state)
{
    static const struct {
        const char *namespace;
        const char *path;
        enum hostpath_type type;
        bool read_only;
        const char *finding; /* NULL: allowed */
    } cases[] = {
        {"vm-a", "/var/lib/img", HOSTPATH_DIRECTORY, true, NULL},
        {"lab", "/var/lib/img/x/y.img", HOSTPATH_FILE, true, NULL},
        {"lab", "/srv/disks/a", HOSTPATH_DIRECTORY, true, NULL},
        {"other", "/dev/vfio/1", HOSTPATH_CHAR_DEVICE, false, NULL},
        {"other", "/dev/vfio/1", HOSTPATH_CHAR_DEVICE, true, NULL},
        {"vm-a", "/var/lib/img2", HOSTPATH_DIRECTORY, true,
            "/0/path the policy does not allow /var/lib/img2 in the namespace \"vm-a\"; rules[0] "
            "allows paths at or below /var/lib/img or /srv//disks/"},
        {"vm-a", "/var/lib/img/../x", HOSTPATH_DIRECTORY, true,
            "/0/path the policy does not allow /var/lib/img/../x in the namespace \"vm-a\"; "
            "rules[0] allows paths at or below /var/lib/img or /srv//disks/"},
        {"vm-a", "/", HOSTPATH_DIRECTORY, true,
            "/0/path the policy does not allow / in the namespace \"vm-a\"; rules[0] allows paths "
            "at or below /var/lib/img or /srv//disks/"},
        {"vm-a", "/var/lib/img/x", HOSTPATH_DIRECTORY_OR_CREATE, true,
            "/0/type the policy allows /var/lib/img/x only as Directory or File (rules[0]), not as "
            "DirectoryOrCreate"},
        {"vm-a", "/var/lib/img/x", HOSTPATH_FILE_OR_CREATE, true,
            "/0/type the policy allows /var/lib/img/x only as Directory or File (rules[0]), not as "
            "FileOrCreate"},
        {"vm-a", "/var/lib/img/x", HOSTPATH_FILE, false,
            "/0/readOnly the policy allows /var/lib/img/x only read-only (rules[0]): set "
            "\"readOnly\": true"},
        {"other", "/var/lib/img", HOSTPATH_DIRECTORY, true,
            "/0/path the policy does not allow /var/lib/img in the namespace \"other\"; rules[1] "
            "allows paths at or below /dev/vfio"},
        {"other", "/dev/vfio/1", HOSTPATH_BLOCK_DEVICE, true,
            "/0/type the policy allows /dev/vfio/1 only as CharDevice (rules[1]), not as "
            "BlockDevice"},
    };
    struct hostpath_policy *policy = must_read(example);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        check_path(policy, cases[i].namespace, cases[i].path, cases[i].type, cases[i].read_only,
            "/0", &findings);
        expect(&findings, cases[i].finding);
    }
    hostpath_policy_free(policy);
}

static void namespace_of_no_rule_is_told(UNUSED void **state)
{
    struct hostpath_policy *policy =
        must_read(HEAD "rules: [{namespaces: [a, b], pathPrefixes: [/x]}]\n");
    struct findings findings = {0};
    check_path(policy, "c", "/x", HOSTPATH_FILE, false, "", &findings);
    expect(
        &findings, "/path the policy has no rule for the namespace \"c\"; rules[0] is for a or b");
    hostpath_policy_free(policy);
}

static void no_rules_allow_no_path(UNUSED void **state)
{
    static const char *const texts[] = {HEAD, HEAD "rules: []\n", HEAD "images: [\"*\"]\n"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct hostpath_policy *policy = must_read(texts[i]);
        struct findings findings = {0};
        check_path(policy, "c", "/x", HOSTPATH_FILE, false, "", &findings);
        expect(&findings, "/path the policy has no rules, so no hostPath is allowed");
        hostpath_policy_free(policy);
    }
}

static void images_are_held_against_the_patterns(UNUSED void **state)
{
    static const struct {
        const char *image;
        const char *finding;
    } cases[] = {
        {"registry.example/a/b:1", NULL},
        {"local:7", NULL},
        {"local:77", "/i the policy does not allow the image local:77 in the namespace \"n\"; it "
                     "allows registry.example/* or local:[0-9]"},
        {"evil/registry.example/a",
            "/i the policy does not allow the image evil/registry.example/a in the namespace "
            "\"n\"; it allows registry.example/* or local:[0-9]"},
    };
    struct hostpath_policy *policy = must_read(example);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        hostpath_policy_check_image(policy, "n", cases[i].image, "/i", &findings);
        expect(&findings, cases[i].finding);
    }
    hostpath_policy_free(policy);

    policy = must_read(HEAD);
    struct findings findings = {0};
    hostpath_policy_check_image(policy, "n", "any", "/i", &findings);
    expect(&findings, NULL);
    hostpath_policy_free(policy);
}

static void sidecars_are_counted(UNUSED void **state)
{
    struct hostpath_policy *policy = must_read(example);
    struct findings findings = {0};
    hostpath_policy_check_count(policy, "n", 2, "", &findings);
    expect(&findings, NULL);
    hostpath_policy_check_count(policy, "n", 3, "", &findings);
    expect(&findings,
        " 3 sidecars are more than the 2 that the policy allows a VM in the namespace \"n\"");
    hostpath_policy_free(policy);

    policy = must_read(HEAD);
    hostpath_policy_check_count(policy, "n", 64, "", &findings);
    expect(&findings, NULL);
    hostpath_policy_free(policy);
}

/* Asserts that a policy denies everything with the reason. */
static void assert_denies_everything(const struct hostpath_policy *policy, const char *reason)
{
    auto_free char *message =
        xasprintf("/p is denied: the policy cannot be read and so denies everything: %s", reason);
    struct findings findings = {0};
    check_path(policy, "n", "/x", HOSTPATH_FILE, false, "/p", &findings);
    expect(&findings, message);
    hostpath_policy_check_image(policy, "n", "image", "/p", &findings);
    expect(&findings, message);
    hostpath_policy_check_count(policy, "n", 0, "/p", &findings);
    expect(&findings, message);
}

static void what_may_be_misread_denies_everything(UNUSED void **state)
{
    static const char only_rule[] = HEAD "rules:\n- pathPrefixes: [/x]\n  ";
    static const struct {
        const char *rest; /* after only_rule; begins with a letter of the rule's next member */
        const char *reason; /* begins so */
    } cases[] = {
        {"type: [File]",
            "p.yaml:5:9: rules[0].type: is not a known field (did you mean \"types\"?)"},
        {"Types: [File]", "p.yaml:5:10: rules[0].Types: is read as \"types\""},
        {"types:", "p.yaml:5:9: rules[0].types: has no value: give it one, or leave it out"},
        {"types: []", "p.yaml:5:10: rules[0].types: has 0 items; at least 1 is required"},
        {"types: File", "p.yaml:5:10: rules[0].types: must be an array of strings, not a string"},
        {"types: [file]", "p.yaml:5:11: rules[0].types[0]: must be Directory, "},
        {"types: [7]", "p.yaml:5:11: rules[0].types[0]: must be Directory, "},
        {"namespaces: [\"\"]", "p.yaml:5:16: rules[0].namespaces[0]: must not be empty"},
        {"readOnly: true",
            "p.yaml:5:13: rules[0].readOnly: must be required or optional, not a boolean"},
        {"readOnly: require", "p.yaml:5:13: rules[0].readOnly: must be required or optional, not "
                              "\"require\" (did you mean \"required\"?)"},
        {"types: [File]\n- types: [File]", "p.yaml:6:3: rules[1].pathPrefixes: is required: the "
                                           "paths to allow, with everything below them"},
        {"types: [File]\n- pathPrefixes: [/a/../b]", "p.yaml:6:18: rules[1].pathPrefixes[0]: "
                                                     "\"/a/../b\" contains \"..\""},
        {"types: [File]\n- pathPrefixes: [a]",
            "p.yaml:6:18: rules[1].pathPrefixes[0]: \"a\" is not an "
            "absolute path"},
        {"types: [File]\n- [/a]", "p.yaml:6:3: rules[1]: must be an object, not an array"},
        {"types: [File]\nimages: []", "p.yaml:6:9: images: has 0 items; at least 1 is required"},
        {"types: [File]\nmaxSidecars: 65", "p.yaml:6:14: maxSidecars: must be a whole number from "
                                           "0 to 64, not 65"},
        {"types: [File]\nmaxSidecars: -1", "p.yaml:6:14: maxSidecars: must be a whole number"},
        {"types: [File]\nmaxSidecars: many", "p.yaml:6:14: maxSidecars: must be a whole number"},
        {"types: [File]\nmetadata: {namespace: x}",
            "p.yaml:6:23: metadata.namespace: is not a known"},
        {"types: [File]\nrules: []", "p.yaml:6:1: duplicate key \"rules\""},
        {"types: [File]\n---\n" HEAD, "p.yaml:1:1: must be one document of kind HostPathPolicy, "
                                      "not 2"},
        {"type: [File]\nmaxSidecar: 3",
            "p.yaml:5:9: rules[0].type: is not a known field (did you mean \"types\"?) (and 1 more "
            "fault)"},
        {"types: [\xff]", "p.yaml:5:11: not UTF-8 text"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text = xasprintf("%s%s\n", only_rule, cases[i].rest);
        auto_error struct error *err = NULL;
        struct hostpath_policy *policy = read_policy(text, &err);
        assert_non_null(policy);
        assert_non_null(err);
        assert_int_equal(err->class, ERROR_INPUT);
        if (!text_starts_with(err->message, cases[i].reason))
            fail_msg("%s\nis not\n%s", err->message, cases[i].reason);
        assert_denies_everything(policy, err->message);
        hostpath_policy_free(policy);
    }
}

static void what_is_no_policy_denies_everything(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *reason;
    } cases[] = {
        {"", "p.yaml:1:1: must be one document of kind HostPathPolicy, not 0"},
        {"null\n", "p.yaml:1:1: must be an object, not null"},
        {"rules: []\n", "p.yaml:1:1: apiVersion: is required: hookline.dev/v1alpha1 (and 1 more"},
        {"apiVersion: v1\nkind: HostPathPolicy\n",
            "p.yaml:1:13: apiVersion: must be hookline.dev/v1alpha1, not \"v1\""},
        {"apiVersion: hookline.dev/v1alpha1\nkind: ConfigMap\n",
            "p.yaml:2:7: kind: must be HostPathPolicy, not \"ConfigMap\""},
        {"[", "p.yaml:1:1: not valid JSON"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        struct hostpath_policy *policy = read_policy(cases[i].text, &err);
        assert_non_null(err);
        if (!text_starts_with(err->message, cases[i].reason))
            fail_msg("%s\nis not\n%s", err->message, cases[i].reason);
        assert_denies_everything(policy, err->message);
        hostpath_policy_free(policy);
    }
}

static void a_file_that_is_not_there_denies_everything(UNUSED void **state)
{
    auto_error struct error *err = NULL;
    struct hostpath_policy *policy = hostpath_policy_read("/nonexistent/policy.yaml", &err);
    assert_non_null(policy);
    assert_int_equal(err->class, ERROR_IO);
    assert_denies_everything(policy, err->message);
    hostpath_policy_free(policy);
}

static void without_a_policy_everything_is_denied(UNUSED void **state)
{
    struct hostpath_policy *policy = hostpath_policy_unreadable("there is no such key");
    assert_denies_everything(policy, "there is no such key");
    hostpath_policy_free(policy);
}

static void where_there_is_none_host_paths_are_denied(UNUSED void **state)
{
    struct hostpath_policy *policy = hostpath_policy_missing("make one");
    struct findings findings = {0};
    const struct hostpath hostpath = {.path = (char[]){"/srv"}, .type = HOSTPATH_DIRECTORY};
    hostpath_policy_check_path(policy, "vms", &hostpath, "/0/hostPath", &findings);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].pointer, "/0/hostPath/path");
    assert_string_equal(findings.items[0].message, "no hostPath is allowed: make one");
    findings_clear(&findings);
    hostpath_policy_check_image(policy, "vms", "any", "/0/image", &findings);
    hostpath_policy_check_count(policy, "vms", 64, "", &findings);
    assert_int_equal(findings.count, 0);
    hostpath_policy_free(policy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_held_against_the_rules),
        cmocka_unit_test(namespace_of_no_rule_is_told),
        cmocka_unit_test(no_rules_allow_no_path),
        cmocka_unit_test(images_are_held_against_the_patterns),
        cmocka_unit_test(sidecars_are_counted),
        cmocka_unit_test(what_may_be_misread_denies_everything),
        cmocka_unit_test(what_is_no_policy_denies_everything),
        cmocka_unit_test(a_file_that_is_not_there_denies_everything),
        cmocka_unit_test(without_a_policy_everything_is_denied),
        cmocka_unit_test(where_there_is_none_host_paths_are_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
