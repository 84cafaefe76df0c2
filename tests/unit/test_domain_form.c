/* KubeVirt's form of a domain, from whatever form it comes in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "domain/form.h"

/* As KubeVirt writes it. */
#define FORM                                                                                       \
    "<domain type=\"kvm\" xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n"            \
    "\t<name>a</name>\n"                                                                           \
    "\t<sysinfo type=\"smbios\">\n"                                                                \
    "\t\t<system>\n"                                                                               \
    "\t\t\t<entry name=\"serial\">it&#39;s &#34;1&#34; &amp; &lt;2&gt;</entry>\n"                  \
    "\t\t</system>\n"                                                                              \
    "\t\t<bios></bios>\n"                                                                          \
    "\t\t<baseBoard></baseBoard>\n"                                                                \
    "\t\t<chassis></chassis>\n"                                                                    \
    "\t</sysinfo>\n"                                                                               \
    "\t<metadata>\n"                                                                               \
    "\t\t<kubevirt xmlns=\"http://kubevirt.io\">\n"                                                \
    "\t\t\t<uid></uid>\n"                                                                          \
    "\t\t</kubevirt>\n"                                                                            \
    "\t</metadata>\n"                                                                              \
    "\t<qemu:commandline>\n"                                                                       \
    "\t\t<qemu:arg value=\"a&#34;&amp;b&#x9;\"></qemu:arg>\n"                                      \
    "\t</qemu:commandline>\n"                                                                      \
    "</domain>"

static void check(const char *xml, const char *expected)
{
    auto_error struct error *error = NULL;
    size_t length = 0;
    auto_free char *form = domain_form(xml, strlen(xml), &length, &error);
    if (form == NULL)
        fail_msg("%s: %s", xml, error->message);
    assert_string_equal(form, expected);
    assert_int_equal(length, strlen(expected));
}

static void from_virsh_dumpxml(UNUSED void **state)
{
    check("<?xml version='1.0'?>\n"
          "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
          "  <name>a</name>\n"
          "  <sysinfo type='smbios'>\n"
          "    <system>\n"
          "      <entry name='serial'>it's \"1\" &amp; &lt;2&gt;</entry>\n"
          "    </system>\n"
          "    <bios/>\n"
          "  </sysinfo>\n"
          "  <metadata>\n"
          "    <kubevirt xmlns='http://kubevirt.io'><uid/></kubevirt>\n"
          "  </metadata>\n"
          "  <qemu:commandline>\n"
          "    <qemu:arg value='a\"&amp;b&#9;'/>\n"
          "  </qemu:commandline>\n"
          "</domain>\n",
        FORM);
}

static void a_document_in_this_form_stays_byte_for_byte(UNUSED void **state)
{
    check(FORM, FORM);
    check(FORM "\n", FORM "\n");
}

static void text_and_comments_stay(UNUSED void **state)
{
    check("<domain><name>a</name><!-- by hand --><title><![CDATA[ a <b> ]]></title>"
          "<description>two\nlines</description></domain>",
        "<domain>\n\t<name>a</name>\n\t<!-- by hand -->\n\t<title> a &lt;b&gt; </title>\n"
        "\t<description>two&#xA;lines</description>\n</domain>");
}

static void only_smbios_tables_are_completed(UNUSED void **state)
{
    check("<domain><name>a</name><sysinfo type='fwcfg'/></domain>",
        "<domain>\n\t<name>a</name>\n\t<sysinfo type=\"fwcfg\"></sysinfo>\n</domain>");
    check("<domain><name>a</name><sysinfo/></domain>",
        "<domain>\n\t<name>a</name>\n\t<sysinfo></sysinfo>\n</domain>");
    check("<domain><name>a</name><sysinfo type='smbios'><chassis><entry name='sku'>1</entry>"
          "</chassis></sysinfo></domain>",
        "<domain>\n\t<name>a</name>\n\t<sysinfo type=\"smbios\">\n\t\t<chassis>\n"
        "\t\t\t<entry name=\"sku\">1</entry>\n\t\t</chassis>\n\t\t<bios></bios>\n"
        "\t\t<baseBoard></baseBoard>\n\t</sysinfo>\n</domain>");
}

static void what_is_not_a_domain_is_refused(UNUSED void **state)
{
    static const char *const cases[][2] = {
        {"<volume/>", "it must be <domain>"},
        {"<domain><name>a</name>", "line 1"},
        {"", "it is empty"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *error = NULL;
        size_t length = 0;
        assert_null(domain_form(cases[i][0], strlen(cases[i][0]), &length, &error));
        assert_int_equal(error->class, ERROR_INPUT);
        assert_non_null(strstr(error->message, cases[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_virsh_dumpxml),
        cmocka_unit_test(a_document_in_this_form_stays_byte_for_byte),
        cmocka_unit_test(text_and_comments_stay),
        cmocka_unit_test(only_smbios_tables_are_completed),
        cmocka_unit_test(what_is_not_a_domain_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
