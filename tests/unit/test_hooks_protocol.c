/* The table of the hook protocol: versions, hook points, and agreement with messages and strings.
 * */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/unused.h"
#include "hooks/protocol.h"

static void the_newest_common_version(UNUSED void **state)
{
    const struct {
        const char *const offered[4];
        size_t count;
        const char *chosen;
    } cases[] = {
        {{"v1alpha1"}, 1, "v1alpha1"},
        {{"v1alpha1", "v1alpha3", "v1alpha2"}, 3, "v1alpha3"},
        {{"v9", "v1alpha2", "v1alpha9"}, 3, "v1alpha2"},
        {{"v1alpha"}, 1, NULL},
        {{"V1alpha3", ""}, 2, NULL},
        {{NULL}, 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *chosen = hooks_version_choose(cases[i].offered, cases[i].count);
        if (cases[i].chosen == NULL)
            assert_null(chosen);
        else
            assert_string_equal(chosen, cases[i].chosen);
    }
}

static void versions_have_names(UNUSED void **state)
{
    for (enum hooks_version i = 0; i < HOOKS_VERSIONS; i++)
        assert_int_equal(hooks_version_find(hooks_versions[i]), i);
    assert_int_equal(hooks_version_find("v1alpha"), HOOKS_VERSIONS);
    assert_int_equal(hooks_version_find(""), HOOKS_VERSIONS);
}

static void texts_list_all_versions(UNUSED void **state)
{
    auto_free char *oldest_first = text_list(hooks_versions, HOOKS_VERSIONS);
    auto_free char *older = text_list(hooks_versions, HOOKS_VERSIONS - 1);
    auto_free char *newest_first = hooks_version_list();
    assert_string_equal(HOOKS_VERSIONS_ALL, oldest_first);
    assert_string_equal(HOOKS_VERSIONS_OLDER, older);
    assert_string_equal(HOOKS_VERSION_NEWEST, hooks_versions[HOOKS_VERSIONS - 1]);
    assert_string_equal(newest_first, "v1alpha3, v1alpha2 or v1alpha1");
}

static void services_are_of_their_version(UNUSED void **state)
{
    for (enum hooks_version i = 0; i < HOOKS_VERSIONS; i++) {
        auto_free char *name = xasprintf("kubevirt.hooks.%s.Callbacks", hooks_versions[i]);
        assert_string_equal(hooks_version_service(i)->name, name);
    }
}

static void what_versions_have(UNUSED void **state)
{
    const struct {
        const char *version;
        bool has[HOOKS_POINTS];
    } cases[] = {
        {"v1alpha1", {true, false, false}},
        {"v1alpha2", {true, true, false}},
        {"v1alpha3", {true, true, true}},
        {"v1alpha9", {false, false, false}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (enum hooks_point hook = 0; hook < HOOKS_POINTS; hook++)
            assert_int_equal(hooks_point_is_in(hook, cases[i].version), cases[i].has[hook]);
    }
}

/* Each service has exactly the methods of its hook points. */
static void services_have_the_hook_points_of_their_version(UNUSED void **state)
{
    for (enum hooks_version version = 0; version < HOOKS_VERSIONS; version++) {
        const ProtobufCServiceDescriptor *service = hooks_version_service(version);
        for (unsigned i = 0; i < service->n_methods; i++)
            assert_true(hooks_point_find(service->methods[i].name) < HOOKS_POINTS);
        for (enum hooks_point point = 0; point < HOOKS_POINTS; point++) {
            const ProtobufCMethodDescriptor *method =
                protobuf_c_service_descriptor_get_method_by_name(service, hooks_point_name(point));
            assert_int_equal(method != NULL, hooks_point_is_in(point, hooks_versions[version]));
        }
    }
}

static void check_field(const ProtobufCMessageDescriptor *type, const char *name, bool has)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    assert_int_equal(field != NULL, has);
    if (has)
        assert_int_equal(field->type, PROTOBUF_C_TYPE_BYTES);
}

static void messages_have_the_fields_of_their_hook_point(UNUSED void **state)
{
    for (enum hooks_version version = 0; version < HOOKS_VERSIONS; version++) {
        for (enum hooks_point point = 0; point < HOOKS_POINTS; point++) {
            const struct hooks_point_row *row = &hooks_points[point];
            if (row->document == HOOKS_NO_DOCUMENT || version < row->since)
                continue;
            const ProtobufCMethodDescriptor *method =
                protobuf_c_service_descriptor_get_method_by_name(
                    hooks_version_service(version), row->name);
            check_field(method->input, HOOKS_VMI_FIELD, true);
            check_field(method->input, row->field, true);
            check_field(method->output, row->field, true);
            if (row->older_field != NULL) {
                check_field(method->input, row->older_field, true);
                check_field(method->output, row->older_field, true);
            }
        }
    }
}

static void hook_points_have_names(UNUSED void **state)
{
    assert_int_equal(hooks_point_find("PreCloudInitIso"), HOOKS_PRE_CLOUD_INIT_ISO);
    assert_int_equal(hooks_point_find("preCloudInitIso"), HOOKS_POINTS);
    assert_int_equal(hooks_point_find(""), HOOKS_POINTS);
}

/* Strings assembled at compile time agree with the table. */
static void texts_list_all_executables(UNUSED void **state)
{
    const char *names[HOOKS_POINTS];
    size_t count = 0;
    for (enum hooks_point i = 0; i < HOOKS_POINTS; i++) {
        if (hooks_points[i].executable == NULL)
            continue;
        auto_free char *path =
            xasprintf("%s%s", HOOKS_EXECUTABLE_DIRECTORY, hooks_points[i].executable);
        assert_string_equal(hooks_executable_paths[count], path);
        names[count++] = hooks_points[i].executable;
    }
    assert_null(hooks_executable_paths[count]);
    auto_free char *listed = text_list(names, count);
    auto_free char *paths = text_list(hooks_executable_paths, count);
    assert_string_equal(HOOKS_EXECUTABLES("or"), listed);
    assert_string_equal(HOOKS_EXECUTABLE_PATHS("or"), paths);
    assert_string_equal(HOOKS_EXECUTABLE_FIRST, hooks_executable_paths[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_common_version),
        cmocka_unit_test(versions_have_names),
        cmocka_unit_test(texts_list_all_versions),
        cmocka_unit_test(services_are_of_their_version),
        cmocka_unit_test(what_versions_have),
        cmocka_unit_test(services_have_the_hook_points_of_their_version),
        cmocka_unit_test(messages_have_the_fields_of_their_hook_point),
        cmocka_unit_test(hook_points_have_names),
        cmocka_unit_test(texts_list_all_executables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
