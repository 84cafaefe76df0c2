/* A completed VM as files on this machine: what is made, what the script says, and that nothing is
 * left after a failure. Images are made with qemu-img. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/local.h"
#include "base/file.h"
#include "base/json.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "guest/image.h"
#include "tests/unit/directory.h"

enum { LIMIT = 1 << 20, MIB = 1 << 20 };

/* The VM: its name, its DataVolume templates and its volumes go in. */
static const char vm_text[] =
    "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: %s, namespace: demo},"
    " spec: {runStrategy: Always, dataVolumeTemplates: [%s], template: {spec: {"
    " domain: {memory: {guest: 64Mi}, devices: {interfaces: [{name: default, masquerade: {}}]}},"
    " networks: [{name: default, pod: {}}], volumes: [%s]}}}}";

#define ROOT "{name: root, dataVolume: {name: web1-root}}"
#define BLANK_TEMPLATE                                                                             \
    ", {metadata: {name: web1-data}, spec: {source: {blank: {}}, storage: {resources: {requests: " \
    "{storage: 3Mi}}}}}"
#define BLANK ", {name: data, dataVolume: {name: web1-data}}"
#define NETWORK                                                                                    \
    ", {name: seed, cloudInitNoCloud: {secretRef: {name: web1-seed}, networkDataSecretRef: "       \
    "{name: "                                                                                      \
    "net}}}"

static const char objects_text[] =
    "[{kind: Secret, metadata: {name: web1-seed}, data: {other: b3RoZXI=},"
    " stringData: {userdata: \"#cloud-config\\n\"}},"
    " {kind: Secret, metadata: {name: net}, data: {networkdata: dmVyc2lvbjogMgo=}},"
    " {kind: ConfigMap, metadata: {name: files}, data: {motd: hello}, binaryData: {bin: AAE=}}]";

struct outcome {
    bool done;
    char *command;
    char *error;
};

static void on_done(void *user, struct error *take_error, const char *command)
{
    struct outcome *outcome = user;
    outcome->done = true;
    outcome->command = command != NULL ? xstrdup(command) : NULL;
    outcome->error = take_error != NULL ? xstrdup(take_error->message) : NULL;
    error_free(take_error);
}

static json_t *parse(const char *text)
{
    struct yaml_stream stream = {0};
    auto_error struct error *error = NULL;
    auto_free char *document = xasprintf("---\n%s", text); /* else it would have to be JSON */
    if (yaml_parse("test", document, strlen(document), &stream, &error) < 0)
        fail_msg("%s", error->message);
    json_t *value = json_incref(stream.documents[0].root);
    yaml_stream_clear(&stream);
    return value;
}

static void on_tool(UNUSED void *user, struct subprocess_result *result)
{
    assert_int_equal(result->wait_status, 0);
}

/* Runs qemu-img. */
static void qemu_img(const char *const *argv)
{
    const struct subprocess_options options = {
        .argv = argv, .error_tail_limit = LIMIT, .output_limit = LIMIT, .on_done = on_tool};
    assert_non_null(subprocess_start(&options, NULL));
    ev_run(EV_DEFAULT_ 0);
}

static void make_image(const char *format, const char *path)
{
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", format, path, "4M", NULL};
    qemu_img(argv);
}

/* What is asked for, and what comes of it. */
struct test_case {
    const char *templates;
    const char *volumes;
    const char *sources[4]; /* NAME=FILE, below the test's directory */
    const char *directory; /* to create; NULL: "vm" */
    const char *name; /* of the VM; NULL: "web1" */
    const char *message; /* of the error or the finding; NULL: it is created */
};

#define ROOT_4                                                                                     \
    "{metadata: {name: web1-root}, spec: {sourceRef: {kind: DataSource, name: fedora, "            \
    "namespace: images}, storage: {}}}"
#define ROOT_1                                                                                     \
    "{metadata: {name: web1-root}, spec: {source: {pvc: {name: fedora-1, namespace: images}}, "    \
    "pvc: {resources: {requests: {storage: 1Mi}}}}}"
#define ROOT_9                                                                                     \
    "{metadata: {name: web1-root}, spec: {source: {http: {url: \"http://example.org\"}}, "         \
    "storage: "                                                                                    \
    "{resources: {requests: {storage: 9Mi}}}}}"

