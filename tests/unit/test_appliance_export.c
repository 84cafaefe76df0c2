/* Clones and exports: the objects, what their statuses say, links and manifests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/clone.h"
#include "appliance/export.h"
#include "appliance_look.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

/* A VM with all that identifies it. */
static const char vm_text[] =
    "{\"metadata\": {\"name\": \"web\", \"namespace\": \"shop\", \"uid\": \"u-1\","
    " \"resourceVersion\": \"7\", \"labels\": {\"app\": \"web\"}, \"annotations\": {"
    "\"kubectl.kubernetes.io/last-applied-configuration\": \"{}\", \"note\": \"x\","
    "\"restore.kubevirt.io/lastRestoreUID\": \"r\"}},"
    " \"spec\": {\"runStrategy\": \"Halted\", \"dataVolumeTemplates\": [{\"metadata\": {\"name\":"
    " \"web-root\"}}], \"instancetype\": {\"name\": \"small\", \"revisionName\": \"rev\"},"
    " \"template\": {\"spec\": {\"hostname\": \"old\", \"domain\": {\"firmware\": {\"uuid\": \"a\","
    " \"serial\": \"b\", \"bootloader\": {}}, \"devices\": {\"interfaces\": [{\"name\": \"net\","
    " \"macAddress\": \"02:00:00:00:00:01\"}, {\"name\": \"other\"}]}}, \"volumes\": [{\"name\":"
    " \"root\", \"dataVolume\": {\"name\": \"web-root\"}}, {\"name\": \"data\","
    " \"persistentVolumeClaim\": {\"claimName\": \"d\"}}]}}}, \"status\": {\"created\": false}}";

/* A random source that counts. */
static uint32_t count(void *user, uint32_t limit)
{
    uint32_t *next = user;
    return (*next)++ % limit;
}

static void test_clone(UNUSED void **state)
{
    uint32_t next = 1;
    auto_json json_t *vm = json_loads(vm_text, 0, NULL);
    const struct appliance_clone clone = {
        .namespace = "shop", .name = "c", .to = "copy", .vm = vm, .random = {count, &next}};
    auto_json json_t *object = appliance_clone_new(&clone);
    auto_json json_t *expected = json_loads(
        "{\"apiVersion\": \"clone.kubevirt.io/v1beta1\", \"kind\": \"VirtualMachineClone\","
        " \"metadata\": {\"namespace\": \"shop\", \"name\": \"c\"}, \"spec\": {"
        "\"source\": {\"apiGroup\": \"kubevirt.io\", \"kind\": \"VirtualMachine\", \"name\":"
        " \"web\"}, \"target\": {\"apiGroup\": \"kubevirt.io\", \"kind\": \"VirtualMachine\","
        " \"name\": \"copy\"}, \"volumeNamePolicy\": \"PrefixTargetName\", \"newMacAddresses\":"
        " {\"net\": \"02:01:02:03:04:05\"}, \"newSMBiosSerial\":"
        " \"06070809-0a0b-4c0d-8e0f-101112131415\", \"patches\": ["
        "\"{\\\"op\\\":\\\"add\\\",\\\"path\\\":\\\"/spec/template/spec/hostname\\\",\\\"value\\\":"
        "\\\"\\\"}\"]}}",
        0, NULL);
    auto_free char *text = json_dumps(object, JSON_INDENT(1));
    if (!json_equal(object, expected))
        fail_msg("%s", text);
    auto_json json_t *again = appliance_clone_new(&clone);
    assert_true(appliance_clone_same(again, object)); /* with other addresses */
    struct appliance_clone elsewhere = clone;
    elsewhere.to = "elsewhere";
    auto_json json_t *other = appliance_clone_new(&elsewhere);
    assert_false(appliance_clone_same(other, object));
}

