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
#include "machine/access_credentials.h"
#include "machine/check.h"
#include "machine/cloud_init.h"

/* A directory with those of Secrets: "seed" for the volume of that name, and so on. */
static char *secrets;

#define UUID "0a8b0f3e-5b0f-4b53-9f36-4f2d1c7a9b11"
#define FIRMWARE "'domain': {'firmware': {'uuid': '" UUID "'}}"

/* JSON with " for '. Owned by the caller. */
static char *quoted(const char *text)
{
    char *result = xstrdup(text);
    for (char *quote = result; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    return result;
}

static json_t *parse(const char *text)
{
    auto_error struct error *error = NULL;
    auto_free char *proper = quoted(text);
    json_t *value = json_parse(proper, strlen(proper), 16, &error);
    if (value == NULL)
        fail_msg("%s: %s", error->message, text);
    return value;
}

/* The data of a checked VMI, as text, or NULL. names are the directories below secrets that are
 * given with --volume-dir, each under its own name or as NAME=DIRECTORY. Owned by the caller. */
static char *data_of(const char *text, const char *names, bool dry_run, struct findings *findings)
{
    auto_json json_t *vmi = parse(text);
    struct machine_volume_options options = {.work_directory = "/work", .dry_run = dry_run};
    auto_free char *list = xstrdup(names);
    for (char *name = strtok(list, " "); name != NULL; name = strtok(NULL, " ")) {
        char *equals = strchr(name, '=');
        auto_free char *volume = xstrndup(name, strcspn(name, "="));
        auto_free char *pair =
            xasprintf("%s=%s/%s", volume, secrets, equals != NULL ? equals + 1 : name);
        assert_int_equal(pairs_add(&options.directories, pair, "NAME=PATH", NULL), 0);
    }
    struct machine_volumes volumes = {0};
    machine_check(vmi, findings);
    assert_int_equal(findings->errors, 0);
    machine_volumes_find(vmi, &options, &volumes, findings);
    machine_access_credentials_check(vmi, dry_run, findings);
    auto_json json_t *data = machine_cloud_init_data(vmi, &volumes, &options, findings);
    machine_volumes_clear(&volumes);
    pairs_clear(&options.directories);
    return data != NULL ? json_dumps(data, JSON_COMPACT) : NULL;
}

/* All findings, one a line. Owned by the caller. */
static char *text_of(const struct findings *findings)
{
    char *text = xstrdup("");
    for (size_t i = 0; i < findings->count; i++) {
        auto_free char *before = text;
        auto_free char *one = finding_text(&findings->items[i]);
        text = xasprintf("%s%s%s\n", before,
            findings->items[i].severity == FINDING_WARNING ? "warning: " : "", one);
    }
    return text;
}

#define VOLUME(source) "'volumes': [{'name': 'seed', " source "}]"
#define VMI(metadata, spec)                                                                        \
    "{'kind': 'VirtualMachineInstance', 'metadata': {" metadata "}, 'spec': {" FIRMWARE ", " spec  \
    "}}"
#define KEYS(secret, method)                                                                       \
    "{'sshPublicKey': {'source': {'secret': {'secretName': '" secret                               \
    "'}}, 'propagationMethod': {'" method "': {}}}}"

/* Members stand in the order of KubeVirt's struct. */
static const struct {
    const char *vmi;
    const char *secrets; /* given with --volume-dir */
    const char *data;
} cases[] = {
    {VMI("'name': 'vm', 'namespace': 'ns'", VOLUME("'cloudInitNoCloud': {'userData': '#!'}")), "",
        "{'DataSource':'noCloud','NoCloudMetaData':{'instance-id':'" UUID
        "','local-hostname':'vm'},'ConfigDriveMetaData':null,'UserData':'#!','NetworkData':'',"
        "'DevicesData':null,'VolumeName':'seed'}"},
    {VMI("'name': 'vm.example'",
         VOLUME("'cloudInitConfigDrive': {'userDataBase64': 'w7YK', 'networkData': 'version: 2'}")),
        "",
        "{'DataSource':'configDrive','NoCloudMetaData':null,'ConfigDriveMetaData':{'instance_id':"
        "'vm.example.default','hostname':'vm','uuid':'" UUID "'},'UserData':'\xc3\xb6\\n',"
        "'NetworkData':'version: 2','DevicesData':null,'VolumeName':'seed'}"},
    /* network data alone, in Base64 with line ends; a host name of its own */
    {VMI("'name': 'vm'",
         "'hostname': 'host', " VOLUME("'cloudInitNoCloud': {'networkDataBase64': 'dj\\nI=\\n'}")),
        "",
        "{'DataSource':'noCloud','NoCloudMetaData':{'instance-id':'" UUID
        "','local-hostname':'host'},'ConfigDriveMetaData':null,'UserData':'','NetworkData':'v2',"
        "'DevicesData':null,'VolumeName':'seed'}"},
    /* one Secret for both, with either spelling of the keys */
    {VMI("'name': 'vm'", VOLUME("'cloudInitNoCloud': {'secretRef': {'name': 's'}, "
                                "'networkDataSecretRef': {'name': 's'}}")),
        "seed",
        "{'DataSource':'noCloud','NoCloudMetaData':{'instance-id':'" UUID
        "','local-hostname':'vm'},'ConfigDriveMetaData':null,'UserData':'from the secret',"
        "'NetworkData':'its network','DevicesData':null,'VolumeName':'seed'}"},
    /* keys, by number, from the files of two Secrets; and an instance type */
    {VMI("'name': 'vm', 'annotations': {'kubevirt.io/instancetype-name': 'small'}",
         "'accessCredentials': [" KEYS("a", "noCloud") ", " KEYS("b", "noCloud") "], " VOLUME(
             "'cloudInitNoCloud': {'userData': 'x'}")),
        "a-access-cred b-access-cred",
        "{'DataSource':'noCloud','NoCloudMetaData':{'instance-type':'small','instance-id':'" UUID
        "','local-hostname':'vm','public-keys':{'0':'ssh-a1','1':'ssh-a2\\n','2':'ssh-b'}},"
        "'ConfigDriveMetaData':null,'UserData':'x','NetworkData':'','DevicesData':null,"
        "'VolumeName':'seed'}"},
    {VMI("'name': 'vm', 'annotations': {'kubevirt.io/cluster-instancetype-name': 'u1', "
         "'kubevirt.io/instancetype-name': 'small'}",
         "'accessCredentials': [" KEYS("b", "configDrive") "], " VOLUME(
             "'cloudInitConfigDrive': {'userData': 'x'}")),
        "b-access-cred",
        "{'DataSource':'configDrive','NoCloudMetaData':null,'ConfigDriveMetaData':{"
        "'instance_type':'u1','instance_id':'vm.default','hostname':'vm','uuid':'" UUID
        "','public_keys':{'0':'ssh-b'}},'UserData':'x','NetworkData':'','DevicesData':null,"
        "'VolumeName':'seed'}"},
};

static void data_is_as_kubevirt_makes_it(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        auto_free char *expected = quoted(cases[i].data);
        auto_free char *data = data_of(cases[i].vmi, cases[i].secrets, false, &findings);
        auto_free char *found = text_of(&findings);
        findings_clear(&findings);
        assert_string_equal(found, "");
        assert_string_equal(data, expected);
    }
}

