/* OVF descriptors: each file tests/data/appliance/ovf/NAME.ovf becomes the virtual machine, the
 * disks, the errors and the warnings in NAME.expected; a first comment may have the request: "name:
 * web", "system: b", "network: LAN=pod". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "appliance/ovf.h"
#include "appliance/ovf_digests.h"
#include "appliance/ovf_guest.h"
#include "appliance/ovf_image.h"
#include "appliance/ovf_label.h"
#include "appliance/ovf_media.h"
#include "appliance/ovf_units.h"
#include "appliance/ovf_xml.h"
#include "base/unused.h"
#include "base/yaml_dump.h"
#include "tests/unit/cases.h"
#include "tests/unit/directory.h"
#include "tests/unit/expected.h"

#define CASES "tests/data/appliance/ovf/"

/* The rest of the line that begins with the word in a first comment. Owned by the caller, or
 * NULL. */
static char *asked(const char *text, const char *word)
{
    const char *comment = strstr(text, "<!--");
    const char *end = comment != NULL ? strstr(comment, "-->") : NULL;
    auto_free char *begin = xasprintf("\n%s: ", word);
    const char *found = comment != NULL ? strstr(comment, begin) : NULL;
    if (found == NULL || found > end)
        return NULL;
    found += strlen(begin);
    return xstrndup(found, strcspn(found, "\n"));
}

static void describe(const struct appliance_ovf *ovf, const struct findings *findings, char **text)
{
    for (size_t i = 0; i < findings->count; i++)
        expected_append(
            text, xasprintf("%s: %s\n",
                      findings->items[i].severity == FINDING_ERROR ? "error" : "warning",
                      findings->items[i].message));
    for (size_t i = 0; i < ovf->disk_count && ovf->vm != NULL; i++) {
        const struct appliance_ovf_disk *disk = &ovf->disks[i];
        expected_append(
            text, xasprintf("disk: %s %s %s %s %lld %lld\n", disk->volume, disk->claim, disk->href,
                      text_or(disk->format, "?"), disk->capacity, disk->size));
    }
    if (ovf->vm != NULL)
        expected_append(text, yaml_dump(ovf->vm, NULL));
}

static void check_case(const char *path)
{
    auto_free char *input = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, EXPECTED_FILE_LIMIT, &input, &length, NULL), 0);
    auto_free char *name = asked(input, "name");
    auto_free char *namespace = asked(input, "namespace");
    auto_free char *system = asked(input, "system");
    auto_free char *network = asked(input, "network");
    auto_free char *text = xstrdup("");
    struct pairs networks = {0};
    struct findings findings = {0};
    struct appliance_ovf ovf;
    if (network != NULL)
        assert_int_equal(pairs_add(&networks, network, "NETWORK=NAME", NULL), 0);
    const struct appliance_ovf_request request = {
        .name = name, .namespace = namespace, .system = system, .networks = &networks};
    int result = appliance_ovf_read(&ovf, input, length, &request, &findings);
    assert_int_equal(result == 0, ovf.vm != NULL);
    assert_int_equal(result == 0, findings.errors == 0);
    describe(&ovf, &findings, &text);
    expected_compare(path, text);
    appliance_ovf_clear(&ovf);
    findings_clear(&findings);
    pairs_clear(&networks);
}

static void test_cases(UNUSED void **state)
{
    cases_run(CASES "*.ovf", check_case);
}