static const struct test_case cases[] = {
    /* the names that a source may have */
    {ROOT_4, ROOT, {"fedora=images/plain.qcow2"}, NULL, NULL, NULL},
    {ROOT_4, ROOT, {"images/fedora=images/plain.qcow2"}, NULL, NULL, NULL},
    {ROOT_4, ROOT, {"root=images/raw.img"}, NULL, NULL, NULL},
    {ROOT_4, ROOT, {"web1-root=images/raw.img"}, NULL, NULL, NULL},
    {ROOT_9, ROOT, {"root=images/raw.img"}, NULL, NULL, NULL},
    {"", "{name: shared, persistentVolumeClaim: {claimName: shared}}", {"shared=images/raw.img"},
        NULL, NULL, NULL},
    {"", "{name: tools, containerDisk: {image: \"r.example/tools:1\"}}",
        {"r.example/tools:1=images/raw.img"}, NULL, NULL, NULL},
    {"", "{name: tools, ephemeral: {persistentVolumeClaim: {claimName: tools}}}",
        {"tools=images/raw.img"}, NULL, NULL, NULL},
    {"", "{name: scratch, emptyDisk: {capacity: 1Mi}}", {NULL}, NULL, NULL, NULL},
    {"", "{name: conf, configMap: {name: elsewhere}}", {"elsewhere=images"}, NULL, NULL, NULL},
    {"", "{name: conf, secret: {secretName: elsewhere, optional: true}}", {NULL}, NULL, NULL, NULL},
    /* what is missing, or wrong */
    {ROOT_4, ROOT, {NULL}, NULL, NULL, "give it with --source fedora=PATH, or put fedora.qcow2"},
    {ROOT_9, ROOT, {NULL}, NULL, NULL, "give it with --source root=PATH"},
    {ROOT_4, ROOT, {"fedora=images/nothing"}, NULL, NULL, "No such file or directory"},
    {ROOT_4, ROOT, {"fedora=images"}, NULL, NULL, "Is a directory"},
    {ROOT_1, ROOT, {"fedora-1=images/raw.img"}, NULL, NULL,
        "is 1048576 bytes, less than its image"},
    {ROOT_4, ROOT, {"fedora=images/backed.qcow2"}, NULL, NULL, "with a backing file"},
    {ROOT_4, ROOT, {"fedora=images/disk.vmdk"}, NULL, NULL, "qemu-img convert -f vmdk"},
    {ROOT_4, ROOT, {"fedora=images/disk.img.xz"}, NULL, NULL, "unpack it with unxz"},
    {ROOT_4, ROOT, {"fedora=images/short.img"}, NULL, NULL, "too few for a raw disk image"},
    {ROOT_4, ROOT, {"fedora=images/raw.img", "febora=images/raw.img"}, NULL, NULL,
        "--source names \"febora\", which is neither"},
    {"", "{name: tools, ephemeral: {persistentVolumeClaim: {claimName: tools}}}",
        {"tools=images/plain.qcow2"}, NULL, NULL, "must be raw"},
    {"", "{name: x, persistentVolumeClaim: {claimName: \"../x\"}}", {NULL}, NULL, NULL,
        "is not the name of a claim"},
    {"", "{name: \"../x\", emptyDisk: {capacity: 1Mi}}", {NULL}, NULL, NULL, "name"},
    {"", "{name: conf, secret: {secretName: elsewhere}}", {NULL}, NULL, NULL,
        "the Secret elsewhere is not here"},
    {"", "{name: conf, configMap: {name: elsewhere}}", {"elsewhere=images/raw.img"}, NULL, NULL,
        "is not a directory"},
    {"", "{name: token, serviceAccount: {serviceAccountName: x}}", {NULL}, NULL, NULL,
        "give a directory with its files with --source token=PATH"},
    {ROOT_4, ROOT, {"fedora=images/raw.img"}, "images", NULL, "images is already there"},
    {ROOT_4, ROOT, {"fedora=images/raw.img"}, "nowhere/vm", NULL, "No such file or directory"},
    {ROOT_4, ROOT, {"fedora=images/raw.img"}, NULL, "\"we\\nb\"", "must be 1 to 253"},
    {ROOT_4, ROOT ", {name: kind, memoryDump: {claimName: x}}", {"fedora=images/raw.img"}, NULL,
        NULL, "memoryDump"},
};

static int make_images(void **state)
{
    if (directory_setup(state) < 0)
        return -1;
    const char *directory = *state;
    auto_free char *images = file_join(directory, "images");
    auto_free char *plain = file_join(images, "plain.qcow2");
    auto_free char *raw = file_join(images, "raw.img");
    auto_free char *backed = file_join(images, "backed.qcow2");
    auto_free char *vmdk = file_join(images, "disk.vmdk");
    auto_free char *packed = file_join(images, "disk.img.xz");
    auto_free char *brief = file_join(images, "short.img");
    assert_int_equal(mkdir(images, 0700), 0);
    make_image("qcow2", plain);
    make_image("raw", raw);
    make_image("vmdk", vmdk);
    const char *const argv[] = {
        "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", raw, backed, NULL};
    qemu_img(argv);
    assert_int_equal(file_write(packed,
                         "\xfd"
                         "7zXZ\0 and more",
                         16, 0600, NULL),
        0);
    assert_int_equal(file_write(brief, "short", 5, 0600, NULL), 0);
    return 0;
}

