/* What several hooks add side by side is merged, or named when it does not go together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/memory.h"
#include "base/unused.h"
#include "domain/identity.h"
#include "domain/merge.h"
#include "domain/parts.h"

#define QEMU "http://libvirt.org/schemas/domain/qemu/1.0"
#define HEAD "<domain type=\"qemu\" xmlns:qemu=\"" QEMU "\">\n\t<name>a</name>\n"
#define BARE "<domain>\n\t<name>a</name>\n"

static const struct {
    const char *xml;
    const char *expected; /* NULL: the same bytes */
    const char *clash; /* NULL: none */
} cases[] = {
    {HEAD "\t<qemu:commandline>\n\t\t<qemu:arg value=\"-a\"></qemu:arg>\n\t</qemu:commandline>\n"
          "</domain>\n",
        NULL, NULL},
    /* Arguments stay in order, also equal ones, whatever the prefix. */
    {HEAD "<qemu:commandline><qemu:arg value='-a'/><qemu:arg value='-b'/></qemu:commandline>"
          "<vcpu>1</vcpu>"
          "<commandline xmlns='" QEMU "'><arg value='-a'/><env name='x'/></commandline></domain>",
        HEAD "\t<qemu:commandline>\n\t\t<qemu:arg value=\"-a\"></qemu:arg>\n"
             "\t\t<qemu:arg value=\"-b\"></qemu:arg>\n\t\t<qemu:arg value=\"-a\"></qemu:arg>\n"
             "\t\t<qemu:env name=\"x\"></qemu:env>\n\t</qemu:commandline>\n\t<vcpu>1</vcpu>\n"
             "</domain>",
        NULL},
    /* A prefix that only the later element declares is declared again. */
    {"<domain><name>a</name><metadata><a:x xmlns:a='urn:a'/></metadata>"
     "<metadata xmlns:b='urn:b'><b:y b:c='1'/></metadata></domain>",
        BARE "\t<metadata>\n\t\t<a:x xmlns:a=\"urn:a\"></a:x>\n"
             "\t\t<b:y b:c=\"1\" xmlns:b=\"urn:b\"></b:y>\n\t</metadata>\n</domain>",
        NULL},
    {"<domain><name>a</name><metadata><a:x xmlns:a='urn:a'>1</a:x></metadata>"
     "<metadata><a:x xmlns:a='urn:a'>1</a:x></metadata></domain>",
        BARE "\t<metadata>\n\t\t<a:x xmlns:a=\"urn:a\">1</a:x>\n\t</metadata>\n</domain>", NULL},
    {"<domain><name>a</name><metadata><a:x xmlns:a='urn:a'>1</a:x></metadata>"
     "<metadata><b:x xmlns:b='urn:a'>2</b:x></metadata></domain>",
        NULL, "<metadata> has two different elements of the namespace \"urn:a\""},
    {"<domain><name>a</name><metadata><a:x xmlns:a='urn:a'>1</a:x><a:x xmlns:a='urn:a'/>"
     "</metadata></domain>",
        NULL, "<metadata> has two different elements of the namespace \"urn:a\""},
    /* Two hooks that both want shared memory. */
    {"<domain><name>a</name><memoryBacking><source type='memfd'/><access mode='shared'/>"
     "</memoryBacking><memoryBacking><access mode='shared'/><locked/></memoryBacking></domain>",
        BARE "\t<memoryBacking>\n\t\t<source type=\"memfd\"></source>\n"
             "\t\t<access mode=\"shared\"></access>\n\t\t<locked></locked>\n\t</memoryBacking>\n"
             "</domain>",
        NULL},
    {"<domain><name>a</name><memoryBacking><access mode='shared'/></memoryBacking>"
     "<memoryBacking><access mode='private'/></memoryBacking></domain>",
        NULL, "<memoryBacking> has two different <access>"},
    {"<domain><name>a</name><devices><rng/></devices><devices><rng/><tpm/></devices></domain>",
        BARE "\t<devices>\n\t\t<rng></rng>\n\t\t<rng></rng>\n\t\t<tpm></tpm>\n\t</devices>\n"
             "</domain>",
        NULL},
    /* libvirt may have several of these. */
    {"<domain><name>a</name><seclabel/><seclabel/></domain>", NULL, NULL},
    {"<domain><name>a</name><sysinfo type='fwcfg'><entry name='opt/a'>1</entry></sysinfo>"
     "<sysinfo type='fwcfg'><entry name='opt/b'>2</entry></sysinfo>"
     "<sysinfo type='smbios'><bios/></sysinfo></domain>",
        NULL, NULL},
    /* Of these, one. */
    {"<domain><name>a</name><cpu/><title>b</title><cpu/><title>b</title></domain>",
        BARE "\t<cpu></cpu>\n\t<title>b</title>\n</domain>", NULL},
    {"<domain><name>a</name><title>b</title><title>c</title></domain>", NULL,
        "<domain> has two different <title>"},
    {"<domain><name>a</name><cputune><shares>1</shares></cputune>"
     "<cputune><period>1000</period></cputune></domain>",
        NULL, "<domain> has two different <cputune>"},
    {"<domain><name>a</name><cpu mode='host-model'/><cpu mode='maximum'/></domain>", NULL,
        "<domain> has two different <cpu>"},
    {HEAD "<qemu:capabilities><qemu:add capability='a'/></qemu:capabilities>"
          "<qemu:capabilities><qemu:add capability='b'/></qemu:capabilities></domain>",
        NULL, "<domain> has two different <qemu:capabilities>"},
    {"<domain><name>a</name><sysinfo type='smbios'><system><entry name='sku'>1</entry></system>"
     "</sysinfo><sysinfo type='smbios'><chassis><entry name='asset'>2</entry></chassis></sysinfo>"
     "</domain>",
        NULL, "<domain> has two different <sysinfo type=\"smbios\">"},
    {"<domain><name>a</name><devices><rng/><emulator>/a</emulator></devices>"
     "<devices><rng/><emulator>/b</emulator></devices></domain>",
        NULL, "<devices> has two different <emulator>"},
    {"<domain><name>a</name><devices><memballoon model='virtio'/><rng/>"
     "<memballoon model='none'/></devices></domain>",
        NULL, "<devices> has two different <memballoon>"},
    {"<domain><name>a</name><devices><memballoon model='none'/></devices>"
     "<devices><rng/><memballoon model='none'/></devices></domain>",
        BARE "\t<devices>\n\t\t<memballoon model=\"none\"></memballoon>\n\t\t<rng></rng>\n"
             "\t</devices>\n</domain>",
        NULL},
    /* What has an attribute is not moved, but it does not hide a clash. */
    {"<domain><name>a</name><devices><rng/></devices><devices x='1'><rng/></devices></domain>",
        NULL, NULL},
    {"<domain><name>a</name><features><acpi/></features>"
     "<features x='1'><pae/></features></domain>",
        NULL, NULL},
    {"<domain><name>a</name><features x='1'><hyperv mode='custom'/></features>"
     "<features><hyperv mode='passthrough'/></features></domain>",
        NULL, "<features> has two different <hyperv>"},
    {"<domain><name>a</name><devices><emulator>/a</emulator></devices>"
     "<devices x='1'><emulator>/b</emulator></devices></domain>",
        NULL, "<devices> has two different <emulator>"},
    /* Equal is what has the same namespaces, not the same prefixes. */
    {"<domain><name>a</name><metadata xmlns:a='urn:a' xmlns:b='urn:b1'><a:x><b:y/></a:x>"
     "</metadata><metadata xmlns:a='urn:a' xmlns:b='urn:b2'><a:x><b:y/></a:x></metadata></domain>",
        NULL, "<metadata> has two different elements of the namespace \"urn:a\""},
    {"<domain><name>a</name><metadata xmlns:a='urn:a'><a:x c='1' d='2' a:c='3'>t<y/></a:x>"
     "</metadata><metadata><x xmlns='urn:a' xmlns:e='urn:a' e:c='3' d='2' c='1'>t<!--why-->"
     "<y xmlns=''/></x></metadata></domain>",
        BARE "\t<metadata xmlns:a=\"urn:a\">\n"
             "\t\t<a:x c=\"1\" d=\"2\" a:c=\"3\">t<y></y></a:x>\n\t</metadata>\n</domain>",
        NULL},
    {"<domain><name>a</name><metadata><x xmlns='urn:a' c='1'/></metadata>"
     "<metadata><x xmlns='urn:a' xmlns:a='urn:a' a:c='1'/></metadata></domain>",
        NULL, "<metadata> has two different elements of the namespace \"urn:a\""},
    {"<domain><name>a</name><metadata><x xmlns='urn:a'><y>1</y></x></metadata>"
     "<metadata><x xmlns='urn:a'><y/>1</x></metadata></domain>",
        NULL, "<metadata> has two different elements of the namespace \"urn:a\""},
    {"<domain><name>a</name><metadata><x xmlns='urn:a' c='1'/></metadata>"
     "<metadata><x xmlns='urn:a' c='1' d=''/></metadata></domain>",
        NULL, "<metadata> has two different elements of the namespace \"urn:a\""},
};