static void test_clone_names(UNUSED void **state)
{
    char longest[70];
    memset(longest, 'v', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    auto_free char *name = appliance_clone_name("web", "copy");
    auto_free char *one = appliance_clone_name(longest, "a");
    auto_free char *other = appliance_clone_name(longest, "b");
    assert_string_equal(name, "web-to-copy");
    assert_int_equal(strlen(one), 63);
    assert_string_not_equal(one, other);
}

static void test_clone_statuses(UNUSED void **state)
{
    static const struct look_case cases[] = {
        {"{}", 0, "not begun yet"},
        {"{\"status\": {\"phase\": \"SnapshotInProgress\"}}", 0, "taking a snapshot of the VM"},
        {"{\"status\": {\"phase\": \"RestoreInProgress\"}}", 0,
            "restoring its disks under new names"},
        {"{\"status\": {\"phase\": \"CreatingTargetVM\"}}", 0, "creating the new VM"},
        {"{\"status\": {\"conditions\": [{\"type\": \"Progressing\", \"status\": \"False\","
         " \"reason\": \"Pending\"}, {\"type\": \"Ready\", \"status\": \"False\", \"reason\":"
         " \"Virtual Machine volume data snapshot support unknown\"}]}}",
            0, "KubeVirt waits: Virtual Machine volume data snapshot support unknown"},
        {"{\"status\": {\"phase\": \"Succeeded\"}}", 1, NULL},
        {"{\"status\": {\"phase\": \"Failed\", \"conditions\": [{\"type\": \"Ready\", \"status\":"
         " \"False\", \"reason\": \"snapshot s does not exist anymore\"}]}}",
            -1, "it failed: snapshot s does not exist anymore"},
        {"{\"metadata\": {\"deletionTimestamp\": \"2026-11-30T06:00:00Z\"}}", -1,
            "it is being deleted"},
    };
    look_check(appliance_clone_look, cases, ARRAY_SIZE(cases));
}

static void test_export_statuses(UNUSED void **state)
{
#define READY(reason, message)                                                                     \
    "\"conditions\": [{\"type\": \"Ready\", \"status\": \"False\", \"reason\": \"" reason          \
    "\", \"message\": \"" message "\"}]"
    static const struct look_case cases[] = {
        {"{}", 0, "not begun yet"},
        {"{\"status\": {\"phase\": \"Pending\", " READY("Initializing", "") "}}", 0,
            "not begun yet"},
        {"{\"status\": {\"phase\": \"Pending\", " READY("PodPending", "") "}}", 0,
            "its server is being started"},
        {"{\"status\": {\"phase\": \"Pending\", " READY(
             "VolumesNotPopulated", "Not all volumes") "}}",
            0, "not ready yet: Not all volumes"},
        {"{\"status\": {\"phase\": \"Pending\", " READY(
             "InUse", "Virtual Machine shop/web is running") "}}",
            -1, "it cannot begin: Ready is False (Virtual Machine shop/web is running)"},
        {"{\"status\": {\"phase\": \"Skipped\", " READY("VMNoVolumes", "no volumes") "}}", -1,
            "there is nothing to export: Ready is False (no volumes)"},
        {"{\"status\": {\"phase\": \"Terminated\", " READY("PodCompleted", "") "}}", -1,
            "its server has ended: Ready is False (PodCompleted)"},
        {"{\"status\": {\"phase\": \"Ready\"}}", 1, NULL},
        {"{\"metadata\": {\"deletionTimestamp\": \"2026-11-30T06:00:00Z\"}, \"status\":"
         " {\"phase\": \"Ready\"}}",
            -1, "it is being deleted"},
    };
    look_check(appliance_export_look, cases, ARRAY_SIZE(cases));
}

static void test_export_objects(UNUSED void **state)
{
    const struct appliance_export export = {
        .namespace = "shop", .name = "e", .vm = "web", .life_ms = 7200000};
    struct appliance_export of_snapshot = export;
    of_snapshot.snapshot = "s";
    auto_json json_t *object = appliance_export_new(&export);
    auto_json json_t *other = appliance_export_new(&of_snapshot);
    auto_json json_t *spec = json_loads(
        "{\"source\": {\"apiGroup\": \"kubevirt.io\", \"kind\": \"VirtualMachine\", \"name\":"
        " \"web\"}, \"tokenSecretRef\": \"e\", \"ttlDuration\": \"7200s\"}",
        0, NULL);
    assert_true(json_equal(json_object_get(object, "spec"), spec));
    assert_string_equal(
        json_get_string(json_pointer_get(other, "/spec/source"), "kind"), "VirtualMachineSnapshot");
    json_object_set_new(json_object_get(object, "metadata"), "uid", json_string("u-9"));
    auto_json json_t *one = appliance_export_secret(object, &(struct appliance_random){0});
    auto_json json_t *two = appliance_export_secret(object, &(struct appliance_random){0});
    const json_t *owner = json_pointer_get(one, "/metadata/ownerReferences/0");
    assert_string_equal(json_get_string(owner, "uid"), "u-9");
    assert_int_equal(strlen(appliance_export_token(one)), APPLIANCE_EXPORT_TOKEN);
    assert_string_not_equal(appliance_export_token(one), appliance_export_token(two));
}

#define LINK(volumes)                                                                              \
    "{\"status\": {\"links\": {\"external\": {\"cert\": \"PEM\", \"volumes\": " volumes "}}}}"

static void test_links(UNUSED void **state)
{
    static const char good[] = LINK(
        "[{\"name\": \"web-root\", \"formats\": [{\"format\": \"raw\", \"url\": \"https://h/r\"},"
        "{\"format\": \"gzip\", \"url\": \"https://h/z\"}]}, {\"name\": \"files\", \"formats\": ["
        "{\"format\": \"dir\", \"url\": \"https://h/d\"}, {\"format\": \"tar.gz\", \"url\":"
        " \"https://h/t\"}]}]");
    auto_json json_t *export = json_loads(good, 0, NULL);
    struct appliance_export_links links = {0};
    assert_int_equal(appliance_export_links_read(&links, export, false, "raw", NULL), 0);
    assert_string_equal(links.certificates, "PEM");
    assert_int_equal(links.count, 2);
    assert_string_equal(links.disks[0].url, "https://h/r");
    assert_string_equal(links.disks[1].url, "https://h/t");
    auto_free char *root = appliance_export_file(&links.disks[0]);
    auto_free char *files = appliance_export_file(&links.disks[1]);
    assert_string_equal(root, "web-root.raw");
    assert_string_equal(files, "files.tar.gz");
    appliance_export_links_clear(&links);
    assert_int_equal(appliance_export_links_read(&links, export, false, "gzip", NULL), 0);
    auto_free char *zipped = appliance_export_file(&links.disks[0]);
    assert_string_equal(links.disks[0].url, "https://h/z");
    assert_string_equal(zipped, "web-root.raw.gz");
    appliance_export_links_clear(&links);
}

static void test_bad_links(UNUSED void **state)
{
    static const struct {
        const char *export;
        bool internal;
        const char *message;
    } cases[] = {
        {"{}", false, "it has no external link: no Ingress or Route leads to virt-exportproxy"},
        {LINK("[]"), true, "it has no internal link"},
        {LINK("[]"), false, "its link has no volumes, or too many"},
        {LINK("[{\"name\": \"../../etc/x\", \"formats\": [{\"format\": \"raw\", \"url\":"
              " \"https://h\"}]}]"),
            false, "a volume has a name that is not a DNS name: ../../etc/x"},
        {LINK("[{\"name\": \".x\", \"formats\": []}]"), false,
            "a volume has a name that is not a DNS name: .x"},
        {LINK("[{\"name\": \"d\", \"formats\": [{\"format\": \"dir\", \"url\": \"https://h\"}]}]"),
            false, "a volume has no link that can be used: d"},
        {LINK("[{\"name\": \"d\", \"formats\": [{\"format\": \"raw\", \"url\": \"http://h\"}]}]"),
            false, "a link is not an HTTPS URL: http://h"},
        {LINK("[{\"name\": \"a.b\", \"formats\": [{\"format\": \"raw\", \"url\":"
              " \"https://h\"}]}, {\"name\": \"a-b\", \"formats\": [{\"format\": \"raw\","
              " \"url\": \"https://h\"}]}]"),
            false, "two volumes have the same name: a-b"},
        {LINK("[7]"), false, "a volume has a name that is not a DNS name"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *export = json_loads(cases[i].export, 0, NULL);
        auto_error struct error *error = NULL;
        struct appliance_export_links links = {0};
        assert_int_equal(
            appliance_export_links_read(&links, export, cases[i].internal, "raw", &error), -1);
        assert_string_equal(error->message, cases[i].message);
        appliance_export_links_clear(&links);
    }
}

static void test_manifests(UNUSED void **state)
{
    static const char *const identities[] = {
        "02:00:00:00:00:01", "\"old\"", "\"uuid\"", "\"serial\""};
    static const char *const never[] = {"last-applied", "lastRestoreUID", "u-1", "resourceVersion",
        "dataVolume\"", "dataVolumeTemplates", "rev", "status", "shop"};
    static const char *const always[] = {"\"note\"", "\"app\"", "bootloader",
        "{\"claimName\": \"web-root\"}", "{\"claimName\": \"d\"}", "\"small\""};
    auto_json json_t *vm = json_loads(vm_text, 0, NULL);
    for (int with = 0; with < 2; with++) {
        auto_json json_t *manifest = appliance_export_manifest(vm, with == 1, NULL);
        auto_free char *text = json_dumps(manifest, 0);
        for (size_t i = 0; i < ARRAY_SIZE(identities); i++)
            assert_int_equal(strstr(text, identities[i]) != NULL, with);
        for (size_t i = 0; i < ARRAY_SIZE(never); i++)
            assert_null(strstr(text, never[i]));
        for (size_t i = 0; i < ARRAY_SIZE(always); i++)
            assert_non_null(strstr(text, always[i]));
    }
    auto_json json_t *nothing = json_object();
    json_decref(appliance_export_manifest(nothing, false, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clone),
        cmocka_unit_test(test_clone_names),
        cmocka_unit_test(test_clone_statuses),
        cmocka_unit_test(test_export_statuses),
        cmocka_unit_test(test_export_objects),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_bad_links),
        cmocka_unit_test(test_manifests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
