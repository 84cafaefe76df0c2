/* Authorizations: what was written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/appliance/authorization.h"

enum { WRITTEN = 1790000000 };

static const unsigned char bytes[CONTROLLER_KEY_BYTES] = {1, 2, 3};
static const unsigned char other_bytes[CONTROLLER_KEY_BYTES] = {1, 2, 4};

static const struct controller_authorization whole = {
    .vm = (char *)"dev/web",
    .data_source = (char *)"golden/fedora",
    .uid = (char *)"6f1c",
    .version = (char *)"42",
    .user = (char *)"alice\nbob\"",
    .nonce = (char *)"00112233445566778899aabbccddeeff",
    .denied = (char *)"configmaps golden/a, ",
    .objects = (char *)"ab",
    .time = WRITTEN,
};

/* Reads text for a VM; returns the message of its error, "" if it is valid. Owned by the caller. */
static char *fault_of(const char *text, const char *vm, time_t created, const unsigned char *of)
{
    struct controller_authorization read;
    struct controller_key *key = controller_key_of(of);
    auto_error struct error *err = NULL;
    int status = controller_authorization_read(&read, text, vm, created, key, &err);
    assert_int_equal(status, err == NULL ? 0 : -1);
    if (err == NULL) {
        assert_string_equal(read.vm, whole.vm);
        assert_string_equal(read.data_source, whole.data_source);
        assert_string_equal(read.uid, whole.uid);
        assert_string_equal(read.version, whole.version);
        assert_string_equal(read.user, whole.user);
        assert_string_equal(read.nonce, whole.nonce);
        assert_string_equal(read.denied, whole.denied);
        assert_string_equal(read.objects, whole.objects);
        assert_true(read.time == whole.time);
    }
    controller_authorization_clear(&read);
    controller_key_free(key);
    return xstrdup(err == NULL ? "" : err->message);
}

static char *written(void)
{
    struct controller_key *key = controller_key_of(bytes);
    char *text = controller_authorization_write(&whole, key);
    controller_key_free(key);
    return text;
}

static void test_use(UNUSED void **state)
{
    static const struct {
        const char *vm;
        long long since;
        const unsigned char *key;
        const char *fault;
    } cases[] = {
        {"dev/web", 0, bytes, ""},
        {"dev/web", CONTROLLER_AUTHORIZATION_SLACK, bytes, ""},
        {"dev/web", -CONTROLLER_AUTHORIZATION_SLACK, bytes, ""},
        {"dev/web", CONTROLLER_AUTHORIZATION_SLACK + 1, bytes,
            "it is that of an earlier VM of this name"},
        {"dev/web", -CONTROLLER_AUTHORIZATION_SLACK - 1, bytes,
            "it is that of an earlier VM of this name"},
        {"dev/web2", 0, bytes, "it is that of the VM dev/web"},
        {"dev2/web", 0, bytes, "it is that of the VM dev/web"},
        {"dev/web", 0, other_bytes, "hook-controller has not written it"},
    };
    auto_free char *text = written();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *fault =
            fault_of(text, cases[i].vm, (time_t)(WRITTEN + cases[i].since), cases[i].key);
        assert_string_equal(fault, cases[i].fault);
    }
}

/* Every member is under the code: whichever is changed, the text is not ours. */
static void test_changed(UNUSED void **state)
{
    auto_free char *text = written();
    auto_json json_t *object = json_parse(text, strlen(text), 2, NULL);
    assert_non_null(object);
    const char *key = NULL;
    json_t *value = NULL;
    size_t count = 0;
    json_object_foreach (object, key, value) {
        auto_json json_t *changed = json_deep_copy(object);
        json_t *other = json_is_integer(value) ? json_integer(json_integer_value(value) + 1)
                                               : json_sprintf("%sx", json_string_value(value));
        json_object_set_new(changed, key, other);
        auto_free char *changed_text = json_dumps(changed, 0);
        auto_free char *fault = fault_of(changed_text, "dev/webx", WRITTEN, bytes);
        assert_string_equal(fault, "hook-controller has not written it");
        json_object_del(changed, key);
        auto_free char *short_text = json_dumps(changed, 0);
        auto_free char *short_fault = fault_of(short_text, "dev/web", WRITTEN, bytes);
        assert_true(text_starts_with(short_fault, "it has no ") ||
                    streq(short_fault, "hook-controller has not written it"));
        count++;
    }
    assert_int_equal(count, 10);
}

static void test_no_authorization(UNUSED void **state)
{
    static const char *const texts[] = {"", "{}", "[]", "null", "{\"vm\":1}", "{\"vm\":", "\x01",
        "{\"vm\":{\"a\":{\"b\":{}}}}", "{\"vm\":\"a\",\"vm\":\"b\"}"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_free char *fault = fault_of(texts[i], "dev/web", WRITTEN, bytes);
        assert_string_not_equal(fault, "");
    }
    char *longest = xcalloc(CONTROLLER_AUTHORIZATION_MAX_BYTES + 2, 1);
    memset(longest, ' ', CONTROLLER_AUTHORIZATION_MAX_BYTES + 1);
    auto_free char *fault = fault_of(longest, "dev/web", WRITTEN, bytes);
    assert_string_equal(fault, "it has more than 16384 bytes");
    free(longest);
}

/* The order of the objects and of their members makes no difference; anything else does. */
static void test_objects(UNUSED void **state)
{
    static const char *const same[] = {
        "[{\"a\":1,\"b\":\"x\"},{\"c\":2}]", "[{\"c\":2},{\"b\":\"x\",\"a\":1}]"};
    static const char *const others[] = {
        "[{\"a\":1,\"b\":\"x\"}]", "[]", "[{\"a\":1,\"b\":\"y\"},{\"c\":2}]"};
    struct controller_key *key = controller_key_of(bytes);
    auto_json json_t *first = json_loads(same[0], 0, NULL);
    auto_json json_t *second = json_loads(same[1], 0, NULL);
    auto_free char *code = controller_authorization_objects(first, key);
    auto_free char *again = controller_authorization_objects(second, key);
    assert_string_equal(code, again);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        auto_json json_t *other = json_loads(others[i], 0, NULL);
        auto_free char *different = controller_authorization_objects(other, key);
        assert_string_not_equal(code, different);
    }
    controller_key_free(key);
}

static void test_nonce(UNUSED void **state)
{
    auto_free char *one = controller_authorization_nonce();
    auto_free char *two = controller_authorization_nonce();
    assert_int_equal(strlen(one), CONTROLLER_NONCE_DIGITS);
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_use),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_no_authorization),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