static void read_sources(const char *directory, const struct test_case *test, struct pairs *sources)
{
    for (size_t i = 0; i < ARRAY_SIZE(test->sources) && test->sources[i] != NULL; i++) {
        const char *equals = strrchr(test->sources[i], '=');
        auto_free char *text = xasprintf("%.*s=%s/%s", (int)(equals - test->sources[i]),
            test->sources[i], directory, equals + 1);
        assert_int_equal(pairs_add(sources, text, "", NULL), 0);
    }
}

/* Creates the VM of a case. Returns what is said: the error, or all findings. Owned by the caller. */
static char *create(const char *directory, const struct test_case *test, const char *beside,
    struct outcome *outcome)
{
    auto_free char *path = file_join(directory, test->directory != NULL ? test->directory : "vm");
    auto_free char *text = xasprintf(
        vm_text, test->name != NULL ? test->name : "web1", test->templates, test->volumes);
    auto_json json_t *vm = parse(text);
    auto_json json_t *objects = parse(objects_text);
    struct pairs sources = {0};
    struct machine_known known = {0};
    struct findings findings = {0};
    read_sources(directory, test, &sources);
    const struct appliance_local_request request = {.directory = path,
        .vm = vm,
        .objects = objects,
        .known = &known,
        .sources = &sources,
        .beside = beside};
    *outcome = (struct outcome){0};
    struct appliance_local *local = appliance_local_start(&request, &findings, on_done, outcome);
    assert_true(outcome->done == (local == NULL));
    while (!outcome->done)
        ev_run(EV_DEFAULT_ EVRUN_ONCE);
    char *said = xstrdup(text_or(outcome->error, ""));
    for (size_t i = 0; i < findings.count; i++) {
        auto_free char *before = said;
        auto_free char *sentence = finding_text(&findings.items[i]);
        said = xasprintf("%s%s\n", before, sentence);
    }
    pairs_clear(&sources);
    machine_known_clear(&known);
    findings_clear(&findings);
    return said;
}

static size_t count_entries(const char *directory)
{
    DIR *stream = opendir(directory);
    size_t count = 0;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

static void outcome_clear(struct outcome *outcome)
{
    free(outcome->command);
    free(outcome->error);
}

static void test_cases(void **state)
{
    const char *directory = *state;
    auto_free char *made = file_join(directory, "vm");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct outcome outcome;
        size_t before = count_entries(directory);
        auto_free char *said = create(directory, &cases[i], NULL, &outcome);
        if (cases[i].message == NULL && outcome.command == NULL)
            fail_msg("case %zu: %s", i, said);
        if (cases[i].message != NULL && strstr(said, cases[i].message) == NULL)
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, said, cases[i].message);
        if (cases[i].message == NULL)
            assert_int_equal(file_remove_tree(made, NULL), 0);
        assert_int_equal(count_entries(directory), before);
        outcome_clear(&outcome);
    }
}

static void check_text(const char *directory, const char *name, const char *expected)
{
    auto_free char *path = file_join(directory, name);
    auto_free char *text = NULL;
    size_t length = 0;
    struct stat status;
    assert_int_equal(file_read(path, LIMIT, &text, &length, NULL), 0);
    assert_string_equal(text, expected);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07077, 0);
}

static void check_disk(const char *directory, const char *name, const char *format, long long size)
{
    auto_free char *path = file_join(directory, name);
    auto_error struct error *error = NULL;
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    if (streq(format, "raw"))
        assert_int_equal(status.st_size, size);
    else if (guest_image_check_overlay(path, &error) < 0)
        fail_msg("%s", error->message);
}

