/* The cloud-init data of a VMI: in KubeVirt's form, and as files of the ISO image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/unused.h"
#include "machine/cloud_init.h"

/* A directory with a secret's data, which the volumes of all cases have. */
static char *secret;

static json_t *parse(const char *text)
{
    auto_error struct error *error = NULL;
    json_t *value = json_parse(text, strlen(text), 16, &error);
    if (value == NULL)
        fail_msg("%s: %s", error->message, text);
    return value;
}

/* The data of a VMI, or NULL with *error. spec is that of the volume, and of a second one. */
static json_t *data_of(const char *metadata, const char *hostname, const char *spec,
    const char *other, struct error **error)
{
    auto_json json_t *vmi =
        json_pack("{s:o, s:{s:s*}}", "metadata", parse(metadata), "spec", "hostname", hostname);
    auto_json json_t *specs = json_pack("[o]", parse(spec));
    if (other != NULL)
        json_array_append_new(specs, parse(other));
    struct machine_volume items[3] = {{.name = "root", .kind = MACHINE_PVC}};
    struct machine_volumes volumes = {items, 1};
    size_t i = 0;
    json_t *value = NULL;
    json_array_foreach (specs, i, value) {
        bool drive = json_object_get(value, "cloudInitConfigDrive") != NULL;
        items[volumes.count++] = (struct machine_volume){
            .name = "seed",
            .kind = drive ? MACHINE_CLOUD_INIT_CONFIG_DRIVE : MACHINE_CLOUD_INIT_NO_CLOUD,
            .source = secret,
            .spec = value,
        };
    }
    return machine_cloud_init_data(vmi, &volumes, error);
}

static const struct {
    const char *metadata;
    const char *hostname; /* of the spec; or NULL */
    const char *volume;
    const char *data;
} cases[] = {
    {"{'name': 'vm', 'namespace': 'ns'}", NULL, "{'cloudInitNoCloud': {'userData': '#!'}}",
        "{'DataSource': 'noCloud',"
        " 'NoCloudMetaData': {'instance-id': 'vm.ns', 'local-hostname': 'vm'},"
        " 'ConfigDriveMetaData': null, 'UserData': '#!', 'NetworkData': '', 'DevicesData': null,"
        " 'VolumeName': 'seed'}"},
    {"{'name': 'vm.example', 'uid': 'u-1'}", NULL,
        "{'cloudInitConfigDrive': {'userDataBase64': 'w7YK', 'networkData': 'version: 2'}}",
        "{'DataSource': 'configDrive', 'NoCloudMetaData': null,"
        " 'ConfigDriveMetaData': {'instance_id': 'vm.example.default', 'local_hostname': 'vm',"
        " 'hostname': 'vm', 'uuid': 'u-1'},"
        " 'UserData': '\\u00f6\\n', 'NetworkData': 'version: 2', 'DevicesData': null,"
        " 'VolumeName': 'seed'}"},
    {"{'name': 'vm'}", "host.example",
        "{'cloudInitNoCloud': {'secretRef': {'name': 's'}, 'networkDataBase64': 'djI='}}",
        "{'DataSource': 'noCloud',"
        " 'NoCloudMetaData': {'instance-id': 'vm.default', 'local-hostname': 'host'},"
        " 'ConfigDriveMetaData': null, 'UserData': 'from the secret', 'NetworkData': 'v2',"
        " 'DevicesData': null, 'VolumeName': 'seed'}"},
};

/* JSON with " for '. Owned by the caller. */
static char *quoted(const char *text)
{
    char *result = xstrdup(text);
    for (char *quote = result; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    return result;
}

static void data_is_as_kubevirt_makes_it(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        auto_free char *metadata = quoted(cases[i].metadata);
        auto_free char *volume = quoted(cases[i].volume);
        auto_free char *text = quoted(cases[i].data);
        auto_json json_t *expected = parse(text);
        auto_json json_t *data = data_of(metadata, cases[i].hostname, volume, NULL, &error);
        if (data == NULL)
            fail_msg("%zu: %s", i, error->message);
        auto_free char *got = json_dumps(data, JSON_COMPACT);
        if (!json_equal(data, expected))
            fail_msg("%zu: got %s", i, got);
    }
}

static void a_machine_without_a_volume_has_no_data(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    struct machine_volume items[] = {{.name = "root", .kind = MACHINE_PVC}};
    const struct machine_volumes volumes = {items, 1};
    auto_json json_t *vmi = json_object();
    assert_null(machine_cloud_init_data(vmi, &volumes, &error));
    assert_null(error);
}

