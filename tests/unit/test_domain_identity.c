/* The identity of a domain, and documents that have none or are malicious. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utstring.h>

#include "base/file.h"
#include "base/unused.h"
#include "domain/diff.h"
#include "domain/identity.h"

#define UUID "4c4c4544-0042-3510-8051-b4c04f303432"

static const char good[] = "<domain type=\"kvm\"><name>ns_vm</name><uuid>" UUID "</uuid></domain>";

static void test_identity_is_read(UNUSED void **state)
{
    static const struct {
        const char *xml;
        const char *name;
        const char *uuid;
    } cases[] = {
        {"<domain><name>a</name></domain>", "a", NULL},
        {good, "ns_vm", UUID},
        {"<domain><uuid></uuid><name>a</name></domain>", "a", NULL},
        {"\xEF\xBB\xBF<domain><name>a</name></domain>", "a", NULL},
        {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<domain><name>a</name></domain>", "a", NULL},
        {"<?xml version='1.0' encoding='utf-8'?><domain><name>a</name></domain>", "a", NULL},
        {"<?xml version='1.0'?><!-- c --><?pi x?><domain><name>a</name></domain><!-- d -->\n", "a",
            NULL},
        {"<domain><name>\xC3\xA4 &amp; &#x1F600;</name></domain>", "\xC3\xA4 & \xF0\x9F\x98\x80",
            NULL},
        {"<domain><name>a<![CDATA[<b>]]><!-- no -->c</name></domain>", "a<b>c", NULL},
        {"<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>a</name>"
         "<qemu:commandline><qemu:arg value='-s'/></qemu:commandline></domain>",
            "a", NULL},
        /* Only direct children of <domain> without a namespace belong to the domain. */
        {"<domain><devices><name>x</name></devices><m xmlns='urn:m'><name>y</name></m>"
         "<n:name xmlns:n='urn:m'>z</n:name><name>a</name></domain>",
            "a", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct domain_identity identity = {0};
        auto_error struct error *error = NULL;
        int result = domain_identify(cases[i].xml, strlen(cases[i].xml), &identity, &error);
        if (result < 0)
            fail_msg("%s: %s", cases[i].xml, error->message);
        assert_string_equal(identity.name, cases[i].name);
        if (cases[i].uuid == NULL)
            assert_null(identity.uuid);
        else
            assert_string_equal(identity.uuid, cases[i].uuid);
        domain_identity_clear(&identity);
    }
}

