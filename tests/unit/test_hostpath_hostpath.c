/* One hostPath object: its type, findings, volume and mount. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "hostpath/hostpath.h"

static struct hostpath *parse(const char *text)
{
    auto_json json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return hostpath_new(value);
}

static void every_type_has_one_name(UNUSED void **state)
{
    static const struct {
        const char *name;
        enum hostpath_type type;
    } cases[] = {
        {NULL, HOSTPATH_DIRECTORY},
        {"", HOSTPATH_DIRECTORY},
        {"Directory", HOSTPATH_DIRECTORY},
        {"DirectoryOrCreate", HOSTPATH_DIRECTORY_OR_CREATE},
        {"File", HOSTPATH_FILE},
        {"FileOrCreate", HOSTPATH_FILE_OR_CREATE},
        {"Socket", HOSTPATH_SOCKET},
        {"CharDevice", HOSTPATH_CHAR_DEVICE},
        {"BlockDevice", HOSTPATH_BLOCK_DEVICE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        enum hostpath_type type = HOSTPATH_SOCKET;
        assert_int_equal(hostpath_type_parse(cases[i].name, &type, NULL), 0);
        assert_int_equal(type, cases[i].type);
        if (cases[i].name != NULL && cases[i].name[0] != '\0')
            assert_string_equal(hostpath_type_name(type), cases[i].name);
    }
}

static void wrong_type_name_gets_a_hint(UNUSED void **state)
{
    enum hostpath_type type;
    auto_error struct error *err = NULL;
    assert_int_equal(hostpath_type_parse("directory", &type, &err), -1);
    assert_int_equal(err->class, ERROR_INPUT);
    assert_string_equal(err->message,
        "must be Directory, DirectoryOrCreate, File, FileOrCreate, Socket, CharDevice or "
        "BlockDevice, not \"directory\" (did you mean \"Directory\"?)");
}

static void assert_same_path(const char *found, const char *path)
{
    assert_int_equal(found == NULL, path == NULL);
    if (path != NULL)
        assert_string_equal(found, path);
}

static void checked_objects_are_taken(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *path; /* or NULL */
        const char *volume_path; /* or NULL */
        enum hostpath_type type;
        bool read_only;
    } cases[] = {
        {"{\"path\": \"/a\", \"volumePath\": \"/b\"}", "/a", "/b", HOSTPATH_DIRECTORY, false},
        {"{\"path\": \"//a/./b//\", \"volumePath\": \"/c/\", \"type\": \"Socket\", "
         "\"readOnly\": true}",
            "/a/b", "/c", HOSTPATH_SOCKET, true},
        {"{\"path\": \"/\", \"volumePath\": \"/...\"}", "/", "/...", HOSTPATH_DIRECTORY, false},
        {"{\"volumePath\": \"/b\", \"readOnly\": false}", NULL, "/b", HOSTPATH_DIRECTORY, false},
        {"{\"path\": \"/a\"}", "/a", NULL, HOSTPATH_DIRECTORY, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct hostpath *found = parse(cases[i].text);
        assert_same_path(found->path, cases[i].path);
        assert_same_path(found->volume_path, cases[i].volume_path);
        assert_int_equal(found->type, cases[i].type);
        assert_int_equal(found->read_only, cases[i].read_only);
        hostpath_free(found);
    }
}

