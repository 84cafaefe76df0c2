/* Validating domains against libvirt's RELAX NG schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/unused.h"
#include "domain/identity.h"
#include "domain/schema.h"

/* Loads libvirt's schema, or skips the test with a message if libvirt is not installed. */
static struct domain_schema *load_libvirt_schema(void)
{
    if (access(DOMAIN_SCHEMA_PATH, R_OK) < 0) {
        print_message("skipped: %s is not there (package libvirt0)\n", DOMAIN_SCHEMA_PATH);
        skip();
    }
    auto_error struct error *error = NULL;
    struct domain_schema *schema = domain_schema_load(DOMAIN_SCHEMA_PATH, &error);
    if (schema == NULL)
        fail_msg("%s", error->message);
    return schema;
}

#define HEAD "<domain type='kvm'><name>a</name><memory unit='KiB'>1024</memory>"
#define OS "<os><type arch='x86_64' machine='q35'>hvm</type></os>"

#define QEMU_ARG                                                                                   \
    "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg "                        \
    "value='-S'/></commandline>"

static void test_check(UNUSED void **state)
{
    static const struct {
        const char *xml;
        const char *message; /* NULL: it is valid */
    } cases[] = {
        {HEAD OS "</domain>", NULL},
        {HEAD OS "<devices><disk type='file' device='disk'><source file='/a.img'/>"
                 "<target dev='vda' bus='virtio'/></disk></devices></domain>",
            NULL},
        /* KubeVirt's form, and what several hooks add, is valid beyond the schema. */
        {HEAD OS "<sysinfo type='smbios'><system><entry name='sku'/></system><bios/><baseBoard/>"
                 "<chassis/></sysinfo></domain>",
            NULL},
        {HEAD OS "<devices><disk type='file'><source file='/a.img'/><target dev='vda'/>"
                 "<filesystemOverhead>0.055</filesystemOverhead><capacity>1</capacity></disk>"
                 "</devices></domain>",
            NULL},
        {HEAD OS QEMU_ARG QEMU_ARG "<metadata/><metadata/></domain>", NULL},
        {HEAD OS "<memoryBacking><access mode='shared'/></memoryBacking>"
                 "<memoryBacking><access mode='private'/></memoryBacking></domain>",
            "memoryBacking"},
        {HEAD OS "<sysinfo type='smbios'><baseBoard><entry name='nonsense'>1</entry></baseBoard>"
                 "</sysinfo></domain>",
            "sysinfo"},
        {HEAD OS "\n<sysinfo type='smbios'><bios/></sysinfo>\n<nonsense/></domain>", "line 3"},
        {"<domain><name>a</name></domain>", "not valid by libvirt's schema"},
        {HEAD OS "\n\n<devices><disk type='file'><target dev='vda' bus='virtoi'/></disk>"
                 "</devices></domain>",
            "line 3"},
        {HEAD OS "<nonsense/></domain>", "nonsense"},
        {HEAD OS, "line 1"},
        {"<!DOCTYPE domain>" HEAD OS "</domain>", "document type"},
    };
    struct domain_schema *schema = load_libvirt_schema();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        int result = domain_schema_check(schema, cases[i].xml, strlen(cases[i].xml), &error);
        if (cases[i].message == NULL) {
            if (result < 0)
                fail_msg("%s: %s", cases[i].xml, error->message);
            continue;
        }
        assert_int_equal(result, -1);
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error->message, cases[i].message);
    }
    domain_schema_free(schema);
}

static void test_large_document(UNUSED void **state)
{
    struct domain_schema *schema = load_libvirt_schema();
    size_t length = DOMAIN_TREE_MAX_BYTES + 1;
    static const char start[] = "<domain><name>a</name></domain>";
    auto_free char *xml = xmalloc(length);
    memset(xml, ' ', length);
    memcpy(xml, start, sizeof(start) - 1);
    auto_error struct error *error = NULL;
    assert_int_equal(domain_schema_check(schema, xml, length, &error), -1);
    assert_non_null(strstr(error->message, "at most 2097152 are allowed here"));
    domain_schema_free(schema);
}

static void test_schema_that_is_not_there(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    assert_null(domain_schema_load("/no/such/domain.rng", &error));
    assert_int_equal(error->class, ERROR_IO);
    assert_string_equal(error->message,
        "loading the domain schema /no/such/domain.rng (libvirt's package libvirt0 or "
        "libvirt-libs has it): No such file or directory");
}

static void test_schema_that_is_none(UNUSED void **state)
{
    static const char *const texts[] = {"", "<grammar", "<other/>"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char path[] = "/tmp/hookline-schema-XXXXXX";
        int file = mkstemp(path);
        assert_int_equal(write(file, texts[i], strlen(texts[i])), strlen(texts[i]));
        close(file);
        auto_error struct error *error = NULL;
        struct domain_schema *schema = domain_schema_load(path, &error);
        unlink(path);
        assert_null(schema);
        assert_int_equal(error->class, ERROR_INPUT);
        assert_non_null(strstr(error->message, path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_large_document),
        cmocka_unit_test(test_schema_that_is_not_there),
        cmocka_unit_test(test_schema_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
