/* The diff of two domains as shown to users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/unused.h"
#include "domain/diff.h"
#include "domain/edits.h"
#include "domain/identity.h"
#include "domain/layout.h"

static void test_text(UNUSED void **state)
{
    static const struct {
        const char *before;
        const char *after;
        const char *diff;
        struct domain_change change;
    } cases[] = {
        {"", "", "", {0, 0}},
        {"a\nb\n", "a\nb\n", "", {0, 0}},
        {"", "a\n", "@@ -0,0 +1 @@\n+a\n", {1, 0}},
        {"a\n", "", "@@ -1 +0,0 @@\n-a\n", {0, 1}},
        {"a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n", {1, 1}},
        {"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", {1, 1}},
        {"b\na", "a", "@@ -1,2 +1 @@\n-b\n a\n\\ No newline at end of file\n", {0, 1}},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n", {1, 1}},
        /* Two changes are in one hunk if their contexts touch, otherwise in two. */
        {"1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
            "@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n", {2, 2}},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\n",
            "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,3 @@\n 6\n 7\n 8\n-9\n", {1, 2}},
        {"a\na\na\n", "a\na\n", "@@ -1,3 +1,2 @@\n a\n a\n-a\n", {0, 1}},
        {"a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
            "@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n", {2, 3}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct domain_change change = {99, 99};
        auto_free char *diff = domain_diff_text(
            bytes_of(cases[i].before), bytes_of(cases[i].after), "x", "y", &change);
        auto_free char *expected =
            xasprintf("%s%s", cases[i].diff[0] != '\0' ? "--- x\n+++ y\n" : "", cases[i].diff);
        assert_string_equal(diff, expected);
        assert_int_equal(change.added, cases[i].change.added);
        assert_int_equal(change.removed, cases[i].change.removed);
    }
}

static void test_layout_does_not_count(UNUSED void **state)
{
    static const char *const same[] = {
        "<domain type='kvm' id='1'><name>a</name><os><smbios mode='x'></smbios></os></domain>",
        "<?xml version=\"1.0\"?>\n<domain id=\"1\"\n type=\"kvm\">\n\t<name>a</name>\n"
        "\t<os>\n\t\t<smbios\tmode=\"x\">\n\t\t</smbios>\n\t</os>\n</domain>\n",
        "\xEF\xBB\xBF<domain id='1' type='kvm'><name><![CDATA[a]]></name><os><smbios mode='x'/>"
        "</os></domain>",
    };
    for (size_t i = 1; i < ARRAY_SIZE(same); i++) {
        auto_free char *diff = domain_diff(bytes_of(same[0]), bytes_of(same[i]), "x", "y", NULL);
        assert_string_equal(diff, "");
    }
}

static void test_layout(UNUSED void **state)
{
    static const char xml[] =
        "<!-- top --><domain b='2' a='&lt;' xmlns:q='urn:q' q:a='3'><name>a</name>"
        "<d> keep  </d><e>  </e><f>text <g/> more</f><!-- in --></domain>";
    size_t length = 0;
    auto_free char *layout = domain_layout(xml, strlen(xml), &length);
    assert_string_equal(layout, "<!-- top -->\n"
                                "<domain xmlns:q=\"urn:q\" a=\"&lt;\" q:a=\"3\" b=\"2\">\n"
                                "  <name>a</name>\n"
                                "  <d> keep  </d>\n"
                                "  <e>  </e>\n"
                                "  <f>text <g/> more</f>\n"
                                "  <!-- in -->\n"
                                "</domain>\n");
    assert_int_equal(length, strlen(layout));
}

static void test_domains(UNUSED void **state)
{
    static const char before[] = "<domain><name>a</name><devices/></domain>";
    static const char after[] =
        "<domain>\n<name>a</name><devices><disk type='file'/></devices>\n</domain>";
    struct domain_change change;
    auto_free char *diff = domain_diff(bytes_of(before), bytes_of(after), "0", "1", &change);
    assert_string_equal(diff, "--- 0\n+++ 1\n"
                              "@@ -1,4 +1,6 @@\n"
                              " <domain>\n"
                              "   <name>a</name>\n"
                              "-  <devices/>\n"
                              "+  <devices>\n"
                              "+    <disk type=\"file\"/>\n"
                              "+  </devices>\n"
                              " </domain>\n");
    assert_int_equal(change.added, 3);
    assert_int_equal(change.removed, 1);
}