/* Expects xml to be refused with an input error that has all of message in it. */
static void assert_refused(const char *xml, size_t length, const char *message)
{
    struct domain_identity identity = {0};
    auto_error struct error *error = NULL;
    if (domain_identify(xml, length, &identity, &error) == 0)
        fail_msg("taken: %.200s", xml);
    assert_int_equal(error->class, ERROR_INPUT);
    if (strstr(error->message, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\" of %.200s", error->message, message, xml);
    assert_null(strchr(error->message, '\n'));
    assert_null(identity.name);
    assert_null(identity.uuid);
}

static void test_faults(UNUSED void **state)
{
    static const struct {
        const char *xml;
        const char *message;
    } cases[] = {
        {"", "it is empty"},
        {" \n ", "it is empty"},
        {"hello", "line 1, column 1: "},
        {"<domain><name>a</name>", "line 1, column 23: "},
        {"<domain>\n<name>a</nam></domain>", "line 2, column 14: Opening and ending tag mismatch"},
        {"<domain><name>a</name></domain>x", "Extra content at the end"},
        {"<domain><name>a</name></domain><domain/>", "Extra content at the end"},
        {"<domain a='1' a='2'><name>a</name></domain>", "Attribute a redefined"},
        {"<domain><name>a & b</name></domain>", "line 1"},
        {"<domain><name>&copy;</name></domain>", "Entity 'copy' not defined"},
        {"<domain><name>\x01</name></domain>", "line 1"},
        {"<domain><qemu:arg/><name>a</name></domain>", "Namespace prefix qemu"},
        {"<Domain><name>a</name></Domain>", "the root element is <Domain>; it must be <domain>"},
        {"<domainsnapshot/>", "the root element is <domainsnapshot>"},
        {"<domain xmlns='urn:x'><name>a</name></domain>", "is in an XML namespace"},
        {"<x:domain xmlns:x='urn:x'><name>a</name></x:domain>", "is in an XML namespace"},
        {"<domain/>", "there is no <name> in <domain>"},
        {"<domain><name/></domain>", "<name> is empty"},
        {"<domain><name>a</name><name>b</name></domain>", "there is more than one <name>"},
        {"<domain><name>a</name><uuid/><uuid/></domain>", "there is more than one <uuid>"},
        {"<domain><name>a<b/></name></domain>",
            "an element <b> in <name> or <uuid>, where only text may be"},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><domain><name>a</name></domain>",
            "it declares the encoding ISO-8859-1; it must be UTF-8"},
        {"<?xml version='1.0' encoding='Shift_JIS'?><domain><name>\xC3\xA4</name></domain>",
            "line 1"},
        {"<?xml version='1.0' encoding='UTF-16'?><domain><name>a</name></domain>", "UTF-16"},
        {"<?xml version='1.0' encoding='no-such'?><domain><name>a</name></domain>", "no-such"},
        {"<?xml version='1.1'?><domain><name>a</name></domain>",
            "it declares XML version 1.1; only 1.0 is supported"},
        {"<!DOCTYPE domain><domain><name>a</name></domain>", "it has a document type"},
        {"<!DOCTYPE domain SYSTEM 'http://127.0.0.1:9/x.dtd'><domain><name>a</name></domain>",
            "line 1, column 51: it has a document type"},
        {"<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>\n"
         "<domain><name>&x;</name></domain>",
            "it has a document type"},
        {"<!DOCTYPE lolz [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
         "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;'>]>"
         "<domain><name>&d;</name></domain>",
            "it has a document type"},
        {"<domain>\n<name>caf\xE9</name></domain>", "line 2, column 10: this is not valid UTF-8"},
        {"<domain><name>\xED\xA0\x80</name></domain>", "column 15: this is not valid UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_refused(cases[i].xml, strlen(cases[i].xml), cases[i].message);
}

static void test_zero_bytes_and_wide_encodings(UNUSED void **state)
{
    static const char zero[] = "<domain><name>a</name>\0</domain>";
    assert_refused(zero, sizeof(zero) - 1, "column 23: there is a zero byte");
    static const char utf16[] = "<\0d\0o\0m\0a\0i\0n\0/\0>";
    assert_refused(utf16, sizeof(utf16), "there is a zero byte");
    static const char marked_utf16[] = "\xFF\xFE<\0d\0/\0>";
    assert_refused(marked_utf16, sizeof(marked_utf16), "this is not valid UTF-8");
}

static void test_cut_anywhere(UNUSED void **state)
{
    for (size_t length = 0; length < sizeof(good) - 1; length++)
        assert_refused(good, length, "domain XML");
}

/* start, then piece count times, then end, to be freed with utstring_done. */
static UT_string repeat(const char *start, const char *piece, size_t count, const char *end)
{
    UT_string text;
    utstring_init(&text);
    utstring_reserve(&text, strlen(start) + (strlen(piece) + 8) * count + strlen(end) + 1);
    utstring_printf(&text, "%s", start);
    for (size_t i = 0; i < count; i++)
        utstring_printf(&text, piece, (int)i);
    utstring_printf(&text, "%s", end);
    return text;
}

static void test_limits(UNUSED void **state)
{
    static const struct {
        const char *start;
        const char *piece;
        size_t count;
        const char *end;
        const char *message; /* NULL: it is within the limits */
    } cases[] = {
        {"<domain><name>a</name><description>", "twenty bytes of text", 1 << 20,
            "</description></domain>", "20971578 bytes; at most 16777216 are allowed"},
        {"<domain><name>a</name><description>", "fifteen bytes..", 1 << 20,
            "</description></domain>", NULL},
        {"<domain><name>a</name><description x='", "fifteen bytes..", 1 << 20, "'/></domain>",
            NULL},
        {"<domain><name>a</name>", "<a>", 10000, "", "nested more than 256 deep"},
        {"<domain><name>a</name>", "<a>", 1 << 20, "", "nested more than 256 deep"},
        {"<a", " a%d=''", 1 << 20, "/>", "line 1, column 1: an element has more than 1024"},
        {"<domain><name>a</name><b", " a%d = \"<\"", 1 << 20, "/></domain>", ""},
        {"<domain><name>a</name><b", " a%d='>'", 1024, "/></domain>", NULL},
        {"<domain><name>a</name><b>", "a=\"x\" ", 1024, "</b></domain>", NULL},
        {"<domain><name>a</name>", "<a xmlns:n%d='urn:n'/>", 256, "</domain>", NULL},
        {"<domain><name>a</name>", "<a xmlns:n%d='urn:n'/>", 257, "</domain>",
            "more than 256 XML namespaces"},
        {"<domain><name>a</name>", "<n%d/>", 9000, "</domain>", NULL},
        {"<domain><name>a</name>", "<n%d/>", 1 << 20, "</domain>", "more than 10000 different"},
        {"<domain><name>a</name>", "<?n%d?>", 1 << 20, "</domain>", "more than 10000 different"},
        /* Parsing stops at the first error. */
        {"<domain></x>", "<a xmlns:n%d='urn:n'>", 500000, "", "mismatch"},
        {"<domain>", "</x>", 1 << 20, "", "mismatch"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        UT_string text = repeat(cases[i].start, cases[i].piece, cases[i].count, cases[i].end);
        if (cases[i].message != NULL)
            assert_refused(utstring_body(&text), utstring_len(&text), cases[i].message);
        else
            assert_int_equal(
                domain_identify(utstring_body(&text), utstring_len(&text), NULL, NULL), 0);
        utstring_done(&text);
    }
}

static void test_check(UNUSED void **state)
{
    static const struct {
        const char *xml;
        const char *before_uuid;
        const char *message; /* NULL: it is the same domain */
    } cases[] = {
        {good, UUID, NULL},
        {good, NULL, NULL},
        {"<domain><name>ns_vm</name><uuid> 4C4C45440042-3510-8051-B4C04F303432\n</uuid></domain>",
            UUID, NULL},
        {"<domain><name>other</name><uuid>" UUID "</uuid></domain>", UUID,
            "<name> was \"ns_vm\" and became \"other\""},
        {"<domain><name>ns_vm </name></domain>", NULL, "became \"ns_vm \""},
        {"<domain><name>ns_vm</name></domain>", UUID, "<uuid> was \"" UUID "\" and was removed"},
        {"<domain><name>ns_vm</name><uuid/></domain>", UUID, "and was removed"},
        {"<domain><name>ns_vm</name><uuid>4c4c4544</uuid></domain>", UUID,
            "<uuid> was \"" UUID "\" and became \"4c4c4544\""},
        {"<domain><name>ns_vm</name>", UUID, "line 1"},
        {"<domain><name>&#27;[31m</name></domain>", UUID, "line 1"},
        {"<domain><name>&#x85;[31m</name></domain>", UUID, "became \"\\x"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct domain_identity before = {
            .name = (char *)"ns_vm", .uuid = (char *)cases[i].before_uuid};
        auto_error struct error *error = NULL;
        int result = domain_check(cases[i].xml, strlen(cases[i].xml), &before, &error);
        if (cases[i].message == NULL) {
            assert_int_equal(result, 0);
            continue;
        }
        assert_int_equal(result, -1);
        assert_int_equal(error->class, ERROR_INPUT);
        if (strstr(error->message, cases[i].message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error->message, cases[i].message);
    }
}

/* libxml2 prints to standard error if there is no handler. */
static void test_nothing_is_printed(UNUSED void **state)
{
    char path[] = "/tmp/hookline-stderr-XXXXXX";
    int file = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    assert_true(file >= 0 && saved >= 0);
    unlink(path);
    dup2(file, STDERR_FILENO);
    test_faults(NULL);
    test_zero_bytes_and_wide_encodings(NULL);
    dup2(saved, STDERR_FILENO);
    assert_int_equal(lseek(file, 0, SEEK_END), 0);
    close(saved);
    close(file);
}

/* The external entity is a FIFO without a writer: opening it would block. */
static void test_nothing_outside_is_read(UNUSED void **state)
{
    static const char *const documents[] = {
        "<!DOCTYPE domain SYSTEM '%s'><domain><name>a</name></domain>",
        "<!DOCTYPE domain [<!ENTITY x SYSTEM '%s'>]><domain><name>&x;</name></domain>",
        "<!DOCTYPE domain [<!ENTITY %% x SYSTEM '%s'> %%x;]><domain><name>a</name></domain>",
        "<domain xmlns:xi='http://www.w3.org/2001/XInclude'><name>a</name>"
        "<xi:include href='%s'/></domain>",
        "<?xml-stylesheet href='%s'?><domain><name>a</name></domain>",
    };
    enum { PATIENCE_SECONDS = 60 };
    auto_free char *directory = file_make_temporary("test-domain", NULL);
    auto_free char *fifo = file_join(directory, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    alarm(PATIENCE_SECONDS);
    for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
        auto_free char *xml = xasprintf(documents[i], fifo);
        domain_identify(xml, strlen(xml), NULL, NULL);
        free(domain_diff(bytes_of(good), bytes_of(xml), "0", "1", NULL));
    }
    alarm(0);
    file_remove_tree(directory, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_is_read),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_zero_bytes_and_wide_encodings),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_nothing_is_printed),
        cmocka_unit_test(test_nothing_outside_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