static void without_a_uuid_it_is_that_of_the_name(UNUSED void **state)
{
    struct findings findings = {0};
    auto_free char *data = data_of("{'metadata': {'name': 'vm'}, 'spec': {'domain': {}, " VOLUME(
                                       "'cloudInitNoCloud': {'userData': 'x'}") "}}",
        "", false, &findings);
    findings_clear(&findings);
    assert_non_null(strstr(data, "\"instance-id\":\"d633a622-2335-5606-93ae-d432b7c7f2d2\""));
}

static void a_machine_without_a_volume_has_no_data(UNUSED void **state)
{
    struct findings findings = {0};
    assert_null(data_of(VMI("'name': 'vm'", "'volumes': []"), "", false, &findings));
    assert_int_equal(findings.count, 0);
}

/* What is wrong, and where. */
static const struct {
    const char *spec;
    const char *secrets;
    const char *finding; /* the beginning of the only error */
} faults[] = {
    {VOLUME("'cloudInitNoCloud': {'userDataBase64': 'ab!d'}"), "",
        "spec.volumes[0].cloudInitNoCloud.userDataBase64: it is not Base64: \"!\" at byte 3"},
    {VOLUME("'cloudInitConfigDrive': {'networkDataBase64': 'abcde'}"), "",
        "spec.volumes[0].cloudInitConfigDrive.networkDataBase64: it is not Base64: it has 5 "
        "characters"},
    {VOLUME("'cloudInitNoCloud': {'networkDataBase64': 'QQr/'}"), "",
        "spec.volumes[0].cloudInitNoCloud.networkDataBase64: it is not UTF-8 text, which hooks "
        "need (byte 3)"},
    {VOLUME("'cloudInitNoCloud': {'userDataBase64': 'AAAA'}"), "",
        "spec.volumes[0].cloudInitNoCloud.userDataBase64: it contains a zero byte"},
    {VOLUME("'cloudInitNoCloud': {'networkDataSecretRef': {'name': 's'}}"), "seed=a-access-cred",
        "spec.volumes[0].cloudInitNoCloud.networkDataSecretRef: its Secret has neither the key "
        "networkdata nor networkData (in "},
    {VOLUME("'cloudInitNoCloud': {'secretRef': {'name': 's'}}"), "",
        "spec.volumes[0].cloudInitNoCloud: is not on this machine: give its path with "
        "--volume-dir seed=PATH"},
    {VOLUME("'cloudInitNoCloud': {'secretRef': {'name': 's'}}"), "seed=latin",
        "spec.volumes[0].cloudInitNoCloud.secretRef: it is not UTF-8 text"},
    {"'volumes': [{'name': 'a', 'cloudInitNoCloud': {'userData': 'x'}}, {'name': 'b', "
     "'cloudInitConfigDrive': {'userData': 'x'}}]",
        "", "spec.volumes[1]: the volumes a and b both hold cloud-init data: only one may"},
    {VOLUME("'cloudInitNoCloud': {'userData': 'x', 'userDataBase64': 'eA=='}"), "",
        "spec.volumes[0].cloudInitNoCloud.userDataBase64: cannot be there beside userData"},
    {VOLUME("'cloudInitNoCloud': {}"), "",
        "spec.volumes[0].cloudInitNoCloud: has neither user data nor network data"},
    {VOLUME("'cloudInitNoCloud': {'secretRef': {}, 'networkDataSecretRef': {'name': ''}}"), "",
        "spec.volumes[0].cloudInitNoCloud: has neither user data nor network data"},
    {VOLUME("'cloudInitConfigDrive': {'userData': ''}"), "",
        "spec.volumes[0].cloudInitConfigDrive: has neither user data nor network data"},
    /* access credentials */
    {"'accessCredentials': [" KEYS("a", "noCloud") "], " VOLUME(
         "'cloudInitNoCloud': {'userData': 'x'}"),
        "",
        "spec.accessCredentials[0].sshPublicKey.source.secret: is not on this machine: give the "
        "directory of its files with --volume-dir a-access-cred=PATH (the default is "
        "/var/run/kubevirt-private/secret/a-access-cred)"},
    {"'accessCredentials': [" KEYS("a", "configDrive") "], " VOLUME(
         "'cloudInitNoCloud': {'userData': 'x'}"),
        "a-access-cred",
        "spec.accessCredentials[0].sshPublicKey.propagationMethod.configDrive: requires a volume "
        "with cloudInitConfigDrive"},
    {"'accessCredentials': [" KEYS("a", "qemuGuestAgent") "]", "a-access-cred",
        "spec.accessCredentials[0].sshPublicKey.propagationMethod.qemuGuestAgent: is not done by "
        "hook-launcher, which does not talk to the QEMU guest agent in the running guest: use "},
    {"'accessCredentials': [{'userPassword': {'source': {'secret': {'secretName': 'a'}}, "
     "'propagationMethod': {'qemuGuestAgent': {}}}}]",
        "a-access-cred",
        "spec.accessCredentials[0].userPassword.propagationMethod.qemuGuestAgent: is not done by "
        "hook-launcher, which does not talk to the QEMU guest agent in the running guest: set "},
    {"'accessCredentials': [{}]", "",
        "spec.accessCredentials[0]: must have one of sshPublicKey and userPassword, not 0"},
    {"'accessCredentials': [{'sshPublicKey': {'source': {'secret': {'secretName': 'a'}}, "
     "'propagationMethod': {}}}]",
        "a-access-cred",
        "spec.accessCredentials[0].sshPublicKey: must have one propagationMethod, not 0"},
    {VOLUME("'cloudInitNoCloud': {'userData': 'x'}"), "a-access-cred",
        "spec.volumes: have no volume made of files \"a-access-cred\", which --volume-dir names"},
};