/* All kinds of things of one VM. */
static void test_all(void **state)
{
    static const struct test_case test = {ROOT_9 BLANK_TEMPLATE,
        ROOT BLANK NETWORK ", {name: conf, configMap: {name: files}}"
                           ", {name: tools, containerDisk: {image: tools}}",
        {"root=images/plain.qcow2", "tools=images/raw.img"}, NULL, NULL, NULL};
    auto_free char *directory = realpath(*state, NULL);
    auto_free char *made = file_join(directory, "vm");
    struct outcome outcome;
    auto_free char *said = create(directory, &test, NULL, &outcome);
    if (outcome.command == NULL)
        fail_msg("%s", said);
    check_disk(made, "disks/root.qcow2", "qcow2", 9LL * MIB);
    check_disk(made, "disks/data.img", "raw", 3LL * MIB);
    check_text(made, "files/seed/userdata", "#cloud-config\n");
    check_text(made, "files/seed/networkdata", "version: 2\n");
    check_text(made, "files/conf/motd", "hello");
    auto_free char *other = file_join(made, "files/seed/other");
    assert_int_equal(access(other, F_OK), -1);
    auto_free char *script = file_join(made, "run");
    assert_int_equal(access(script, X_OK), 0);
    auto_free char *command = xasprintf("hook-launcher \\\n"
                                        "    --vmi %1$s/vmi.yaml \\\n"
                                        "    --pvc web1-root=%2$s/images/plain.qcow2 \\\n"
                                        "    --overlay web1-root=%1$s/disks/root.qcow2 \\\n"
                                        "    --pvc web1-data=%1$s/disks/data.img \\\n"
                                        "    --container-disk tools=%2$s/images/raw.img \\\n"
                                        "    --volume-dir seed=%1$s/files/seed \\\n"
                                        "    --volume-dir conf=%1$s/files/conf \\\n"
                                        "    --sidecars 0 \\\n"
                                        "    --console %1$s/console.log \\\n"
                                        "    --log-format text",
        made, directory);
    assert_string_equal(outcome.command, command);
    outcome_clear(&outcome);
}

/* The identity of each is its own, and the images are found beside the manifest. */
static void test_identity(void **state)
{
    static const struct test_case tests[] = {
        {ROOT_4, ROOT, {NULL}, "one", NULL, NULL}, {ROOT_4, ROOT, {NULL}, "two", NULL, NULL}};
    const char *directory = *state;
    auto_free char *beside = file_join(directory, "images");
    auto_free char *plain = file_join(beside, "plain.qcow2");
    auto_free char *fedora = file_join(beside, "fedora.qcow2");
    char *texts[ARRAY_SIZE(tests)] = {NULL};
    assert_int_equal(rename(plain, fedora), 0);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        struct outcome outcome;
        size_t length = 0;
        auto_free char *said = create(directory, &tests[i], beside, &outcome);
        auto_free char *made = file_join(directory, tests[i].directory);
        auto_free char *path = file_join(made, "vmi.yaml");
        if (outcome.command == NULL)
            fail_msg("%s", said);
        assert_int_equal(file_read(path, LIMIT, &texts[i], &length, NULL), 0);
        outcome_clear(&outcome);
    }
    auto_json json_t *one = parse(texts[0]);
    auto_json json_t *two = parse(texts[1]);
    static const char *const pointers[] = {
        "/spec/domain/firmware/uuid", "/spec/domain/devices/interfaces/0/macAddress"};
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
        const char *a = json_string_value(json_pointer_get(one, pointers[i]));
        const char *b = json_string_value(json_pointer_get(two, pointers[i]));
        assert_non_null(a);
        assert_string_not_equal(a, b);
    }
    free(texts[0]);
    free(texts[1]);
    assert_int_equal(rename(fedora, plain), 0);
}

static void test_no_qemu_img(void **state)
{
    static const struct test_case test = {ROOT_4, ROOT, {"root=images/raw.img"}, NULL, NULL, NULL};
    struct outcome outcome;
    size_t before = count_entries(*state);
    auto_free char *path = xstrdup(getenv("PATH"));
    setenv("PATH", "/nothing", 1);
    auto_free char *said = create(*state, &test, NULL, &outcome);
    setenv("PATH", path, 1);
    assert_null(outcome.command);
    assert_non_null(strstr(said, "install the package qemu-utils"));
    assert_int_equal(count_entries(*state), before);
    outcome_clear(&outcome);
}

/* Words for a shell. */
static void test_quoting(void **state)
{
    static const struct test_case test = {
        ROOT_4, ROOT, {"root=images/raw.img"}, "it's $HOME", NULL, NULL};
    auto_free char *directory = realpath(*state, NULL);
    struct outcome outcome;
    auto_free char *said = create(directory, &test, NULL, &outcome);
    if (outcome.command == NULL)
        fail_msg("%s", said);
    auto_free char *word = xasprintf("'%s/it'\\''s $HOME/vmi.yaml'", directory);
    assert_non_null(strstr(outcome.command, word));
    outcome_clear(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, make_images, directory_teardown),
        cmocka_unit_test_setup_teardown(test_all, make_images, directory_teardown),
        cmocka_unit_test_setup_teardown(test_identity, make_images, directory_teardown),
        cmocka_unit_test_setup_teardown(test_no_qemu_img, make_images, directory_teardown),
        cmocka_unit_test_setup_teardown(test_quoting, make_images, directory_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
