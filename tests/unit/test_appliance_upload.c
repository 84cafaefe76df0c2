/* Uploads: the objects, what their statuses say, and the formats of images. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "appliance/image.h"
#include "appliance/upload.h"
#include "appliance_look.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"

static const struct appliance_upload upload = {.namespace = "images",
    .name = "fedora",
    .disk_bytes = (1 << 30) + 1,
    .storage_class = "fast",
    .access_mode = "ReadWriteMany",
    .volume_mode = "Block",
    .instancetype = "u1.small",
    .fingerprint = "f"};

static void test_objects(UNUSED void **state)
{
    auto_json json_t *volume = appliance_upload_volume(&upload);
    auto_json json_t *spec = json_loads(
        "{\"source\": {\"upload\": {}}, \"storage\": {\"resources\": {\"requests\": {\"storage\":"
        " \"1025Mi\"}}, \"storageClassName\": \"fast\", \"volumeMode\": \"Block\", \"accessModes\":"
        " [\"ReadWriteMany\"]}}",
        0, NULL);
    assert_true(json_equal(json_object_get(volume, "spec"), spec));
    assert_string_equal(json_get_string(json_pointer_get(volume, "/metadata/labels"),
                            "instancetype.kubevirt.io/default-instancetype"),
        "u1.small");
    auto_json json_t *source = appliance_upload_source(&upload);
    auto_json json_t *claim = json_loads(
        "{\"source\": {\"pvc\": {\"namespace\": \"images\", \"name\": \"fedora\"}}}", 0, NULL);
    assert_true(json_equal(json_object_get(source, "spec"), claim));
    auto_json json_t *token = appliance_upload_token_request(&upload);
    assert_string_equal(json_get_string(json_object_get(token, "spec"), "pvcName"), "fedora");
}

static void test_the_same(UNUSED void **state)
{
    static const struct {
        const char *phase;
        bool same;
    } cases[] = {
        {"", true},
        {"UploadReady", true},
        {"UploadScheduled", true},
        {"Succeeded", true},
        {"Failed", false},
    };
    auto_json json_t *ours = appliance_upload_volume(&upload);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *volume = appliance_upload_volume(&upload);
        json_object_set_new(volume, "status", json_pack("{s:s}", "phase", cases[i].phase));
        assert_int_equal(appliance_upload_same(volume, ours), cases[i].same);
    }
    struct appliance_upload larger = upload;
    struct appliance_upload other_file = upload;
    larger.disk_bytes *= 2;
    other_file.fingerprint = "g";
    auto_json json_t *large = appliance_upload_volume(&larger);
    auto_json json_t *other = appliance_upload_volume(&other_file);
    auto_json json_t *imported =
        json_loads("{\"spec\": {\"source\": {\"http\": {}}, \"pvc\": {\"resources\": {\"requests\":"
                   " {\"storage\": \"1025Mi\"}}}}, \"status\": {\"phase\": \"Succeeded\"}}",
            0, NULL);
    auto_free char *what = appliance_upload_describe(imported);
    assert_false(appliance_upload_same(large, ours));
    assert_false(appliance_upload_same(other, ours));
    assert_false(appliance_upload_same(imported, ours));
    assert_string_equal(what, "of 1025Mi, from source http, in phase Succeeded");
    auto_free char *one = appliance_upload_fingerprint("abc", 3, 10);
    auto_free char *two = appliance_upload_fingerprint("abc", 3, 11);
    assert_string_not_equal(one, two);
    assert_true(text_starts_with(one, "10 bytes, beginning sha256:ba7816bf"));
}

#define VOLUME(phase, conditions)                                                                  \
    "{\"status\": {\"phase\": \"" phase "\", \"conditions\": [" conditions "]}}"
#define CONDITION(type, status, reason, message)                                                   \
    "{\"type\": \"" type "\", \"status\": \"" status "\", \"reason\": \"" reason                   \
    "\", \"message\": \"" message "\"}"

static void test_statuses(UNUSED void **state)
{
    static const struct look_case ready[] = {
        {"{}", 0, "not begun yet"},
        {VOLUME("Pending", CONDITION("Bound", "False", "Pending", "PVC fedora Pending")), 0,
            "Pending: PVC fedora Pending"},
        {VOLUME("Pending", CONDITION("Bound", "False", "ErrClaimNotValid", "no accessMode")), -1,
            "it cannot be made: Bound is False (no accessMode)"},
        {VOLUME("UploadScheduled", CONDITION("Bound", "True", "Bound", "PVC fedora Bound")), 0,
            "UploadScheduled"},
        {VOLUME("UploadReady", ""), 1, NULL},
        {VOLUME("Succeeded", ""), 1, NULL},
        {VOLUME("Failed", CONDITION("Ready", "False", "Error", "no node")), -1,
            "it failed: Ready is False (no node)"},
        {"{\"metadata\": {\"deletionTimestamp\": \"2026-11-30T06:00:00Z\"}}", -1,
            "it is being deleted"},
    };
    static const struct look_case done[] = {
        {VOLUME("UploadReady", CONDITION("Running", "True", "Pod is running", "")), 0,
            "UploadReady"},
        {VOLUME("UploadScheduled",
             CONDITION("Running", "False", "Error", "Unable to process data: not a qcow2 image")),
            -1, "CDI cannot process the image: Unable to process data: not a qcow2 image"},
        {VOLUME("Succeeded", CONDITION("Running", "False", "Completed", "Upload Complete")), 1,
            NULL},
    };
    static const struct look_case source[] = {
        {"{}", 0, "not begun yet"},
        {VOLUME("", CONDITION("Ready", "False", "NotFound", "PVC not found")), 0,
            "not ready yet: PVC not found"},
        {VOLUME("", CONDITION("Ready", "True", "Ready", "")), 1, NULL},
    };
    look_check(appliance_upload_look_ready, ready, ARRAY_SIZE(ready));
    look_check(appliance_upload_look_done, done, ARRAY_SIZE(done));
    look_check(appliance_upload_look_source, source, ARRAY_SIZE(source));
}

/* A file: bytes at an offset. */
struct piece {
    size_t offset;
    const char *bytes;
    size_t length;
};