static void test_what_is_no_domain_is_compared_as_it_is(UNUSED void **state)
{
    static const char domain[] = "<domain><name>a</name></domain>\n";
    static const char bomb[] = "<!DOCTYPE d [<!ENTITY x 'xx'>]>\n<d>&x;</d>\n";
    auto_free char *diff = domain_diff(bytes_of(domain), bytes_of(bomb), "0", "1", NULL);
    assert_string_equal(diff, "--- 0\n+++ 1\n@@ -1 +1,2 @@\n-<domain><name>a</name></domain>\n"
                              "+<!DOCTYPE d [<!ENTITY x 'xx'>]>\n+<d>&x;</d>\n");
}

/* Texts of 16 MiB: few changes are found among many lines, and many changes finish in time. */
static void test_large_texts(UNUSED void **state)
{
    enum { LENGTH = 16 << 20 };
    auto_free char *before = xmalloc(LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
        before[i] = (char)(i % 2 == 0 ? 'a' : '\n');
    auto_free char *after = xmemdup(before, LENGTH);
    after[LENGTH / 2] = 'b';
    struct bytes old = {before, LENGTH};
    struct bytes new = {after, LENGTH};
    struct domain_change change;
    auto_free char *one = domain_diff_text(old, new, "0", "1", &change);
    assert_string_equal(one, "--- 0\n+++ 1\n@@ -4194302,7 +4194302,7 @@\n a\n a\n a\n-a\n+b\n"
                             " a\n a\n a\n");
    assert_int_equal(change.added, 1);

    for (size_t i = 0; i < LENGTH; i += 4)
        after[i] = (char)('b' + i / 4 % 20);
    auto_free char *all = domain_diff_text(old, new, "0", "1", &change);
    assert_non_null(strstr(all, "@@ -1,8388608 +1,8388608 @@"));
    assert_int_equal(change.added, LENGTH / 2 - 1);
    assert_int_equal(change.removed, LENGTH / 2 - 1);
}

/* A domain of 16 MiB is not reformatted, but still compared. */
static void test_large_domain(UNUSED void **state)
{
    UT_string text;
    utstring_init(&text);
    utstring_reserve(&text, DOMAIN_MAX_BYTES);
    utstring_printf(&text, "<domain>\n<name>a</name>\n<devices>\n");
    while (utstring_len(&text) < DOMAIN_MAX_BYTES - 64)
        utstring_bincpy(&text, "<a/>\n", 5);
    size_t half = utstring_len(&text);
    utstring_printf(&text, "</devices>\n</domain>\n");
    auto_free char *before = xstrndup(utstring_body(&text), utstring_len(&text));
    utstring_body(&text)[half - 4] = 'b';
    size_t length = utstring_len(&text);
    assert_int_equal(domain_identify(before, length, NULL, NULL), 0);
    struct domain_change change;
    auto_free char *diff = domain_diff((struct bytes){before, length},
        (struct bytes){utstring_body(&text), length}, "0", "1", &change);
    assert_int_equal(change.added, 1);
    assert_int_equal(change.removed, 1);
    utstring_done(&text);
}

static void test_edits_give_up(UNUSED void **state)
{
    enum { COUNT = 3000 };
    int before[COUNT];
    int after[COUNT];
    for (int i = 0; i < COUNT; i++) {
        before[i] = i;
        after[i] = i < COUNT / 2 ? -i - 1 : i;
    }
    struct domain_edit *edits = NULL;
    assert_int_equal(domain_edits_find(before, COUNT, after, COUNT, &edits), 1);
    assert_int_equal(edits[0].before, 0);
    assert_int_equal(edits[0].before_end, COUNT);
    assert_int_equal(edits[0].after_end, COUNT);
    free(edits);
    assert_int_equal(domain_edits_find(before, 900, after, 900, &edits), 1);
    assert_int_equal(edits[0].after_end, 900);
    free(edits);
    assert_int_equal(domain_edits_find(before, COUNT, before, COUNT, &edits), 0);
    assert_null(edits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_layout_does_not_count),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_what_is_no_domain_is_compared_as_it_is),
        cmocka_unit_test(test_large_texts),
        cmocka_unit_test(test_large_domain),
        cmocka_unit_test(test_edits_give_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
