/* The annotations of appliances: under one of two keys, and NAMESPACE/NAME. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/annotation.h"

static void test_from(UNUSED void **state)
{
    static const struct {
        const char *text, *namespace, *name; /* name NULL: it is refused */
    } cases[] = {
        {"golden/fedora", "golden", "fedora"},
        {"fedora", "dev", "fedora"},
        {"golden/fedora.39", "golden", "fedora.39"},
        {"", NULL, NULL},
        {"/", NULL, NULL},
        {"/fedora", NULL, NULL},
        {"golden/", NULL, NULL},
        {"golden/a/b", NULL, NULL},
        {"gol.den/a", NULL, NULL},
        {"../a", NULL, NULL},
        {"golden/-a", NULL, NULL},
        {"golden/a-", NULL, NULL},
        {"golden/A", NULL, NULL},
        {"golden/a b", NULL, NULL},
        {"a123456789012345678901234567890123456789012345678901234567890123/a", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        auto_free char *namespace = NULL;
        auto_free char *name = NULL;
        int status = controller_annotation_read_from(cases[i].text, "dev", &namespace, &name, &err);
        assert_int_equal(status, cases[i].name != NULL ? 0 : -1);
        if (status < 0) {
            assert_true(text_starts_with(err->message, "must be NAMESPACE/NAME of a DataSource"));
            continue;
        }
        assert_string_equal(namespace, cases[i].namespace);
        assert_string_equal(name, cases[i].name);
    }
}

static void test_find(UNUSED void **state)
{
    static const struct {
        const char *annotations, *key, *text, *fault;
    } cases[] = {
        {"{}", NULL, NULL, NULL},
        {"{\"appliance.kubevirt.io/from\":\"a\"}", "appliance.kubevirt.io/from", "a", NULL},
        {"{\"appliance.hookline.dev/from\":\"a\"}", "appliance.hookline.dev/from", "a", NULL},
        {"{\"appliance.hookline.dev/from\":\"a\",\"appliance.kubevirt.io/from\":\"a\"}", NULL, NULL,
            "appliance.kubevirt.io/from and appliance.hookline.dev/from are both set: use only one "
            "of them"},
        {"{\"appliance.kubevirt.io/from\":1}", NULL, NULL,
            "appliance.kubevirt.io/from must be a string, not a number"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        auto_json json_t *annotations = json_loads(cases[i].annotations, 0, NULL);
        struct controller_annotation found;
        int status = controller_annotation_find(
            annotations, CONTROLLER_APPLIANCE_FROM, CONTROLLER_APPLIANCE_OTHER_FROM, &found, &err);
        assert_int_equal(status, cases[i].fault == NULL ? 0 : -1);
        if (status < 0) {
            assert_string_equal(err->message, cases[i].fault);
            continue;
        }
        assert_true((found.key == NULL) == (cases[i].key == NULL));
        if (found.key != NULL) {
            assert_string_equal(found.key, cases[i].key);
            assert_string_equal(found.text, cases[i].text);
        }
    }
}

static void test_complete(UNUSED void **state)
{
    static const struct {
        const char *vm;
        bool complete;
    } cases[] = {
        {"{'metadata':{'labels':{'appliance.kubevirt.io/name':'a'}},"
         "'spec':{'template':{'spec':{}}}}",
            true},
        {"{'metadata':{'labels':{'appliance.kubevirt.io/name':'a'}},'spec':{'template':{}}}",
            false},
        {"{'metadata':{'labels':{'appliance.kubevirt.io/name':'a'}},'spec':{}}", false},
        {"{'metadata':{'labels':{'appliance.kubevirt.io/name':1}},"
         "'spec':{'template':{'spec':{}}}}",
            false},
        {"{'metadata':{'labels':[]},'spec':{'template':{'spec':{}}}}", false},
        {"{'metadata':{},'spec':{'template':{'spec':{}}}}", false},
        {"{}", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text = xstrdup(cases[i].vm);
        for (char *c = text; *c != '\0'; c++)
            *c = *c == '\'' ? '"' : *c;
        auto_json json_t *vm = json_loads(text, 0, NULL);
        assert_non_null(vm);
        assert_int_equal(controller_annotation_is_complete(vm), cases[i].complete);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
