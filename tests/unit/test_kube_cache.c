/* The cache of an informer: what counts as a change, what is borrowed, and what a relist removes.
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ev.h>
#include <string.h>
#include <utstring.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/unused.h"
#include "kube/cache.h"
#include "kube/resource.h"

static struct kube_cache *cache;

static int setup(UNUSED void **state)
{
    cache = kube_cache_new();
    return 0;
}

static int teardown(UNUSED void **state)
{
    kube_cache_free(cache);
    return 0;
}

/* Puts an object; returns the previous one, a new reference, or NULL. */
static json_t *put(const char *key, const char *version, const char *data, bool changes)
{
    auto_json json_t *object = json_pack(
        "{s:{s:s, s:s}, s:s}", "metadata", "name", key, "resourceVersion", version, "data", data);
    json_t *before = NULL;
    assert_int_equal(kube_cache_put(cache, key, object, &before), changes);
    assert_string_equal(kube_resource_version(object), version); /* it is left as it was */
    return before;
}

static void assert_object(const json_t *object, const char *version, const char *data)
{
    assert_non_null(object);
    assert_string_equal(kube_resource_version(object), version);
    assert_string_equal(json_get_string(object, "data"), data);
}

static void test_a_new_object_is_a_change(UNUSED void **state)
{
    assert_null(kube_cache_get(cache, "a"));
    assert_null(put("a", "1", "x", true));
    assert_object(kube_cache_get(cache, "a"), "1", "x");
    assert_int_equal(kube_cache_count(cache), 1);
}

static void test_another_resource_version_alone_is_no_change(UNUSED void **state)
{
    put("a", "1", "x", true);
    put("a", "2", "x", false);
    assert_object(kube_cache_get(cache, "a"), "2", "x");
    auto_json json_t *before = put("a", "3", "y", true);
    assert_object(before, "2", "x");
}

static void test_the_order_of_members_is_no_change(UNUSED void **state)
{
    static const char *const texts[] = {
        "{\"metadata\":{\"resourceVersion\":\"1\",\"name\":\"a\"},\"a\":[1,2.5],\"b\":null}",
        "{\"b\":null,\"a\":[1,2.5],\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}",
    };
    for (int i = 0; i < 2; i++) {
        auto_json json_t *object = json_loads(texts[i], 0, NULL);
        json_t *before = NULL;
        assert_int_equal(kube_cache_put(cache, "a", object, &before), i == 0);
        assert_true(json_equal(kube_cache_get(cache, "a"), object));
    }
}

static void test_what_is_lent_lives_until_the_loop_runs_on(UNUSED void **state)
{
    put("a", "1", "x", true);
    put("b", "1", "x", true);
    const json_t *changed = kube_cache_get(cache, "a");
    const json_t *removed = kube_cache_get(cache, "b");
    assert_ptr_equal(kube_cache_get(cache, "a"), changed); /* decoded once */
    auto_json json_t *before = put("a", "2", "y", true);
    auto_json json_t *gone = kube_cache_remove(cache, "b");
    assert_object(changed, "1", "x");
    assert_object(removed, "1", "x");
    assert_object(kube_cache_get(cache, "a"), "2", "y");
    ev_run(EV_DEFAULT, EVRUN_NOWAIT);
    assert_object(kube_cache_get(cache, "a"), "2", "y");
    assert_null(kube_cache_get(cache, "b"));
}

static void test_what_is_read_is_not_lent(UNUSED void **state)
{
    assert_null(kube_cache_read(cache, "a"));
    put("a", "1", "x", true);
    auto_json json_t *own = kube_cache_read(cache, "a");
    auto_json json_t *other = kube_cache_read(cache, "a");
    assert_ptr_not_equal(own, other);
    assert_int_equal(own->refcount, 1); /* nobody else holds it */
    assert_object(own, "1", "x");
}

static void test_removal(UNUSED void **state)
{
    assert_null(kube_cache_remove(cache, "a"));
    put("a", "1", "x", true);
    auto_json json_t *gone = kube_cache_remove(cache, "a");
    assert_object(gone, "1", "x");
    assert_int_equal(kube_cache_count(cache), 0);
    put("a", "1", "x", true); /* it is new again */
}