#define PIECE(offset, bytes)                                                                       \
    {                                                                                              \
        offset, bytes, sizeof(bytes) - 1                                                           \
    }

static void test_images(UNUSED void **state)
{
    static const struct {
        struct piece pieces[3];
        uint64_t file_bytes;
        const char *format;
        uint64_t disk_bytes;
    } cases[] = {
        {{PIECE(0, "QFI\xfb\0\0\0\3"), PIECE(24, "\0\0\0\0\x40\0\0\0")}, 200000, "qcow2", 1 << 30},
        {{PIECE(0, "KDMV"), PIECE(12, "\0\x08\0\0\0\0\0\0")}, 200001, "vmdk", 1 << 20},
        {{PIECE(64, "\x7f\x10\xda\xbe"), PIECE(368, "\0\0\x10\0\0\0\0\0")}, 900000, "vdi", 1 << 20},
        {{PIECE(0, "conectix"), PIECE(48, "\0\0\0\0\0\x10\0\0")}, 900000, "vhd", 1 << 20},
        {{PIECE(0, "vhdxfile")}, 900000, "vhdx", 0},
        {{PIECE(0, "\x1f\x8b\x08")}, 12345, "gzip", 0},
        {{PIECE(0, "\xfd"
                   "7zXZ\0")},
            12345, "xz", 0},
        {{PIECE(0, "\x28\xb5\x2f\xfd")}, 12345, "zstd", 0},
        {{PIECE(32769, "CD001")}, 1 << 20, "iso", 1 << 20},
        {{PIECE(510, "\x55\xaa")}, 1 << 20, "raw", 1 << 20},
        {{PIECE(1080, "\x53\xef")}, 1 << 20, "raw", 1 << 20},
        {{PIECE(65600, "_BHRfS_M")}, 1 << 20, "raw", 1 << 20},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *head = xcalloc(1, APPLIANCE_IMAGE_HEAD);
        struct appliance_image image;
        for (size_t j = 0; j < ARRAY_SIZE(cases[i].pieces); j++) {
            const struct piece *piece = &cases[i].pieces[j];
            if (piece->bytes != NULL)
                memcpy(head + piece->offset, piece->bytes, piece->length);
        }
        size_t length = cases[i].file_bytes < APPLIANCE_IMAGE_HEAD ? (size_t)cases[i].file_bytes
                                                                   : APPLIANCE_IMAGE_HEAD;
        assert_int_equal(
            appliance_image_detect(head, length, cases[i].file_bytes, false, &image, NULL), 0);
        assert_string_equal(image.format, cases[i].format);
        assert_int_equal(image.disk_bytes, cases[i].disk_bytes);
    }
}

/* The head of a qcow2 image with these incompatible features. */
#define ZEROS_16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define QCOW2_V3_WITH(features)                                                                    \
    "QFI\xfb\0\0\0\3" ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 "\0\0\0\0\0\0\0" features

static void test_files_that_are_no_images(UNUSED void **state)
{
    static const struct {
        const char *head;
        size_t length;
        uint64_t file_bytes;
        bool any;
        const char *message; /* its beginning; NULL: it is taken */
    } cases[] = {
        {"", 0, 0, true, "it is empty"},
        {"hello, world", 12, 12, false, "it is not a disk image that is known"},
        {"hello, world", 12, 12, true, "it is a raw disk of 12 bytes"},
        {"hello, world", 12, 1024, true, NULL},
        {"PK\x03\x04", 4, 4096, false, "it is not a disk image: it is a ZIP archive"},
        {"#!/bin/sh", 9, 9, true, "it is not a disk image: it is a script"},
        {"QFI\xfb\0\0\0\3\0\0\0\0\0\0\x02\0", 16, 200000, false,
            "it is a qcow2 image with a backing file"},
        {QCOW2_V3_WITH("\4"), 80, 200000, true,
            "it is a qcow2 image with its data in another file"},
        {QCOW2_V3_WITH("\3"), 80, 200000, false, NULL},
        {"# Disk DescriptorFile\n", 22, 22, true,
            "it is not a disk image: it is the descriptor of a VMDK"},
        {"QFI\xfb", 4, 4, false, NULL},
        {"KDMV", 4, 4, false, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct appliance_image image;
        auto_error struct error *error = NULL;
        int result = appliance_image_detect(
            cases[i].head, cases[i].length, cases[i].file_bytes, cases[i].any, &image, &error);
        assert_int_equal(result, cases[i].message == NULL ? 0 : -1);
        if (error != NULL && !text_starts_with(error->message, cases[i].message))
            fail_msg("%s", error->message);
    }
    auto_free char *tar = xcalloc(1, 512);
    struct appliance_image image;
    auto_error struct error *error = NULL;
    memcpy(tar + 257, "ustar", 5);
    assert_int_equal(appliance_image_detect(tar, 512, 10240, false, &image, &error), -1);
    assert_non_null(strstr(error->message, "hookctl appliance import"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_files_that_are_no_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