static void test_merge(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *xml = cases[i].xml;
        const char *expected = cases[i].expected != NULL ? cases[i].expected : xml;
        auto_error struct error *error = NULL;
        struct domain_clash clash = {0};
        size_t length = 0;
        auto_free char *text = domain_merge(xml, strlen(xml), &length, &clash, &error);
        assert_null(error);
        if (cases[i].clash != NULL) {
            assert_null(text);
            assert_string_equal(clash.text, cases[i].clash);
        } else {
            assert_non_null(text);
            assert_null(clash.text);
            assert_string_equal(text, expected);
            assert_int_equal(length, strlen(expected));
        }
        domain_clash_clear(&clash);
    }
}

static void only_what_is_there_twice_is_repeated(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool attributes = strstr(cases[i].xml, " x='1'") != NULL;
        bool expected = cases[i].expected != NULL || cases[i].clash != NULL || attributes;
        assert_int_equal(
            domain_parts_read(cases[i].xml, strlen(cases[i].xml), NULL, NULL), expected);
    }
}

static void collect(void *user, const char *part)
{
    utstring_printf((UT_string *)user, "%s;", part);
}

static void parts_have_names(UNUSED void **state)
{
    static const char xml[] = "<domain><name>a</name><metadata><a:x xmlns:a='urn:a'><a:in/></a:x>"
                              "<y/></metadata><devices><rng/><emulator/></devices>"
                              "<title/><sysinfo type='smbios'/><sysinfo type='fwcfg'/>"
                              "<features><acpi/><acpi/></features></domain>";
    UT_string names;
    utstring_init(&names);
    domain_parts_read(xml, strlen(xml), collect, &names);
    assert_string_equal(utstring_body(&names),
        "metadata urn:a;metadata ;devices emulator;title;sysinfo type=\"smbios\";features acpi;");
    utstring_done(&names);
}

