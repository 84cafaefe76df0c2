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
                                   "  <name>a_b</name>\n"
                                   "  <os>\n"
                                   "    <type arch=\"x86_64\">hvm</type>\n"
                                   "    <smbios mode=\"sysinfo\"></smbios>\n"
                                   "  </os>\n"
                                   "  <chassis></chassis>\n"
                                   "  <uid></uid>\n"
                                   "  <vcpu>4</vcpu>\n"
                                   "</domain>\n";
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
        "<a b=\"&lt;&quot;&amp;&gt;'&#xE9;\">&lt;/a&gt; &amp;amp; ]]&gt; é</a>\n";
    auto_cleanup(writer) struct domain_writer *writer = domain_writer_new();
    domain_open(writer, "a", "b", "<\"&>'é");
    domain_content(writer, "</a> &amp; ]]> é");
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
