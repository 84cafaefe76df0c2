/* What older versions of libvirt do not know is found by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unused.h"
#include "domain/newer.h"

static void test_found(UNUSED void **state)
{
    static const char xml[] =
        "<domain><name>a</name><devices><disk><driver "
        "name=\"qemu\"><iothreads></iothreads></driver>"
        "<blockio logical_block_size=\"512\" discard_granularity=\"512\"></blockio></disk>"
        "<panic model=\"pvpanic\"></panic></devices></domain>";
    char *rest = NULL;
    size_t length = 0;
    bool dispensable = true;
    auto_free char *names = domain_newer_find(xml, strlen(xml), &rest, &length, &dispensable, NULL);
    assert_false(dispensable);
    assert_string_equal(
        names, "a pool of I/O threads, a disk's discard granularity and the panic device pvpanic");
    assert_int_equal(strlen(rest), length);
    assert_null(strstr(rest, "iothreads"));
    assert_null(strstr(rest, "discard"));
    assert_null(strstr(rest, "pvpanic"));
    assert_non_null(strstr(rest, "<driver name=\"qemu\">"));
    assert_non_null(strstr(rest, "<blockio logical_block_size=\"512\">"));
    assert_non_null(strstr(rest, "<panic>"));
    free(rest);
}

static void test_dispensable(UNUSED void **state)
{
    static const char xml[] = "<domain><name>a</name><devices><disk>"
                              "<blockio discard_granularity=\"512\"></blockio>"
                              "</disk></devices></domain>";
    char *rest = NULL;
    size_t length = 0;
    bool dispensable = false;
    auto_free char *names = domain_newer_find(xml, strlen(xml), &rest, &length, &dispensable, NULL);
    assert_string_equal(names, "a disk's discard granularity");
    assert_true(dispensable);
    free(rest);
}

static void test_enlightenments(UNUSED void **state)
{
    static const char xml[] = "<domain><name>a</name><features><hyperv><tlbflush state=\"on\">"
                              "<direct state=\"on\"></direct><extended state=\"on\"></extended>"
                              "</tlbflush><stimer><direct state=\"on\"></direct></stimer>"
                              "</hyperv></features></domain>";
    char *rest = NULL;
    size_t length = 0;
    bool dispensable = false;
    auto_free char *names = domain_newer_find(xml, strlen(xml), &rest, &length, &dispensable, NULL);
    assert_string_equal(names, "Hyper-V's direct TLB flush and Hyper-V's extended TLB flush");
    assert_true(dispensable);
    assert_non_null(strstr(rest, "<tlbflush state=\"on\"></tlbflush>"));
    assert_non_null(strstr(rest, "<direct state=\"on\">")); /* of stimer */
    free(rest);
}

/* Of the tables with Windows licences, only one kind is newer. */
static void test_tables(UNUSED void **state)
{
    static const char xml[] = "<domain><name>a</name><os><acpi><table type=\"slic\">/a</table>"
                              "<table type=\"msdm\">/b</table></acpi></os></domain>";
    char *rest = NULL;
    size_t length = 0;
    bool dispensable = true;
    auto_free char *names = domain_newer_find(xml, strlen(xml), &rest, &length, &dispensable, NULL);
    assert_string_equal(names, "the MSDM table");
    assert_false(dispensable);
    assert_non_null(strstr(rest, "<table type=\"slic\">/a</table>"));
    assert_null(strstr(rest, "/b"));
    free(rest);
}

static void test_not_found(UNUSED void **state)
{
    static const char *const documents[] = {
        "<domain><name>a</name></domain>",
        "<domain><name>a</name><devices><panic model=\"isa\"></panic></devices></domain>",
        "<domain><name>a</name><iothreads>2</iothreads></domain>",
    };
    for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
        struct error *error = NULL;
        char *rest = NULL;
        size_t length = 0;
        bool dispensable = false;
        assert_null(domain_newer_find(
            documents[i], strlen(documents[i]), &rest, &length, &dispensable, &error));
        assert_null(rest);
        assert_null(error);
    }
}

static void test_no_document(UNUSED void **state)
{
    auto_error struct error *error = NULL;
    char *rest = NULL;
    size_t length = 0;
    bool dispensable = false;
    assert_null(domain_newer_find("<a", 2, &rest, &length, &dispensable, &error));
    assert_null(rest);
    assert_non_null(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_dispensable),
        cmocka_unit_test(test_enlightenments),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_no_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