/* Many elements cost time in proportion: this takes minutes if each is compared with each. */
static void many_elements_are_merged(UNUSED void **state)
{
    enum { COUNT = 40000 };
    static const char each[] = "<metadata><a:x xmlns:a='urn:a'/></metadata>";
    static const char end[] = "</domain>";
    size_t room = strlen(BARE) + COUNT * strlen(each) + sizeof(end);
    auto_free char *xml = xcalloc(room, 1);
    char *at = stpcpy(xml, BARE);
    for (size_t i = 0; i < COUNT; i++)
        at = stpcpy(at, i % 200 == 0 ? each : "<metadata></metadata>");
    stpcpy(at, end);
    struct domain_clash clash = {0};
    size_t length = 0;
    auto_free char *text = domain_merge(xml, strlen(xml), &length, &clash, NULL);
    assert_non_null(text);
    assert_string_equal(
        text, BARE "\t<metadata>\n\t\t<a:x xmlns:a=\"urn:a\"></a:x>\n\t</metadata>\n</domain>");
}

static void large_documents_are_told(UNUSED void **state)
{
    size_t length = DOMAIN_TREE_MAX_BYTES + 1;
    auto_free char *xml = xmalloc(length);
    memset(xml, ' ', length);
    memcpy(xml, BARE "</domain>", strlen(BARE "</domain>"));
    auto_error struct error *error = NULL;
    struct domain_clash clash = {0};
    assert_null(domain_merge(xml, length, &length, &clash, &error));
    assert_null(clash.text);
    assert_non_null(strstr(error->message, "merged in at most 2097152 bytes (2 MiB)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(only_what_is_there_twice_is_repeated),
        cmocka_unit_test(parts_have_names),
        cmocka_unit_test(many_elements_are_merged),
        cmocka_unit_test(large_documents_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
