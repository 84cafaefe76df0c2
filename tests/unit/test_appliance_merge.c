/* A user's VM over a completion: each row is JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "appliance/merge.h"
#include "base/unused.h"
#include "tests/unit/cases.h"

/* Written with ' for ". */
static const struct {
    const char *what;
    const char *user;
    const char *completed;
    const char *expected;
} cases[] = {
    {"an empty spec takes all", "{'metadata': {'name': 'a', 'labels': {'x': '1'}}, 'spec': {}}",
        "{'kind': 'VirtualMachine', 'metadata': {'name': 'b', 'labels': {'y': '2'}}, 'spec': "
        "{'runStrategy': 'Always'}}",
        "{'kind': 'VirtualMachine', 'metadata': {'name': 'a', 'labels': {'x': '1', 'y': '2'}}, "
        "'spec': {'runStrategy': 'Always'}}"},
    {"the user's field wins", "{'spec': {'runStrategy': 'Halted', 'x': null}}",
        "{'spec': {'runStrategy': 'Always', 'x': 1}}",
        "{'spec': {'runStrategy': 'Halted', 'x': 1}}"},
    {"running excludes runStrategy", "{'spec': {'running': false}}",
        "{'spec': {'runStrategy': 'Always'}}", "{'spec': {'running': false}}"},
    {"a reference is taken as a whole", "{'spec': {'instancetype': {'name': 'mine'}}}",
        "{'spec': {'instancetype': {'name': 'n1', 'kind': 'VirtualMachineInstancetype'}}}",
        "{'spec': {'instancetype': {'name': 'mine'}}}"},
    {"disks merge by name, the completion's first",
        "{'disks': [{'name': 'new'}, {'name': 'b', 'serial': 's'}]}",
        "{'disks': [{'name': 'a', 'disk': {}}, {'name': 'b', 'disk': {'bus': 'virtio'}}]}",
        "{'disks': [{'name': 'a', 'disk': {}}, {'name': 'b', 'disk': {'bus': 'virtio'}, 'serial': "
        "'s'}, {'name': 'new'}]}"},
    {"a disk is of one kind", "{'disks': [{'name': 'a', 'cdrom': {'bus': 'sata'}}]}",
        "{'disks': [{'name': 'a', 'disk': {'bus': 'virtio'}, 'bootOrder': 1}]}",
        "{'disks': [{'name': 'a', 'cdrom': {'bus': 'sata'}, 'bootOrder': 1}]}"},
    {"a network has one source", "{'networks': [{'name': 'a', 'multus': {'networkName': 'lan'}}]}",
        "{'networks': [{'name': 'a', 'pod': {}}]}",
        "{'networks': [{'name': 'a', 'multus': {'networkName': 'lan'}}]}"},
    {"lists without names are the user's", "{'tolerations': [{'key': 'x'}]}",
        "{'tolerations': [{'key': 'y'}]}", "{'tolerations': [{'key': 'x'}]}"},
    {"lists of strings are the user's", "{'a': ['x']}", "{'a': ['y', 'z']}", "{'a': ['x']}"},
    {"user data are of one form", "{'cloudInitNoCloud': {'userData': 'x'}}",
        "{'cloudInitNoCloud': {'secretRef': {'name': 's'}, 'networkData': 'n'}}",
        "{'cloudInitNoCloud': {'userData': 'x', 'networkData': 'n'}}"},
    {"a disk from another source needs no template",
        "{'spec': {'template': {'spec': {'volumes': [{'name': 'root', 'containerDisk': {'image': "
        "'x'}}]}}}}",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 'vm-root'}}, {'metadata': "
        "{'name': "
        "'vm-data'}}], 'template': {'spec': {'volumes': [{'name': 'root', 'dataVolume': {'name': "
        "'vm-root'}}, {'name': 'data', 'persistentVolumeClaim': {'claimName': 'vm-data'}}]}}}}",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 'vm-data'}}], 'template': "
        "{'spec': "
        "{'volumes': [{'name': 'root', 'containerDisk': {'image': 'x'}}, {'name': 'data', "
        "'persistentVolumeClaim': {'claimName': 'vm-data'}}]}}}}"},
    {"a template's size is the user's",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 'vm-root'}, 'spec': {'storage': "
        "{'resources': {'requests': {'storage': '50Gi'}}}}}]}}",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 'vm-root'}, 'spec': {'sourceRef': "
        "{'name': 'd'}, 'storage': {}}}]}}",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 'vm-root'}, 'spec': {'sourceRef': "
        "{'name': 'd'}, 'storage': {'resources': {'requests': {'storage': '50Gi'}}}}}]}}"},
    {"a template's source is the user's",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 't'}, 'spec': {'source': "
        "{'blank': "
        "{}}}}]}}",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 't'}, 'spec': {'sourceRef': "
        "{'name': "
        "'d'}, 'storage': {}}}]}}",
        "{'spec': {'dataVolumeTemplates': [{'metadata': {'name': 't'}, 'spec': {'source': "
        "{'blank': "
        "{}}, 'storage': {}}}]}}"},
    {"the annotation has one prefix",
        "{'metadata': {'annotations': {'appliance.hookline.dev/from': 'a/b'}}}",
        "{'metadata': {'annotations': {'appliance.kubevirt.io/from': 'a/b', 'x': 'y'}}}",
        "{'metadata': {'annotations': {'appliance.hookline.dev/from': 'a/b', 'x': 'y'}}}"},
};

static json_t *read_json(const char *text)
{
    auto_free char *copy = xstrdup(text);
    for (char *quote = copy; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    json_t *value = json_parse(copy, strlen(copy), 100, NULL);
    assert_non_null(value);
    return value;
}

static void test_merge(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *user = read_json(cases[i].user);
        auto_json json_t *completed = read_json(cases[i].completed);
        auto_json json_t *expected = read_json(cases[i].expected);
        auto_json json_t *user_before = json_deep_copy(user);
        auto_json json_t *completed_before = json_deep_copy(completed);
        auto_json json_t *merged = appliance_merge(user, completed);
        cases_check(cases[i].what, "the VM", merged, expected);
        /* what the user has merged already, as an update of it has, stays */
        auto_json json_t *again = appliance_merge(merged, completed);
        cases_check(cases[i].what, "the VM merged twice", again, merged);
        assert_true(json_equal(user, user_before) && json_equal(completed, completed_before));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
