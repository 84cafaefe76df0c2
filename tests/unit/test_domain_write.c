/* Writing XML: layout and escaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "domain/write.h"

DEFINE_CLEANUP(writer, struct domain_writer *, domain_writer_free);

static void test_layout(UNUSED void **state)
{
    static const char expected[] = "<domain type=\"qemu\" xmlns:qemu=\"urn:q\">\n"
                                   "\t<name>a_b</name>\n"
                                   "\t<os>\n"
                                   "\t\t<type arch=\"x86_64\">hvm</type>\n"
                                   "\t\t<smbios mode=\"sysinfo\"></smbios>\n"
                                   "\t</os>\n"
                                   "\t<chassis></chassis>\n"
                                   "\t<uid></uid>\n"
                                   "\t<vcpu>4</vcpu>\n"
                                   "</domain>";
    auto_cleanup(writer) struct domain_writer *writer = domain_writer_new();
    domain_open(writer, "domain", "type", "qemu", "xmlns:qemu", "urn:q");
    domain_text(writer, "name", "%s_%s", "a", "b");
    domain_open(writer, "os");
    domain_open(writer, "type", "arch", "x86_64", "machine", NULL);
    domain_content(writer, "hvm");
    domain_close(writer);
    domain_empty(writer, "smbios", "mode", "sysinfo");
    domain_close(writer);
    domain_open(writer, "chassis");
    domain_close(writer);
    domain_text(writer, "uid", "%s", "");
    domain_text(writer, "vcpu", "%d", 4);
    domain_close(writer);
    size_t length = 0;
    auto_free char *xml = domain_writer_finish(writer, &length);
    assert_string_equal(xml, expected);
    assert_int_equal(length, strlen(expected));
}

static void test_escapes(UNUSED void **state)
{
    static const char expected[] =
        "<a b=\"&lt;&#34;&amp;&gt;&#39;&#x9;é\">&lt;/a&gt; &amp;amp; ]]&gt; &#xA;&#xD;&#34;é</a>";
    auto_cleanup(writer) struct domain_writer *writer = domain_writer_new();
    domain_open(writer, "a", "b", "<\"&>'\té");
    domain_content(writer, "</a> &amp; ]]> \n\r\"é");
    domain_close(writer);
    size_t length = 0;
    auto_free char *xml = domain_writer_finish(writer, &length);
    assert_string_equal(xml, expected);
    assert_int_equal(length, strlen(expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
