/* What KubeVirt's form has beyond libvirt's schema is put right, and nothing else is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "domain/surplus.h"

#define HEAD "<domain type=\"qemu\">\n\t<name>a</name>\n\t"
#define SYSTEM                                                                                     \
    "<sysinfo type=\"smbios\">\n\t\t<system>\n\t\t\t<entry name=\"sku\"></entry>\n\t\t</system>"

static const struct {
    const char *xml;
    const char *expected; /* NULL: the same bytes */
} cases[] = {
    {HEAD "<memory>1</memory><maxMemory unit='b' slots='0'>4</maxMemory></domain>",
        HEAD "<memory>1</memory>\n</domain>"},
    {HEAD "<memory>1</memory><maxMemory unit='b' slots='16'>4</maxMemory></domain>", NULL},
    {HEAD "<memory>1</memory><maxMemory unit='b'>4</maxMemory></domain>", NULL},
    {HEAD SYSTEM "\n\t\t<bios></bios>\n\t\t<baseBoard></baseBoard>\n\t\t<chassis></chassis>\n"
                 "\t</sysinfo>\n</domain>",
        HEAD SYSTEM "\n\t</sysinfo>\n</domain>"},
    {"<domain type='qemu'><name>a</name><sysinfo type='smbios'><system><entry name='sku'/>"
     "</system><bios> </bios></sysinfo></domain>\n",
        HEAD SYSTEM "\n\t</sysinfo>\n</domain>"},
    /* What a hook put there stays. */
    {HEAD "<sysinfo type='smbios'><baseBoard><entry name='manufacturer'>ACME</entry></baseBoard>"
          "<chassis/></sysinfo></domain>",
        HEAD "<sysinfo type=\"smbios\">\n\t\t<baseBoard>\n\t\t\t<entry name=\"manufacturer\">ACME"
             "</entry>\n\t\t</baseBoard>\n\t</sysinfo>\n</domain>"},
    {HEAD "<devices><disk type='file'><target dev='vda'/><filesystemOverhead>0.055"
          "</filesystemOverhead><capacity>1073741824</capacity></disk></devices></domain>",
        HEAD "<devices>\n\t\t<disk type=\"file\">\n\t\t\t<target dev=\"vda\"></target>\n\t\t</disk>"
             "\n\t</devices>\n</domain>"},
    {HEAD "<devices><disk type='block'><source dev='/dev/root' name='root'><reservations "
          "managed='no' migration='yes'/></source><backingStore type='block'><source dev='/dev/b' "
          "name='b'/></backingStore></disk><filesystem accessMode='passthrough'><source dir='' "
          "socket='/s'/></filesystem>"
          "</devices></domain>",
        HEAD "<devices>\n\t\t<disk type=\"block\">\n\t\t\t<source dev=\"/dev/root\">\n\t\t\t\t"
             "<reservations managed=\"no\"></reservations>\n\t\t\t</source>\n\t\t\t<backingStore "
             "type=\"block\">\n\t\t\t\t<source dev=\"/dev/b\"></source>\n\t\t\t</backingStore>\n"
             "\t\t</disk>\n\t\t<filesystem>\n\t\t\t<source socket=\"/s\"></source>\n"
             "\t\t</filesystem>\n\t</devices>\n</domain>"},
    {HEAD
        "<clock/><cpu><feature name='apic'/><feature name='vmx' policy='disable'/></cpu></domain>",
        HEAD "<clock offset=\"utc\"></clock>\n\t<cpu>\n\t\t<feature name=\"apic\" "
             "policy=\"require\"></feature>\n\t\t<feature name=\"vmx\" policy=\"disable\">"
             "</feature>\n\t</cpu>\n</domain>"},
    {HEAD "<clock offset='localtime'/><devices><disk type='network'><source protocol='rbd' "
          "name='pool/image'/></disk><filesystem accessMode='mapped'><source "
          "dir='/srv'/></filesystem></devices>"
          "</domain>",
        NULL},
    /* The same names elsewhere are something else. */
    {HEAD "<os><bios useserial='yes'/></os><capacity/><metadata><a:x xmlns:a='urn:a'>"
          "<a:sysinfo><a:bios/></a:sysinfo></a:x></metadata></domain>\n",
        NULL},
    {HEAD "<os><bios/></os></domain>", NULL},
};

static void test_put_right(UNUSED void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        size_t length = 0;
        const char *expected = cases[i].expected != NULL ? cases[i].expected : cases[i].xml;
        auto_free char *text =
            domain_surplus_put_right(cases[i].xml, strlen(cases[i].xml), &length, &error);
        if (text == NULL)
            fail_msg("%s: %s", cases[i].xml, error->message);
        assert_string_equal(text, expected);
        assert_int_equal(length, strlen(expected));
    }
}

static void what_is_not_a_domain_is_refused(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    size_t length = 0;
    assert_null(domain_surplus_put_right("<domain", strlen("<domain"), &length, &error));
    assert_int_equal(error->class, ERROR_INPUT);
}

static void each_row_says_why(UNUSED void **state)
{
    size_t count = 0;
    for (const struct domain_surplus_row *row = domain_surplus; row->path != NULL; row++, count++)
        assert_int_not_equal(strlen(row->why), 0);
    assert_int_not_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_right),
        cmocka_unit_test(what_is_not_a_domain_is_refused),
        cmocka_unit_test(each_row_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
