/* Volumes as files: a temporary directory has images, directories and other files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "guest/image.h"
#include "machine/check.h"
#include "machine/volume.h"

enum { NOBODY = 65534 };

struct images {
    char *directory; /* absolute, without symbolic links; owned */
};

static char *path_of(const struct images *images, const char *name)
{
    return file_join(images->directory, name);
}

static void put(
    const struct images *images, const char *name, const void *data, size_t length, mode_t mode)
{
    auto_free char *path = path_of(images, name);
    assert_int_equal(file_write(path, data, length, mode, NULL), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* Makes a qcow2 image that consists only of the header. */
static void put_qcow2(
    const struct images *images, const char *name, uint64_t backing_offset, uint64_t features)
{
    unsigned char header[104] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
    uint64_t offset = htobe64(backing_offset);
    uint64_t incompatible = htobe64(features);
    memcpy(header + 8, &offset, sizeof(offset));
    memcpy(header + 72, &incompatible, sizeof(incompatible));
    put(images, name, header, sizeof(header), 0666);
}

static int setup(void **state)
{
    struct images *images = xcalloc(1, sizeof(*images));
    auto_free char *made = file_make_temporary("hookline-volumes-", NULL);
    images->directory = realpath(made, NULL);
    assert_int_equal(chmod(images->directory, 0755), 0);
    put_qcow2(images, "plain.qcow2", 0, 0);
    put_qcow2(images, "named-raw.img", 0, 0);
    put_qcow2(images, "backed.qcow2", 104, 0);
    put_qcow2(images, "outside.qcow2", 0, 1 << 2);
    put(images, "raw.img", "raw", 3, 0666);
    put(images, "empty.img", "", 0, 0666);
    put(images, "closed.img", "raw", 3, 0);
    put(images, "locked.img", "raw", 3, 0444);
    auto_free char *claim = path_of(images, "claim/nothing-here");
    assert_int_equal(file_make_directories(claim, 0755, NULL), 0);
    put(images, "claim/disk.img", "", 0, 0666);
    auto_free char *answers = path_of(images, "answers");
    assert_int_equal(file_make_directories(answers, 0755, NULL), 0);
    put(images, "answers/Unattend.xml", "", 0, 0666);
    *state = images;
    return 0;
}

static int teardown(void **state)
{
    struct images *images = *state;
    assert_int_equal(file_remove_tree(images->directory, NULL), 0);
    free(images->directory);
    free(images);
    return 0;
}

/* One case: a volume, and its options. DIR in strings is the temporary directory. */
struct test_case {
    const char *source; /* the volume without its name, JSON */
    const char *disk; /* its disk without its name, JSON; NULL: it has none */
    const char *mapped; /* PATH for it, below DIR; NULL: not mapped */
    const char *message; /* of the one error; NULL: there is none */
    const char *path, *source_path, *format, *backing_format;
    long long capacity;
};

#define CONTAINER_DISK "\"containerDisk\": {\"image\": \"a\"}"
#define CLAIM "\"persistentVolumeClaim\": {\"claimName\": \"v\"}"
#define EPHEMERAL "\"ephemeral\": {\"persistentVolumeClaim\": {\"claimName\": \"v\"}}"
#define SYSPREP "\"sysprep\": {\"configMap\": {\"name\": \"a\"}}"
#define CONFIG_MAP "\"configMap\": {\"name\": \"a\"}"
#define HOST_DISK(name, type)                                                                      \
    "\"hostDisk\": {\"path\": \"DIR/" name "\", \"type\": \"" type "\", \"capacity\": \"1Mi\"}"

static const struct test_case cases[] = {
    /* what is right */
    {CONTAINER_DISK, NULL, "plain.qcow2", NULL, "/work/container-disk-v.qcow2", "DIR/plain.qcow2",
        "qcow2", "qcow2", 0},
    {CONTAINER_DISK, NULL, "named-raw.img", NULL, "/work/container-disk-v.qcow2",
        "DIR/named-raw.img", "qcow2", "qcow2", 0},
    {CONTAINER_DISK, NULL, "raw.img", NULL, "/work/container-disk-v.qcow2", "DIR/raw.img", "qcow2",
        "raw", 0},
    {CONTAINER_DISK, NULL, "empty.img", NULL, "/work/container-disk-v.qcow2", "DIR/empty.img",
        "qcow2", "raw", 0},
    {CONTAINER_DISK, NULL, "claim/../raw.img", NULL, "/work/container-disk-v.qcow2", "DIR/raw.img",
        "qcow2", "raw", 0},
    /* a claim is raw, whatever its guest wrote to it */
    {CLAIM, NULL, "plain.qcow2", NULL, "DIR/plain.qcow2", "DIR/plain.qcow2", "raw", NULL, 104},
    {CLAIM, NULL, "claim", NULL, "DIR/claim/disk.img", "DIR/claim/disk.img", "raw", NULL, 0},
    {"\"dataVolume\": {\"name\": \"v\"}", NULL, "claim/", NULL, "DIR/claim/disk.img",
        "DIR/claim/disk.img", "raw", NULL, 0},
    {HOST_DISK("raw.img", "Disk"), NULL, NULL, NULL, "DIR/raw.img", "DIR/raw.img", "raw", NULL, 3},
    {HOST_DISK("backed.qcow2", "DiskOrCreate"), NULL, NULL, NULL, "DIR/backed.qcow2",
        "DIR/backed.qcow2", "raw", NULL, 104},
    {HOST_DISK("new.img", "DiskOrCreate"), NULL, NULL, NULL, "DIR/new.img", NULL, "raw", NULL,
        1 << 20},
    {"\"emptyDisk\": {\"capacity\": \"1.5G\"}", NULL, NULL, NULL, "/work/empty-disk-v.qcow2", NULL,
        "qcow2", NULL, 1500000000},
    {"\"emptyDisk\": {\"capacity\": 4096}", NULL, NULL, NULL, "/work/empty-disk-v.qcow2", NULL,
        "qcow2", NULL, 4096},
    {CONFIG_MAP, NULL, "claim", NULL, "/work/config-map-v.iso", "DIR/claim", "raw", NULL, 0},
    {"\"configMap\": {\"name\": \"a\", \"optional\": true}", NULL, NULL, NULL,
        "/work/config-map-v.iso", NULL, "raw", NULL, 0},
    {"\"cloudInitNoCloud\": {\"userData\": \"\"}", NULL, NULL, NULL, "/work/noCloud.iso", NULL,
        "raw", NULL, 0},
    {"\"cloudInitConfigDrive\": {\"secretRef\": {\"name\": \"a\"}}", NULL, "claim", NULL,
        "/work/configdrive.iso", "DIR/claim", "raw", NULL, 0},
    /* the guest writes to an overlay over the claim, which may be locked */
    {EPHEMERAL, NULL, "locked.img", NULL, "/work/ephemeral-v.qcow2", "DIR/locked.img", "qcow2",
        "raw", 3},
    {EPHEMERAL, NULL, "claim", NULL, "/work/ephemeral-v.qcow2", "DIR/claim/disk.img", "qcow2",
        "raw", 0},
    {"\"serviceAccount\": {\"serviceAccountName\": \"a\"}", NULL, "claim", NULL,
        "/work/service-account-v.iso", "DIR/claim", "raw", NULL, 0},
    {SYSPREP, NULL, "answers", NULL, "/work/sysprep-v.iso", "DIR/answers", "raw", NULL, 0},
    {"\"downwardMetrics\": {}", "\"disk\": {\"bus\": \"virtio\"}", NULL, NULL, "/work/vhostmd0",
        NULL, "raw", NULL, 0},
    /* what is not */
    {CONTAINER_DISK, NULL, NULL, "--container-disk v=PATH", NULL, NULL, NULL, NULL, 0},
    {CONTAINER_DISK, NULL, "nothing", "DIR/nothing: No such file", NULL, NULL, NULL, NULL, 0},
    {CONTAINER_DISK, NULL, "claim", "neither a file nor a block device", NULL, NULL, NULL, NULL, 0},
    {CONTAINER_DISK, NULL, "backed.qcow2", "with a backing file", NULL, NULL, NULL, NULL, 0},
    {CONTAINER_DISK, NULL, "outside.qcow2", "with an external data file", NULL, NULL, NULL, NULL,
        0},
    {CONTAINER_DISK, NULL, "closed.img", "cannot be read: Permission denied", NULL, NULL, NULL,
        NULL, 0},
    {CONTAINER_DISK, NULL, "a\nb", "a\\x0ab contains characters that", NULL, NULL, NULL, NULL, 0},
    {CLAIM, NULL, NULL, "--pvc v=PATH", NULL, NULL, NULL, NULL, 0},
    {CLAIM, NULL, "claim/nothing-here", "nothing-here/disk.img: No such file", NULL, NULL, NULL,
        NULL, 0},
    {CLAIM, NULL, "locked.img", "cannot be read and written", NULL, NULL, NULL, NULL, 0},
    {CLAIM, "\"disk\": {\"readonly\": true}", "locked.img", NULL, "DIR/locked.img",
        "DIR/locked.img", "raw", NULL, 3},
    {CLAIM, "\"cdrom\": {}", "locked.img", NULL, "DIR/locked.img", "DIR/locked.img", "raw", NULL,
        3},
    {CLAIM, "\"cdrom\": {\"readonly\": false}", "locked.img", "cannot be read and written", NULL,
        NULL, NULL, NULL, 0},
    {EPHEMERAL, NULL, NULL, "--pvc v=PATH", NULL, NULL, NULL, NULL, 0},
    {EPHEMERAL, NULL, "closed.img", "cannot be read: Permission denied", NULL, NULL, NULL, NULL, 0},
    {SYSPREP, NULL, "claim", "are neither autounattend.xml nor unattend.xml", NULL, NULL, NULL,
        NULL, 0},
    {"\"sysprep\": {}", NULL, "answers", "must have one of configMap and secret", NULL, NULL, NULL,
        NULL, 0},
    {HOST_DISK("nothing", "Disk"), NULL, NULL, "No such file", NULL, NULL, NULL, NULL, 0},
    {CONFIG_MAP, NULL, NULL, "--volume-dir v=PATH", NULL, NULL, NULL, NULL, 0},
    {CONFIG_MAP, NULL, "raw.img", "is not a directory", NULL, NULL, NULL, NULL, 0},
};

/* text with DIR replaced by the directory; NULL stays NULL. Owned by the caller. */
static char *expand(const struct images *images, const char *text)
{
    const char *at = text != NULL ? strstr(text, "DIR") : NULL;
    if (at == NULL)
        return text != NULL ? xstrdup(text) : NULL;
    return xasprintf("%.*s%s%s", (int)(at - text), text, images->directory, at + 3);
}

static void check_text(const struct images *images, const char *actual, const char *expected)
{
    auto_free char *text = expand(images, expected);
    if (text == NULL) {
        assert_null(actual);
        return;
    }
    assert_non_null(actual);
    assert_string_equal(actual, text);
}

static void run_case(const struct images *images, const struct test_case *test)
{
    auto_free char *source = expand(images, test->source);
    auto_free char *text =
        xasprintf("{\"spec\": {\"domain\": {\"devices\": {\"disks\": [{\"name\": \"v\"%s%s}]}},"
                  " \"volumes\": [{\"name\": \"v\", %s}]}}",
            test->disk != NULL ? ", " : "", test->disk != NULL ? test->disk : "", source);
    auto_json json_t *vmi = json_parse(text, strlen(text), 16, NULL);
    assert_non_null(vmi);
    struct findings findings = {0};
    machine_check(vmi, &findings);
    assert_int_equal(findings.errors, 0);

    auto_free char *mapped = test->mapped != NULL ? path_of(images, test->mapped) : NULL;
    struct pair mapping = {(char[]){"v"}, mapped};
    struct pairs mappings = {&mapping, mapped != NULL ? 1 : 0};
    struct machine_volume_options options = {
        .inspect = guest_image_inspect, .work_directory = "/work"};
    if (strstr(test->source, "containerDisk") != NULL) {
        options.container_disks = mappings;
    } else if (strstr(test->source, "claimName") != NULL ||
               strstr(test->source, "dataVolume") != NULL) {
        options.pvcs = mappings;
    } else {
        options.directories = mappings;
    }
    struct machine_volumes volumes;
    int result = machine_volumes_find(vmi, &options, &volumes, &findings);
    assert_int_equal(volumes.count, 1);
    if (test->message != NULL) {
        assert_int_equal(result, -1);
        assert_int_equal(findings.count, 1);
        assert_true(text_starts_with(findings.items[0].pointer, "/spec/volumes/0"));
        auto_free char *message = expand(images, test->message);
        if (strstr(findings.items[0].message, message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", findings.items[0].message, message);
    } else {
        if (result < 0)
            fail_msg("%s: %s", test->source, findings.items[0].message);
        const struct machine_volume *volume = machine_volume_named(&volumes, "v");
        check_text(images, volume->path, test->path);
        check_text(images, volume->source, test->source_path);
        check_text(images, volume->format, test->format);
        check_text(images, volume->backing_format, test->backing_format);
        assert_int_equal(volume->capacity, test->capacity);
        assert_false(volume->block);
    }
    machine_volumes_clear(&volumes);
    findings_clear(&findings);
}

/* As nobody, because root may read and write everything. */
static void test_volumes(void **state)
{
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        run_case(*state, &cases[i]);
    if (root)
        assert_int_equal(seteuid(0), 0);
}

/* Claims with a lasting overlay: the image below it, the overlay, and what comes of it. */
static const struct {
    const char *source; /* the volume */
    const char *image; /* of --pvc; NULL: not given */
    const char *overlay; /* of --overlay */
    const char *format; /* of what is below it; NULL: an error */
    const char *message;
} overlays[] = {
    {CLAIM, "raw.img", "backed.qcow2", "raw", NULL},
    {CLAIM, "locked.img", "backed.qcow2", "raw", NULL},
    {CLAIM, "claim", "backed.qcow2", "raw", NULL},
    {"\"dataVolume\": {\"name\": \"v\"}", "plain.qcow2", "plain.qcow2", "qcow2", NULL},
    {CLAIM, NULL, "backed.qcow2", NULL, "--pvc v=PATH"},
    {CLAIM, "nothing", "backed.qcow2", NULL, "DIR/nothing: No such file"},
    {CLAIM, "backed.qcow2", "backed.qcow2", NULL, "with a backing file"},
    {CLAIM, "raw.img", "nothing", NULL, "DIR/nothing: No such file"},
    {CLAIM, "raw.img", "raw.img", NULL, "its overlay: DIR/raw.img is not a qcow2 image"},
    {CLAIM, "raw.img", "outside.qcow2", NULL, "with an external data file"},
    {CLAIM, "raw.img", "locked.img", NULL, "cannot be read and written"},
    {CLAIM, "raw.img", "claim", NULL, "neither a file nor a block device"},
    {EPHEMERAL, "raw.img", "backed.qcow2", NULL, "no claim that is kept \"v\""},
};

static void run_overlay(const struct images *images, size_t index)
{
    auto_free char *text = xasprintf("{\"spec\": {\"domain\": {\"devices\": {}}, \"volumes\":"
                                     " [{\"name\": \"v\", %s}]}}",
        overlays[index].source);
    auto_json json_t *vmi = json_parse(text, strlen(text), 16, NULL);
    auto_free char *image =
        overlays[index].image != NULL ? path_of(images, overlays[index].image) : NULL;
    auto_free char *overlay = path_of(images, overlays[index].overlay);
    struct pair image_pair = {(char[]){"v"}, image};
    struct pair overlay_pair = {(char[]){"v"}, overlay};
    const struct machine_volume_options options = {
        .pvcs = {&image_pair, image != NULL ? 1 : 0},
        .overlays = {&overlay_pair, 1},
        .inspect = guest_image_inspect,
        .check_overlay = guest_image_check_overlay,
        .work_directory = "/work",
    };
    struct machine_volumes volumes;
    struct findings findings = {0};
    int result = machine_volumes_find(vmi, &options, &volumes, &findings);
    if (overlays[index].message != NULL) {
        assert_int_equal(result, -1);
        auto_free char *message = expand(images, overlays[index].message);
        if (strstr(findings.items[0].message, message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", findings.items[0].message, message);
    } else {
        if (result < 0)
            fail_msg("%zu: %s", index, findings.items[0].message);
        assert_string_equal(volumes.items[0].path, overlay);
        assert_true(text_starts_with(volumes.items[0].source, image));
        assert_string_equal(volumes.items[0].format, "qcow2");
        assert_string_equal(volumes.items[0].backing_format, overlays[index].format);
    }
    machine_volumes_clear(&volumes);
    findings_clear(&findings);
}

static void test_overlays(void **state)
{
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    for (size_t i = 0; i < ARRAY_SIZE(overlays); i++)
        run_overlay(*state, i);
    if (root)
        assert_int_equal(seteuid(0), 0);
}

/* A relative path is below the working directory. */
static void test_relative_path(void **state)
{
    const struct images *images = *state;
    static const char text[] =
        "{\"spec\": {\"domain\": {}, \"volumes\": [{\"name\": \"v\", " CONTAINER_DISK "}]}}";
    auto_json json_t *vmi = json_parse(text, strlen(text), 16, NULL);
    auto_free char *here = getcwd(NULL, 0);
    assert_int_equal(chdir(images->directory), 0);
    static const char *const names[] = {"raw.img", "nothing"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct pair mapping = {(char[]){"v"}, (char *)names[i]};
        struct machine_volume_options options = {.container_disks = {&mapping, 1},
            .inspect = guest_image_inspect,
            .work_directory = "/work",
            .dry_run = true};
        struct machine_volumes volumes;
        struct findings findings = {0};
        assert_int_equal(machine_volumes_find(vmi, &options, &volumes, &findings), 0);
        auto_free char *expected = path_of(images, names[i]);
        assert_string_equal(volumes.items[0].source, expected);
        machine_volumes_clear(&volumes);
        findings_clear(&findings);
    }
    assert_int_equal(chdir(here), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_overlays),
        cmocka_unit_test(test_relative_path),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