static void wrong_paths_are_told(UNUSED void **state)
{
    static const struct {
        const char *path;
        const char *message;
    } cases[] = {
        {"a/b", "\"a/b\" is not an absolute path: it must begin with \"/\""},
        {"/a/../b", "\"/a/../b\" contains \"..\": write the path without it"},
        {"/..", "\"/..\" contains \"..\": write the path without it"},
        {"/a\033[31m", "\"/a\\x1b[31m\" contains control characters"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct findings findings = {0};
        assert_false(hostpath_check_path(cases[i].path, "/p", &findings));
        assert_int_equal(findings.errors, 1);
        assert_string_equal(findings.items[0].pointer, "/p");
        assert_string_equal(findings.items[0].message, cases[i].message);
        findings_clear(&findings);
    }
}

static void paths_have_a_limit(UNUSED void **state)
{
    char path[HOSTPATH_PATH_MAX + 2];
    struct findings findings = {0};
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[HOSTPATH_PATH_MAX] = '\0';
    assert_true(hostpath_check_path(path, "/p", &findings));
    path[HOSTPATH_PATH_MAX] = 'a';
    path[HOSTPATH_PATH_MAX + 1] = '\0';
    assert_false(hostpath_check_path(path, "/p", &findings));
    assert_int_equal(findings.errors, 1);
    assert_string_equal(findings.items[0].message, "is longer than 4096 bytes");
    findings_clear(&findings);
}

static void below_is_by_component(UNUSED void **state)
{
    static const struct {
        const char *path;
        const char *prefix;
        bool below;
    } cases[] = {
        {"/var/lib/img", "/var/lib/img", true},
        {"/var/lib/img", "/var/lib/img/", true},
        {"/var/lib/img/", "/var/lib/img", true},
        {"/var//lib/./img/x", "/var/lib/img", true},
        {"/var/lib/img2", "/var/lib/img", false},
        {"/var/lib/im", "/var/lib/img", false},
        {"/var/lib", "/var/lib/img", false},
        {"/var/lib/img/../x", "/var/lib/img", false},
        {"/var/lib/img/..x", "/var/lib/img", true},
        {"/var/lib/img", "/var/lib/img/..", false},
        {"/", "/", true},
        {"/a", "/", true},
        {"/", "/a", false},
        {"/A/b", "/a", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (hostpath_is_below(cases[i].path, cases[i].prefix) != cases[i].below)
            fail_msg("%s below %s", cases[i].path, cases[i].prefix);
    }
}

static void places_are_normal(UNUSED void **state)
{
    static const struct {
        const char *path;
        const char *place; /* NULL: none */
    } cases[] = {
        {"/", "/"},
        {"//", "/"},
        {"/.", "/"},
        {"/./", "/"},
        {"/a", "/a"},
        {"/a/", "/a"},
        {"//a/.//b/.", "/a/b"},
        {"/.a/b./...", "/.a/b./..."},
        {"/..a/a..", "/..a/a.."},
        {"/..", NULL},
        {"/a/../b", NULL},
        {"/a..b/..", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *place = hostpath_place(cases[i].path);
        if (cases[i].place == NULL ? place != NULL : place == NULL || !streq(place, cases[i].place))
            fail_msg("%s is at %s", cases[i].path, text_or(place, "(none)"));
    }
}

static void volume_and_mount_are_as_kubernetes_has_them(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *volume;
        const char *mount;
    } cases[] = {
        {"{\"path\": \"/a\", \"volumePath\": \"/b\"}",
            "{\"name\":\"v\",\"hostPath\":{\"path\":\"/a\",\"type\":\"Directory\"}}",
            "{\"name\":\"v\",\"mountPath\":\"/b\"}"},
        {"{\"path\": \"/a\", \"volumePath\": \"/b\", \"type\": \"BlockDevice\", \"readOnly\": "
         "true}",
            "{\"name\":\"v\",\"hostPath\":{\"path\":\"/a\",\"type\":\"BlockDevice\"}}",
            "{\"name\":\"v\",\"mountPath\":\"/b\",\"readOnly\":true}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct hostpath *hostpath = parse(cases[i].text);
        auto_json json_t *volume = hostpath_volume(hostpath, "v");
        auto_json json_t *mount = hostpath_volume_mount(hostpath, "v");
        auto_free char *volume_text = json_dumps(volume, JSON_COMPACT);
        auto_free char *mount_text = json_dumps(mount, JSON_COMPACT);
        assert_string_equal(volume_text, cases[i].volume);
        assert_string_equal(mount_text, cases[i].mount);
        hostpath_free(hostpath);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_one_name),
        cmocka_unit_test(wrong_type_name_gets_a_hint),
        cmocka_unit_test(checked_objects_are_taken),
        cmocka_unit_test(wrong_paths_are_told),
        cmocka_unit_test(paths_have_a_limit),
        cmocka_unit_test(below_is_by_component),
        cmocka_unit_test(places_are_normal),
        cmocka_unit_test(volume_and_mount_are_as_kubernetes_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
