/* The names of what a VM owns: the examples are what KubeVirt 1.9 gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "annotations/names.h"
#include "appliance/name.h"
#include "base/memory.h"
#include "base/unused.h"

#define VM_60 "database-of-the-department-of-weights-and-measures-europe-1"
#define VM_63 "a23456789012345678901234567890123456789012345678901234567890123"
#define PART_63 "b23456789012345678901234567890123456789012345678901234567890123"

static void test_join(UNUSED void **state)
{
    static const struct {
        const char *vm;
        const char *part;
        const char *expected;
    } cases[] = {
        {"web1", "root", "web1-root"},
        {"a", "b", "a-b"},
        {VM_60, "root", "database-of-the-department-of-weights-and-measure-48fc2f9c-root"},
        {VM_60, "data", "database-of-the-department-of-weights-and-measure-48fc2f9c-data"},
        {VM_60, "ab", VM_60 "-ab"},
        /* no room for the base: the end is left out, and the hash is of the whole */
        {VM_63, PART_63, "a23456789012345678901234567890123456789012345678901234-c04ee8ff"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *name = appliance_name_join(cases[i].vm, cases[i].part);
        assert_string_equal(name, cases[i].expected);
        assert_true(strlen(name) <= ANNOTATIONS_LABEL_MAX);
    }
}

/* Each length of both parts gives a name that is short enough, and the same one again. */
static void test_lengths(UNUSED void **state)
{
    for (size_t vm = 1; vm <= 63; vm++) {
        for (size_t part = 1; part <= 63; part++) {
            auto_free char *first = xstrndup(VM_63, vm);
            auto_free char *second = xstrndup(PART_63, part);
            auto_free char *name = appliance_name_join(first, second);
            auto_free char *again = appliance_name_join(first, second);
            assert_true(strlen(name) <= ANNOTATIONS_LABEL_MAX);
            assert_true(vm + 1 + part > 63 || strlen(name) == vm + 1 + part);
            assert_string_equal(name, again);
        }
    }
}

static uint32_t third(UNUSED void *user, uint32_t limit)
{
    return limit > 2 ? 2 : 0;
}

static void test_generate(UNUSED void **state)
{
    static const struct {
        const char *data_source;
        const char *expected;
    } cases[] = {
        {"fedora", "fedora-ccccc"},
        {"fedora.41", "fedora-41-ccccc"},
        {VM_63, "a23456789012345678901234567890123456789012345678901234567-ccccc"},
        {"b2345678901234567890123456789012345678901234567890123456.8",
            "b2345678901234567890123456789012345678901234567890123456-ccccc"},
    };
    const struct appliance_random random = {.below = third};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *name = appliance_name_generate(cases[i].data_source, &random);
        assert_string_equal(name, cases[i].expected);
        assert_true(annotations_name_is_dns_subdomain(name));
    }
}

/* The system's own randomness does not give the same name twice in a row. */
static void test_generate_random(UNUSED void **state)
{
    const struct appliance_random random = {0};
    auto_free char *first = appliance_name_generate("fedora", &random);
    auto_free char *second = appliance_name_generate("fedora", &random);
    auto_free char *third_name = appliance_name_generate("fedora", &random);
    assert_true(strcmp(first, second) != 0 || strcmp(second, third_name) != 0);
}

static void test_clone_binding(UNUSED void **state)
{
    static const struct {
        const char *namespace;
        const char *name;
        const char *expected;
    } cases[] = {
        {"demo", "default", "appliance-clone.demo.default"},
        {"a-b", "c", "appliance-clone.a-b.c"},
        {"a", "b-c", "appliance-clone.a.b-c"},
        {"user", "eve", "appliance-clone.user.eve"},
        {NULL, "eve", "appliance-clone-user.eve"},
        {NULL, "Eve:a/b%\xc3\xbc", "appliance-clone-user.-ve-a-b---"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *name = appliance_name_clone_binding(cases[i].namespace, cases[i].name);
        assert_string_equal(name, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_generate),
        cmocka_unit_test(test_generate_random),
        cmocka_unit_test(test_clone_binding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