static void write_down(void *user, const char *key, const json_t *object)
{
    UT_string *told = user;
    utstring_printf(told, "%s%s ", key, kube_resource_version(object));
}

static void test_a_sweep_removes_what_was_not_put_again(UNUSED void **state)
{
    put("a", "1", "x", true);
    put("b", "2", "x", true);
    put("c", "3", "x", true);
    UT_string told;
    utstring_init(&told);
    kube_cache_each(cache, write_down, &told);
    assert_string_equal(utstring_body(&told), "a1 b2 c3 ");
    kube_cache_stale(cache);
    put("b", "2", "x", false);
    kube_cache_stale(cache); /* the list began anew */
    put("c", "3", "x", false);
    put("d", "4", "x", true);
    utstring_clear(&told);
    kube_cache_sweep(cache, write_down, &told);
    assert_string_equal(utstring_body(&told), "a1 b2 ");
    utstring_clear(&told);
    kube_cache_each(cache, write_down, &told);
    assert_string_equal(utstring_body(&told), "c3 d4 ");
    utstring_done(&told);
}

static void test_a_list_that_is_undone(UNUSED void **state)
{
    put("a", "1", "x", true);
    put("b", "2", "x", true);
    kube_cache_stale(cache);
    size_t before = kube_cache_bytes(cache);
    put("b", "2", "x", false);
    put("c", "3", "x", true);
    UT_string told;
    utstring_init(&told);
    kube_cache_undo(cache, write_down, &told);
    assert_string_equal(utstring_body(&told), "c3 ");
    assert_int_equal(kube_cache_count(cache), 2);
    assert_int_equal(kube_cache_bytes(cache), before);
    utstring_done(&told);
}

static void test_what_the_objects_take(UNUSED void **state)
{
    assert_int_equal(kube_cache_bytes(cache), 0);
    put("a", "1", "x", true);
    size_t one = kube_cache_bytes(cache);
    auto_json json_t *longer = put("a", "1", "xyz", true);
    assert_int_equal(kube_cache_bytes(cache), one + 2);
    assert_int_equal(kube_cache_fresh_bytes(cache), one + 2);
    kube_cache_stale(cache);
    assert_int_equal(kube_cache_fresh_bytes(cache), 0);
    put("b", "1", "x", true);
    assert_int_equal(kube_cache_bytes(cache), 2 * one + 2);
    assert_int_equal(kube_cache_fresh_bytes(cache), one);
    kube_cache_keep(cache, "a");
    kube_cache_keep(cache, "a");
    assert_int_equal(kube_cache_fresh_bytes(cache), 2 * one + 2);
    auto_json json_t *gone = kube_cache_remove(cache, "a");
    assert_int_equal(kube_cache_fresh_bytes(cache), one);
    assert_int_equal(kube_cache_bytes(cache), one);
}

static void test_any_text_is_kept(UNUSED void **state)
{
    static const char text[] = "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"\"},"
                               "\"t\":\"\\u0000 \\\" € 😀\",\"i\":-9223372036854775808,\"r\":1e300}";
    auto_json json_t *object = json_loads(text, JSON_ALLOW_NUL, NULL);
    json_t *before = NULL;
    assert_true(kube_cache_put(cache, "a/😀", object, &before));
    assert_true(json_equal(kube_cache_get(cache, "a/😀"), object));
    assert_false(kube_cache_put(cache, "a/😀", object, &before));
}

/* Pruning may have added values, so that there are more than are read of an object. */
static void test_any_number_of_values_is_kept(UNUSED void **state)
{
    enum { MANY = 30000 };
    auto_json json_t *object = json_pack("{s:{s:s}, s:[]}", "metadata", "name", "a", "list");
    for (int i = 0; i < MANY; i++)
        json_array_append_new(json_object_get(object, "list"), json_object());
    json_t *before = NULL;
    assert_true(kube_cache_put(cache, "a", object, &before));
    assert_int_equal(json_array_size(json_object_get(kube_cache_get(cache, "a"), "list")), MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_object_is_a_change, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_another_resource_version_alone_is_no_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_order_of_members_is_no_change, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_what_is_lent_lives_until_the_loop_runs_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_read_is_not_lent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removal, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_sweep_removes_what_was_not_put_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_list_that_is_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_objects_take, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_text_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_number_of_values_is_kept, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