static void test_units(UNUSED void **state)
{
    static const struct {
        const char *number;
        const char *units;
        long long bytes; /* -1: refused */
    } cases[] = {
        {"4096", "byte * 2^20", 4096LL << 20},
        {"4096", "byte*2^20", 4096LL << 20},
        {"4", "byte * 2^30", 4LL << 30},
        {"1", "byte * 10^9", 1000000000},
        {"2", "byte * 1024 * 1024", 2 << 20},
        {"512", "MegaBytes", 512LL << 20},
        {"512", "MB", 512LL << 20},
        {"2", "gigabytes", 2LL << 30},
        {"1.5", "byte * 2^30", 3LL << 29},
        {"10737418240", "byte", 10737418240},
        {"7", NULL, 7},
        {"0", "byte", 0},
        {"-1", "byte", -1},
        {"+1", "byte", -1},
        {" 1", "byte", -1},
        {"", "byte", -1},
        {"0x10", "byte", -1},
        {"1.2.3", "byte", -1},
        {"nan", "byte", -1},
        {"1", "byte * 2^", -1},
        {"1", "byte * ", -1},
        {"1", "byte 2", -1},
        {"1", "byte * 2^99", -1},
        {"1", "byte * 2^63", -1},
        {"9999999999999999999999", "byte", -1},
        {"1", "byte * 999999^64", -1},
        {"1", "furlong", -1},
        {"1", "byte * -2", -1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        long long bytes = -1;
        bool valid = appliance_ovf_units_bytes(cases[i].number, cases[i].units, "byte", &bytes);
        if (bytes != cases[i].bytes || valid != (cases[i].bytes >= 0))
            fail_msg("%s %s: %lld", cases[i].number, cases[i].units, bytes);
    }
}

static void test_guests(UNUSED void **state)
{
    static const struct {
        struct appliance_ovf_guest guest;
        const char *preference; /* "": none */
        bool is_windows;
    } cases[] = {
        {{.vendor_type = "rhel9_64Guest"}, "rhel.9", false},
        {{.id = "80", .vendor_type = "rhel8_64Guest"}, "rhel.8", false},
        {{.id = "80", .description = "Red Hat Enterprise Linux 7 (64-bit)"}, "rhel.7", false},
        {{.id = "80", .description = "Red Hat Enterprise Linux 6 (64-bit)"}, "linux", false},
        {{.id = "80", .vendor_type = "RedHat_64", .description = "RHEL 10"}, "rhel.10", false},
        {{.vendor_type = "Fedora_64"}, "fedora", false},
        {{.id = "96", .description = "Debian_64"}, "debian", false},
        {{.id = "94"}, "ubuntu", false},
        {{.vendor_type = "ubuntu64Guest"}, "ubuntu", false},
        {{.vendor_type = "centos9_64Guest"}, "centos.stream9", false},
        {{.vendor_type = "centos7_64Guest"}, "linux", false},
        {{.vendor_type = "sles15_64Guest"}, "sles", false},
        {{.vendor_type = "opensuse64Guest"}, "opensuse.leap", false},
        {{.vendor_type = "windows9Server64Guest"}, "windows.2k16", true},
        {{.vendor_type = "windows9_64Guest"}, "windows.10", true},
        {{.vendor_type = "windows2019srv_64Guest"}, "windows.2k19", true},
        {{.vendor_type = "windows2019srvNext_64Guest"}, "windows.2k22", true},
        {{.vendor_type = "windows11_64Guest"}, "windows.11", true},
        {{.id = "1", .vendor_type = "Windows2022_64"}, "windows.2k22", true},
        {{.id = "113"}, "", true},
        {{.description = "Microsoft Windows Server 2025"}, "windows.2k25", true},
        {{.id = "101"}, "linux", false},
        {{.id = "36"}, "linux", false},
        {{.vendor_type = "darwin21_64Guest"}, "", false},
        {{.id = "not a number", .description = "FreeBSD"}, "", false},
        {{0}, "", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *found = text_or(appliance_ovf_guest_preference(&cases[i].guest), "");
        if (!streq(found, cases[i].preference) ||
            appliance_ovf_guest_is_windows(&cases[i].guest) != cases[i].is_windows)
            fail_msg("case %zu: %s", i, found);
    }
}

static void test_names(UNUSED void **state)
{
    static const char *const safe[] = {
        "disk.vmdk", "a/b.vmdk", "my disk (1).vmdk", "..x", "x..", ".hidden", "a/..b"};
    static const char *const unsafe[] = {"", "/etc/passwd", "../x", "a/../x", "a/..", "..", "a//b",
        "http://host/x", "a\\b", "a\nb", "a/", "\x7f"};
    for (size_t i = 0; i < ARRAY_SIZE(safe); i++)
        assert_true(appliance_ovf_name_is_safe(safe[i]));
    for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++)
        assert_false(appliance_ovf_name_is_safe(unsafe[i]));
    static const char *const labels[][2] = {{"My Server_01", "my-server-01"}, {"--", "other"},
        {NULL, "other"}, {"ümlaut", "mlaut"},
        {"a234567890123456789012345678901234567890123456789012345678901234-x",
            "a23456789012345678901234567890123456789012345678901234567890123"},
        {"a2345678901234567890123456789012345678901234567890123456789012 x",
            "a2345678901234567890123456789012345678901234567890123456789012"}};
    for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
        auto_free char *label = appliance_ovf_label(labels[i][0], "other");
        assert_string_equal(label, labels[i][1]);
    }
}