static void what_cannot_be_data_is_refused(UNUSED void **state)
{
    static const struct {
        const char *volume, *other, *message;
    } faults[] = {
        {"{'cloudInitNoCloud': {'userDataBase64': 'a b!'}}", NULL,
            "volume seed: userDataBase64: it is not base64"},
        {"{'cloudInitNoCloud': {'networkDataBase64': '/w=='}}", NULL,
            "volume seed: networkDataBase64: it is not UTF-8 text, which hooks need"},
        {"{'cloudInitNoCloud': {'networkDataSecretRef': {'name': 's'}}}", NULL,
            "has neither networkdata nor networkData"},
        {"{'cloudInitNoCloud': {}}", "{'cloudInitConfigDrive': {}}",
            "both hold cloud-init data: only one may"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        auto_error struct error *error = NULL;
        auto_free char *volume = quoted(faults[i].volume);
        auto_free char *other = faults[i].other != NULL ? quoted(faults[i].other) : NULL;
        assert_null(data_of("{\"name\": \"vm\"}", NULL, volume, other, &error));
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, faults[i].message) == NULL)
            fail_msg("%zu: %s", i, error->message);
    }
}

static void assert_file(const char *directory, const char *name, const char *expected)
{
    auto_free char *path = file_join(directory, name);
    auto_free char *text = NULL;
    size_t length = 0;
    if (expected == NULL) {
        assert_int_equal(access(path, F_OK), -1);
        return;
    }
    assert_int_equal(file_read(path, 4096, &text, &length, NULL), 0);
    assert_string_equal(text, expected);
}

static void the_files_are_where_cloud_init_looks(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    auto_free char *directory = file_make_temporary("test-cloud-init", NULL);
    auto_json json_t *no_cloud =
        json_pack("{s:s, s:{s:s}, s:n, s:s, s:s}", "DataSource", "noCloud", "NoCloudMetaData",
            "instance-id", "i", "ConfigDriveMetaData", "UserData", "u", "NetworkData", "");
    auto_json json_t *drive = json_pack("{s:s, s:{s:s}, s:s}", "DataSource", "configDrive",
        "ConfigDriveMetaData", "instance_id", "i", "NetworkData", "n");
    const char *label = NULL;
    assert_int_equal(machine_cloud_init_write(no_cloud, directory, &label, &error), 0);
    assert_string_equal(label, "cidata");
    assert_file(directory, "user-data", "u");
    assert_file(directory, "meta-data", "{\"instance-id\":\"i\"}");
    assert_file(directory, "network-config", NULL);
    assert_int_equal(machine_cloud_init_write(drive, directory, &label, &error), 0);
    assert_string_equal(label, "config-2");
    assert_file(directory, "openstack/latest/user_data", "");
    assert_file(directory, "openstack/latest/meta_data.json", "{\"instance_id\":\"i\"}");
    assert_file(directory, "openstack/latest/network_data.json", "n");
    file_remove_tree(directory, NULL);
}

static void other_data_makes_no_files(UNUSED void **state)
{
    static const struct {
        const char *data, *message;
    } faults[] = {
        {"{}", "the cloud-init data has the DataSource \"\": it must be noCloud or configDrive"},
        {"{\"DataSource\": \"ec2\"}", "has the DataSource \"ec2\""},
        {"{\"DataSource\": \"noCloud\"}", "has no NoCloudMetaData"},
    };
    auto_free char *directory = file_make_temporary("test-cloud-init", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        auto_error struct error *error = NULL;
        auto_json json_t *data = parse(faults[i].data);
        const char *label = NULL;
        assert_int_equal(machine_cloud_init_write(data, directory, &label, &error), -1);
        if (strstr(error->message, faults[i].message) == NULL)
            fail_msg("%s", error->message);
    }
    file_remove_tree(directory, NULL);
}

static int set_up(UNUSED void **state)
{
    secret = file_make_temporary("test-secret", NULL);
    auto_free char *path = file_join(secret, "userdata");
    static const char text[] = "from the secret";
    return file_write(path, text, strlen(text), 0600, NULL);
}

static int tear_down(UNUSED void **state)
{
    int result = file_remove_tree(secret, NULL);
    free(secret);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_as_kubevirt_makes_it),
        cmocka_unit_test(a_machine_without_a_volume_has_no_data),
        cmocka_unit_test(what_cannot_be_data_is_refused),
        cmocka_unit_test(the_files_are_where_cloud_init_looks),
        cmocka_unit_test(other_data_makes_no_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