static void what_cannot_be_data_is_refused(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        struct findings findings = {0};
        auto_free char *vmi =
            xasprintf("{'metadata': {'name': 'vm'}, 'spec': {" FIRMWARE ", %s}}", faults[i].spec);
        auto_free char *data = data_of(vmi, faults[i].secrets, false, &findings);
        auto_free char *found = text_of(&findings);
        if (findings.count != 1 || findings.errors != 1 ||
            strncmp(found, faults[i].finding, strlen(faults[i].finding)) != 0)
            fail_msg("%zu: %s", i, found);
        findings_clear(&findings);
    }
}

static void a_dry_run_needs_no_secrets(UNUSED void **state)
{
    struct findings findings = {0};
    auto_free char *data = data_of(
        VMI("'name': 'vm'",
            "'accessCredentials': [" KEYS("a", "noCloud") ", " KEYS("a",
                "qemuGuestAgent") "], " VOLUME("'cloudInitNoCloud': {'secretRef': {'name': 's'}}")),
        "", true, &findings);
    auto_free char *found = text_of(&findings);
    assert_int_equal(findings.errors, 0);
    assert_int_equal(findings.warnings, 3);
    findings_clear(&findings);
    assert_non_null(strstr(found, "qemuGuestAgent: is not done by hook-launcher"));
    assert_non_null(strstr(found, "so hooks get no userData: give the directory of its files with "
                                  "--volume-dir seed=PATH"));
    assert_non_null(strstr(found, "so its keys are not in the cloud-init data"));
    assert_non_null(strstr(data, "\"UserData\":\"\""));
}