/* Documents that are refused before anything of them counts. */
static void test_refused_documents(UNUSED void **state)
{
    static const struct {
        const char *xml;
        const char *says;
    } cases[] = {
        {"<!DOCTYPE e [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><e>&x;</e>", "document type"},
        {"<!DOCTYPE e [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><e>&b;</e>", "document type"},
        {"<!DOCTYPE e SYSTEM \"http://host/e.dtd\"><e/>", "document type"},
        {"<e/>", "must be an Envelope"},
        {"<Envelope xmlns=\"urn:other\"/>", "must be an Envelope"},
        {"<Envelope", "line 1"},
        {"", ""},
        {"\xff\xfe<\0e\0", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        auto_ovf_xml xmlDoc *document =
            appliance_ovf_xml_read(cases[i].xml, strlen(cases[i].xml), &error);
        assert_null(document);
        if (strstr(error->message, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].xml, error->message);
    }
}

/* The same in UTF-16, where no byte search finds it. */
static void test_document_type_in_utf16(UNUSED void **state)
{
    static const char plain[] =
        "<?xml version=\"1.0\" encoding=\"UTF-16LE\"?><!DOCTYPE e [<!ENTITY a \"a\">]><e>&a;</e>";
    char wide[2 * sizeof(plain)] = "\xff\xfe";
    for (size_t i = 0; i < sizeof(plain) - 1; i++)
        wide[2 + 2 * i] = plain[i];
    auto_error struct error *error = NULL;
    assert_null(appliance_ovf_xml_read(wide, 2 * sizeof(plain), &error));
    assert_non_null(strstr(error->message, "document type"));
}

static void test_depth(UNUSED void **state)
{
    static const char head[] = "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\">";
    for (int depth = APPLIANCE_OVF_MAX_DEPTH; depth <= APPLIANCE_OVF_MAX_DEPTH + 1; depth++) {
        auto_free char *text = xstrdup(head);
        for (int i = 1; i < depth; i++)
            expected_append(&text, xstrdup("<a>"));
        for (int i = 1; i < depth; i++)
            expected_append(&text, xstrdup("</a>"));
        expected_append(&text, xstrdup("</Envelope>"));
        auto_error struct error *error = NULL;
        auto_ovf_xml xmlDoc *document = appliance_ovf_xml_read(text, strlen(text), &error);
        assert_int_equal(document != NULL, depth == APPLIANCE_OVF_MAX_DEPTH);
    }
    auto_free char *large = xcalloc(1, APPLIANCE_OVF_MAX_BYTES + 2);
    auto_error struct error *error = NULL;
    memset(large, ' ', APPLIANCE_OVF_MAX_BYTES + 1);
    assert_null(appliance_ovf_xml_read(large, APPLIANCE_OVF_MAX_BYTES + 1, &error));
    assert_non_null(strstr(error->message, "at most 4194304"));
}

static void test_digests(UNUSED void **state)
{
    static const char text[] =
        "SHA256(web.ovf)= 0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
        "\n"
        "sha1(a (copy).vmdk) =0123456789abcdef0123456789abcdef01234567";
    struct appliance_ovf_digests digests;
    assert_int_equal(appliance_ovf_digests_read(&digests, text, strlen(text), NULL), 0);
    assert_int_equal(digests.count, 2);
    const struct appliance_ovf_digest *first = appliance_ovf_digests_find(&digests, "web.ovf");
    const struct appliance_ovf_digest *second =
        appliance_ovf_digests_find(&digests, "a (copy).vmdk");
    assert_int_equal(first->algorithm, APPLIANCE_OVF_SHA256);
    assert_string_equal(
        first->digits, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_int_equal(second->algorithm, APPLIANCE_OVF_SHA1);
    assert_null(appliance_ovf_digests_find(&digests, "b"));
    appliance_ovf_digests_clear(&digests);

    static const char *const wrong[] = {"SHA256(a)= 01", "MD5(a)= 01", "SHA1 a= 01",
        "SHA1()= 0123456789abcdef0123456789abcdef01234567",
        "SHA1(a)= 0123456789abcdef0123456789abcdef0123456g",
        "SHA1(a)= 0123456789abcdef0123456789abcdef01234567 x"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        auto_error struct error *error = NULL;
        assert_int_equal(
            appliance_ovf_digests_read(&digests, wrong[i], strlen(wrong[i]), &error), -1);
        assert_non_null(strstr(error->message, "line 1: "));
        appliance_ovf_digests_clear(&digests);
    }
}

/* Images by their first bytes; at 0x200 is what QEMU reads as a VMDK's descriptor. */
static void test_images(void **state)
{
    static const unsigned char vmdk_head[] = {'K', 'D', 'M', 'V', 3, 0, 0, 0, 0, 0, 3, 0, 8, 0};
    static const unsigned char no_disk[] = {'K', 'D', 'M', 'V', 3};
    static const unsigned char backed[] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 2, 0};
    static const unsigned char vhd_diff[61 + 3] = {
        'c', 'o', 'n', 'e', 'c', 't', 'i', 'x', [63] = 4};
    static const struct {
        const void *head;
        size_t length;
        const char *descriptor; /* at 0x200, or NULL */
        const char *declared;
        const char *format; /* NULL: refused, and */
        const char *says;
    } cases[] = {
        {vmdk_head, sizeof(vmdk_head), "parentCID=ffffffff\ncreateType=\"streamOptimized\"\n",
            "vmdk", "vmdk", NULL},
        {vmdk_head, sizeof(vmdk_head), "CID=1\nparentCID=12345678\n", "vmdk", NULL,
            "backing chain"},
        {vmdk_head, sizeof(vmdk_head), "x parentFileNameHint=\"/etc/passwd\"\n", "vmdk", NULL,
            "backing chain"},
        {vmdk_head, sizeof(vmdk_head), "createType=\"monolithicFlat\"\n", NULL, NULL,
            "other files"},
        {vmdk_head, sizeof(vmdk_head), NULL, "qcow2", NULL, "the descriptor says qcow2"},
        {no_disk, sizeof(no_disk), NULL, "vmdk", NULL, "other files"},
        {"# Disk DescriptorFile\n", 22, NULL, "vmdk", NULL, "other files"},
        {"COWD", 4, NULL, "vmdk", NULL, "other files"},
        {backed, sizeof(backed), NULL, NULL, NULL, "backing file"},
        {"QFI\xfb\0\0\0\x2", 8, NULL, NULL, "qcow2", NULL},
        {vhd_diff, sizeof(vhd_diff), NULL, "vpc", NULL, "differencing VHD"},
        {"anything", 8, NULL, NULL, "raw", NULL},
        {"anything", 8, NULL, "vmdk", NULL, "of the format raw"},
        {"", 0, NULL, NULL, NULL, "is empty"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *path = file_join(*state, "image");
        char data[4096] = {0};
        const char *format = NULL;
        auto_error struct error *error = NULL;
        memcpy(data, cases[i].head, cases[i].length);
        if (cases[i].descriptor != NULL)
            memcpy(data + 512, cases[i].descriptor, strlen(cases[i].descriptor));
        size_t size = cases[i].descriptor != NULL ? sizeof(data) : cases[i].length;
        assert_int_equal(file_write(path, data, size, 0600, NULL), 0);
        int result = appliance_ovf_image_inspect(path, "x", cases[i].declared, &format, &error);
        assert_int_equal(result == 0, cases[i].format != NULL);
        if (result == 0)
            assert_string_equal(format, cases[i].format);
        else if (strstr(error->message, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, error->message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_guests),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused_documents),
        cmocka_unit_test(test_document_type_in_utf16),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_digests),
        IN_DIRECTORY(test_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