/* As KubeVirt's launcher hands a VMI to its hooks. */
static void a_secret_is_preferred(UNUSED void **state)
{
    static const struct {
        const char *secrets, *user;
        bool dry_run;
    } runs[] = {
        {"seed", "from the secret", false},
        {"seed", "from the secret", true},
        {"", "inline", true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
        struct findings findings = {0};
        auto_free char *data =
            data_of(VMI("'name': 'vm'", VOLUME("'cloudInitNoCloud': {'secretRef': {'name': 's'}, "
                                               "'userData': 'inline'}")),
                runs[i].secrets, runs[i].dry_run, &findings);
        auto_free char *found = text_of(&findings);
        findings_clear(&findings);
        auto_free char *expected = xasprintf("\"UserData\":\"%s\"", runs[i].user);
        assert_non_null(strstr(data, expected));
        assert_string_equal(found,
            "warning: spec.volumes[0].cloudInitNoCloud.secretRef: KubeVirt's API refuses it beside "
            "userData; its launcher prefers the Secret\n");
    }
}

static void more_than_kubevirt_takes_is_a_warning(UNUSED void **state)
{
    for (size_t extra = 0; extra <= 1; extra++) {
        struct findings findings = {0};
        auto_free char *vmi =
            xasprintf("{'metadata': {'name': 'vm'}, 'spec': {" FIRMWARE
                      ", " VOLUME("'cloudInitNoCloud': {'userData': '%0*d'}") "}}",
                (int)(MACHINE_CLOUD_INIT_INLINE_MAX_BYTES + extra), 0);
        auto_free char *data = data_of(vmi, "", false, &findings);
        auto_free char *found = text_of(&findings);
        findings_clear(&findings);
        assert_non_null(data);
        assert_string_equal(found,
            extra == 0
                ? ""
                : "warning: spec.volumes[0].cloudInitNoCloud.userData: it has 2049 bytes, and "
                  "KubeVirt's API refuses more than 2048 in a VMI: put them into a Secret "
                  "(secretRef)\n");
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

/* Writes the files of data into a new directory, owned by the caller. */
static char *written(const char *text, const char *expected_label)
{
    auto_error struct error *error = NULL;
    auto_json json_t *data = parse(text);
    auto_json json_t *vmi = parse(VMI("'name': 'vm', 'namespace': 'ns'", "'volumes': []"));
    char *directory = file_make_temporary("test-cloud-init", NULL);
    const char *label = NULL;
    if (machine_cloud_init_write(data, vmi, directory, &label, &error) < 0)
        fail_msg("%s", error->message);
    assert_string_equal(label, expected_label);
    return directory;
}

static void the_files_are_where_cloud_init_looks(UNUSED void **state)
{
    auto_free char *no_cloud =
        written("{'DataSource': 'noCloud', 'NoCloudMetaData': {'instance-id': 'a&b'}, "
                "'ConfigDriveMetaData': null, 'UserData': 'u', 'NetworkData': ''}",
            "cidata");
    assert_file(no_cloud, "user-data", "u");
    assert_file(no_cloud, "meta-data", "{\"instance-id\":\"a\\u0026b\"}");
    assert_file(no_cloud, "network-config", NULL);
    file_remove_tree(no_cloud, NULL);
    auto_free char *drive =
        written("{'DataSource': 'configDrive', 'ConfigDriveMetaData': {'instance_id': 'i'}, "
                "'NetworkData': 'n', 'DevicesData': [{'type': 'nic', 'tags': ['t']}]}",
            "config-2");
    assert_file(drive, "openstack/latest/user_data", "");
    assert_file(drive, "openstack/latest/meta_data.json",
        "{\"instance_id\":\"i\",\"devices\":[{\"type\":\"nic\",\"tags\":[\"t\"]}]}");
    assert_file(drive, "openstack/latest/network_data.json", "n");
    file_remove_tree(drive, NULL);
}

static void data_without_meta_data_get_the_least(UNUSED void **state)
{
    auto_free char *no_cloud = written("{'DataSource': 'noCloud', 'UserData': 'u'}", "cidata");
    assert_file(no_cloud, "meta-data", "{\"instance-id\":\"" UUID "\"}");
    file_remove_tree(no_cloud, NULL);
    auto_free char *drive = written("{'DataSource': 'configDrive', 'UserData': 'u'}", "config-2");
    assert_file(drive, "openstack/latest/meta_data.json",
        "{\"instance_id\":\"vm.ns\",\"uuid\":\"" UUID "\"}");
    file_remove_tree(drive, NULL);
}

static void other_data_makes_no_files(UNUSED void **state)
{
    static const struct {
        const char *data, *message;
    } other[] = {
        {"{}", "the cloud-init data has the DataSource \"\": it must be noCloud or configDrive"},
        {"{'DataSource': 'ec2'}", "has the DataSource \"ec2\""},
        {"{'DataSource': 'noCloud'}", "has neither UserData nor NetworkData"},
    };
    auto_free char *directory = file_make_temporary("test-cloud-init", NULL);
    auto_json json_t *vmi = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        auto_error struct error *error = NULL;
        auto_json json_t *data = parse(other[i].data);
        const char *label = NULL;
        assert_int_equal(machine_cloud_init_write(data, vmi, directory, &label, &error), -1);
        if (strstr(error->message, other[i].message) == NULL)
            fail_msg("%s", error->message);
    }
    file_remove_tree(directory, NULL);
}

static int set_up(UNUSED void **state)
{
    static const struct {
        const char *directory, *name, *text;
    } files[] = {
        {"seed", "userdata", "from the secret"},
        {"seed", "networkData", "its network"},
        {"a-access-cred", "one", "ssh-a1"},
        {"a-access-cred", "two", "ssh-a2\n"},
        {"a-access-cred", "void", ""},
        {"a-access-cred", "..2026_11_30", "Kubernetes' own"},
        {"b-access-cred", "key", "ssh-b"},
        {"latin", "userdata", "\xfc"},
    };
    secrets = file_make_temporary("test-secret", NULL);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        auto_free char *directory = file_join(secrets, files[i].directory);
        auto_free char *path = file_join(directory, files[i].name);
        if (file_make_directories(directory, 0700, NULL) < 0 ||
            file_write(path, files[i].text, strlen(files[i].text), 0600, NULL) < 0)
            return -1;
    }
    return 0;
}

static int tear_down(UNUSED void **state)
{
    int result = file_remove_tree(secrets, NULL);
    free(secrets);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_as_kubevirt_makes_it),
        cmocka_unit_test(without_a_uuid_it_is_that_of_the_name),
        cmocka_unit_test(a_machine_without_a_volume_has_no_data),
        cmocka_unit_test(what_cannot_be_data_is_refused),
        cmocka_unit_test(a_dry_run_needs_no_secrets),
        cmocka_unit_test(a_secret_is_preferred),
        cmocka_unit_test(more_than_kubevirt_takes_is_a_warning),
        cmocka_unit_test(the_files_are_where_cloud_init_looks),
        cmocka_unit_test(data_without_meta_data_get_the_least),
        cmocka_unit_test(other_data_makes_no_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
