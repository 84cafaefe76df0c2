/* JSON read as its bytes arrive, built within a budget, and written as Kubernetes writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_build.h"
#include "base/json_write.h"
#include "base/unused.h"
#include "tests/unit/repeated.h"

static const struct json_limits ample = {.nodes = 10000, .bytes = 1 << 20, .depth = 64};

/* Feeds the text in pieces of one size. */
static json_t *build_in_pieces(
    const char *text, size_t length, size_t piece, struct json_fault *fault, struct error **err)
{
    struct json_reader reader;
    struct json_builder builder;
    json_t *value = NULL;
    *fault = (struct json_fault){0};
    json_builder_init(&builder, &ample);
    json_reader_init(&reader, json_builder_take, &builder);
    int status = 0;
    for (size_t at = 0; at < length && status == 0; at += piece)
        status = json_reader_feed(
            &reader, text + at, length - at < piece ? length - at : piece, fault, err);
    if (status == 0 && json_reader_end(&reader, fault, err) == 0)
        value = json_builder_finish(&builder, err);
    json_reader_clear(&reader);
    json_builder_clear(&builder);
    return value;
}

static void values_are_built_however_their_bytes_arrive(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *written; /* NULL: the same */
    } cases[] = {
        {"null", NULL},
        {" true ", "true"},
        {"-12", NULL},
        {"\"\"", NULL},
        {"[]", NULL},
        {"{}", NULL},
        {"[1,-2.5,\"a\",{\"b\":[true,false,null]},[[]]]", NULL},
        {"{\"\":{\"\":0},\"b\":\"\"}", NULL},
        {"[ \"\\u00e9\\n\\/\\\\\\\"\" , \"\\ud83d\\ude00\" ]", "[\"é\\n/\\\\\\\"\",\"😀\"]"},
        {"{\"a\":\"\\u0000\"}", NULL},
        {"9223372036854775807", NULL},
        {"-9223372036854775808", NULL},
        {"9223372036854775808", "9223372036854776000"},
        {"100000000000000000000", NULL},
        {"1e20", "100000000000000000000"},
        {"123456789012345680000", NULL},
        {"1e21", "1e+21"},
        {"-1.5e300", "-1.5e+300"},
        {"0.1", NULL},
        {"0.000001", NULL},
        {"1e-7", NULL},
        {"0.30000000000000004", NULL},
        {"-0.0", "0"},
        {"1.0", "1"},
        {"5e-324", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t length = strlen(cases[i].text);
        for (size_t piece = 1; piece <= length; piece++) {
            struct json_fault fault;
            auto_error struct error *err = NULL;
            auto_json json_t *value = build_in_pieces(cases[i].text, length, piece, &fault, &err);
            assert_null(err);
            auto_free char *written = json_write(value);
            assert_string_equal(
                written, cases[i].written != NULL ? cases[i].written : cases[i].text);
        }
    }
}

static void zero_bytes_keep_their_length(UNUSED void **state)
{
    static const char text[] = "\"c\\u0000d\"";
    auto_json json_t *string = json_build(text, strlen(text), &ample, NULL, NULL);
    assert_int_equal(json_string_length(string), 3);
    assert_memory_equal(json_string_value(string), "c\0d", 3);
}

static void a_wrong_structure_has_its_place(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *message;
        struct json_fault fault;
    } cases[] = {
        {"", "the text ends too early", {1, 1, 0}},
        {"[1,\n {\"é\": ;}]", "a value is expected", {2, 8, 12}},
        {"[1", "the text ends too early", {1, 2, 1}},
        {"[1]]", "nothing may follow the value", {1, 4, 3}},
        {"[1,]", "a value is expected", {1, 4, 3}},
        {"{\"a\"}", "\":\" is expected", {1, 5, 4}},
        {"{\"a\":1,}", "a key in quotes is expected", {1, 8, 7}},
        {"{\"a\":1]", "\",\" or \"}\" is expected", {1, 7, 6}},
        {"[1}", "\",\" or \"]\" is expected", {1, 3, 2}},
        {"{a:1}", "a key in quotes is expected", {1, 2, 1}},
        {"\"abc", "the text ends too early", {1, 4, 3}},
        {"1 2", "nothing may follow the value", {1, 3, 2}},
        {"}", "a value is expected", {1, 1, 0}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t length = strlen(cases[i].text);
        for (size_t piece = 1; piece <= length + 1; piece++) {
            struct json_fault fault;
            auto_error struct error *err = NULL;
            assert_null(build_in_pieces(cases[i].text, length, piece, &fault, &err));
            assert_int_equal(err->class, ERROR_INPUT);
            assert_non_null(strstr(err->message, cases[i].message));
            assert_int_equal(fault.line, cases[i].fault.line);
            assert_int_equal(fault.column, cases[i].fault.column);
            assert_int_equal(fault.byte, cases[i].fault.byte);
        }
    }
}

static void a_bad_value_is_refused_alone(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"[\"\xff\", 1]", "the value \"\\xff\" is not valid UTF-8"},
        {"[\"\\ud800\"]", "has an escape that JSON does not have"},
        {"[\"\\udc00\\ud800\"]", "has an escape that JSON does not have"},
        {"[\"\\x\"]", "has an escape that JSON does not have"},
        {"[\"\\u12\"]", "has an escape that JSON does not have"},
        {"[\"a\tb\"]", "has a control character that is not escaped"},
        {"{\"\xc0\x80\": 1}", "the key \"\\xc0\\x80\" is not valid UTF-8"},
        {"[01]", "is not a number, true, false or null"},
        {"[1.]", "is not a number, true, false or null"},
        {"[-]", "is not a number, true, false or null"},
        {"[1e]", "is not a number, true, false or null"},
        {"[+1]", "is not a number, true, false or null"},
        {"nul", "is not a number, true, false or null"},
        {"[1e400]", "the number \"1e400\" is too large"},
        {"{\"a\\u0000b\":1}", "the key \"a\\x00b\" has a zero byte"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "the key \"a\" occurs twice"},
        {"{\"x\":{\"a\":1,\"\\u0061\":3}}", "the key \"a\" occurs twice"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t length = strlen(cases[i].text);
        for (size_t piece = 1; piece <= length; piece++) {
            struct json_fault fault;
            auto_error struct error *err = NULL;
            assert_null(build_in_pieces(cases[i].text, length, piece, &fault, &err));
            assert_int_equal(err->class, ERROR_INPUT);
            if (strstr(err->message, cases[i].message) == NULL)
                fail_msg("%s", err->message);
            assert_int_equal(fault.line, 0);
        }
    }
}

/* The reader goes on to the end of what a builder gave up, and does not mistake the rest for it. */
static void tokens_follow_what_was_given_up(UNUSED void **state)
{
    static const char text[] = "{\"a\":{\"b\":[1,{\"c\":1,\"c\":2,\"d\":[[]]}]},\"e\":[]}";
    struct json_reader reader;
    struct json_builder builder;
    json_builder_init(&builder, &ample);
    json_reader_init(&reader, json_builder_take, &builder);
    for (size_t i = 0; i < strlen(text); i++) {
        assert_false(json_builder_is_done(&builder));
        assert_int_equal(json_reader_feed(&reader, text + i, 1, NULL, NULL), 0);
    }
    assert_true(json_builder_is_done(&builder));
    assert_null(json_builder_finish(&builder, NULL));
    json_reader_clear(&reader);
    json_builder_clear(&builder);
}

static void a_budget_is_kept(UNUSED void **state)
{
    static const struct {
        struct json_limits limits;
        const char *text;
        const char *message; /* NULL: it is built */
    } cases[] = {
        {{.nodes = 4, .bytes = 9, .depth = 2}, "[1,2,[]]", NULL},
        {{.nodes = 3, .bytes = 9, .depth = 2}, "[1,2,[]]", "it has too many values"},
        {{.nodes = 4, .bytes = 9, .depth = 1}, "[1,2,[]]", "it is nested deeper than 1 levels"},
        {{.nodes = 4, .bytes = 4, .depth = 2}, "{\"ab\":\"cd\"}", NULL},
        {{.nodes = 4, .bytes = 3, .depth = 2}, "{\"ab\":\"cd\"}",
            "its keys and strings have too many bytes"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        const char *text = cases[i].text;
        auto_json json_t *value = json_build(text, strlen(text), &cases[i].limits, NULL, &err);
        assert_int_equal(value == NULL, cases[i].message != NULL);
        if (cases[i].message != NULL)
            assert_string_equal(err->message, cases[i].message);
    }
}

static void only_what_is_kept_is_built(UNUSED void **state)
{
    static const char text[] =
        "{\"kind\":\"K\",\"request\":{\"uid\":\"u\",\"object\":{\"metadata\":"
        "{\"a/b\":{\"x\":1}},\"spec\":{\"y\":[1,1,{\"y\":1}]}},\"list\":"
        "[{\"name\":\"n\",\"z\":1},2,[3]]}}";
    static const struct {
        const char *const keep[4];
        const char *written;
    } cases[] = {
        {{"/kind"}, "{\"kind\":\"K\"}"},
        {{"/request/uid", "/kind/x"}, "{\"kind\":\"K\",\"request\":{\"uid\":\"u\"}}"},
        {{"/request/object/metadata/a~1b"},
            "{\"request\":{\"object\":{\"metadata\":{\"a/b\":{\"x\":1}}}}}"},
        {{"/request/object/metadata/a~1b/nothing"},
            "{\"request\":{\"object\":{\"metadata\":{\"a/b\":{}}}}}"},
        {{"/request/list/*/name"}, "{\"request\":{\"list\":[{\"name\":\"n\"},2,[]]}}"},
        {{"/request/*/metadata"}, "{\"request\":{\"uid\":\"u\",\"object\":{\"metadata\":{\"a/"
                                  "b\":{\"x\":1}}},\"list\":[]}}"},
        {{"/nothing"}, "{}"},
        {{"/request/object/metadata/a~1"}, "{\"request\":{\"object\":{\"metadata\":{}}}}"},
        {{"/request/list/*", "/request/list/*/z"},
            "{\"request\":{\"list\":[{\"name\":\"n\",\"z\":1},2,[3]]}}"},
        {{"/request/object/*/y/*/y", "/request/object/spec/x", "/kind"},
            "{\"kind\":\"K\",\"request\":{\"object\":{\"metadata\":{},\"spec\":{\"y\":[1,1,{"
            "\"y\":1}]}}}}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct json_limits limits = ample;
        limits.keep = cases[i].keep;
        auto_json json_t *value = json_build(text, strlen(text), &limits, NULL, NULL);
        auto_free char *written = json_write(value);
        assert_string_equal(written, cases[i].written);
    }
}

static void what_is_kept_may_begin_further_in(UNUSED void **state)
{
    static const char text[] = "{\"type\":\"T\",\"object\":{\"metadata\":{\"name\":\"n\",\"x\":1},"
                               "\"spec\":{\"y\":1}},\"other\":[{\"z\":2}]}";
    static const char *const keep[] = {"/metadata/name", "/z", NULL};
    struct json_limits limits = ample;
    limits.keep = keep;
    limits.within = "object";
    auto_json json_t *value = json_build(text, strlen(text), &limits, NULL, NULL);
    auto_free char *written = json_write(value);
    assert_string_equal(written,
        "{\"type\":\"T\",\"object\":{\"metadata\":{\"name\":\"n\"}},\"other\":[{\"z\":2}]}");
}

/* What is passed over costs nothing of the budget, however much it is. */
static void what_is_passed_over_is_free(UNUSED void **state)
{
    enum { MANY = 100000 };
    auto_free char *text = repeated("{\"spec\":[0", ",[]", MANY, "],\"uid\":1}");
    static const char *const keep[] = {"/uid", NULL};
    const struct json_limits limits = {.nodes = 2, .bytes = 3, .depth = 1, .keep = keep};
    auto_json json_t *value = json_build(text, strlen(text), &limits, NULL, NULL);
    assert_int_equal(json_integer_value(json_object_get(value, "uid")), 1);
    const struct json_limits all = {.nodes = MANY, .bytes = 100, .depth = 9};
    auto_error struct error *err = NULL;
    assert_null(json_build(text, strlen(text), &all, NULL, &err));
    assert_string_equal(err->message, "it has too many values");
}

static void nesting_ends_somewhere(UNUSED void **state)
{
    static char text[2 * JSON_READ_MAX_DEPTH + 2];
    static const char *const keep[] = {"/uid", NULL};
    const struct json_limits limits = {.nodes = 2, .bytes = 3, .depth = 1, .keep = keep};
    memset(text, '[', JSON_READ_MAX_DEPTH + 1);
    auto_error struct error *err = NULL;
    assert_null(json_build(text, JSON_READ_MAX_DEPTH + 1, &limits, NULL, &err));
    assert_string_equal(err->message, "not valid JSON: it is nested too deeply");
    memset(text + JSON_READ_MAX_DEPTH, ']', JSON_READ_MAX_DEPTH);
    auto_json json_t *value =
        json_build(text, (size_t)2 * JSON_READ_MAX_DEPTH, &limits, NULL, NULL);
    assert_true(json_is_array(value));
}

static void long_tokens_are_cut(UNUSED void **state)
{
    auto_free char *text = repeated("[\"", "x", JSON_READ_MAX_STRING + 1, "\",1]");
    struct json_fault fault;
    auto_error struct error *err = NULL;
    assert_null(build_in_pieces(text, strlen(text), strlen(text), &fault, &err));
    assert_non_null(strstr(err->message, "is too long"));
    auto_error struct error *in_pieces = NULL;
    assert_null(build_in_pieces(text, strlen(text), 4096, &fault, &in_pieces));
    assert_non_null(strstr(in_pieces->message, "is too long"));
    auto_free char *number = repeated("[", "9", JSON_READ_MAX_NUMBER + 1, "]");
    auto_error struct error *of_number = NULL;
    assert_null(build_in_pieces(number, strlen(number), strlen(number), &fault, &of_number));
    assert_non_null(strstr(of_number->message, "is a number of too many digits"));
}

/* How many digits text has before its exponent, without zeros at either end. */
static size_t count_digits(const char *text)
{
    char digits[64];
    size_t count = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
            digits[count++] = *text;
    }
    while (count > 0 && digits[count - 1] == '0')
        count--;
    return count;
}

/* The number is written in the fewest digits, found by trying each count, that are read as it. */
static void expect_shortest(double number)
{
    char shortest[32];
    int count = 0;
    do
        snprintf(shortest, sizeof(shortest), "%.*e", count, number);
    while (strtod(shortest, NULL) != number && count++ < 17);
    auto_json json_t *value = json_real(number);
    auto_free char *written = json_write(value);
    assert_true(strtod(written, NULL) == number);
    if (count_digits(written) != count_digits(shortest))
        fail_msg("%s, not %s", written, shortest);
}

static void numbers_have_the_fewest_digits(UNUSED void **state)
{
    static const double cases[] = {0, 1, 0.1, 0.3, 2.5, 1e15, 123456789012345678, DBL_MIN, DBL_MAX,
        DBL_EPSILON, 1.0 / 3, 5e-324, 1e-323, 1.5e-310, 2.225073858507201e-308, 9007199254740993};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_shortest(cases[i]);
    for (int exponent = -1074; exponent < 1024; exponent++) {
        double power = ldexp(1, exponent);
        expect_shortest(power);
        expect_shortest(nextafter(power, 0));
        expect_shortest(nextafter(power, 1));
        expect_shortest(power * 1.1);
    }
}

static void values_are_counted(UNUSED void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {{"", 0}, {" 1 ", 1}, {"[]", 1}, {"{\"a\":[true,null,{}],\"b\":\"\"}", 6},
        {"[1,\"\\ud800\",01,2", 4}, {"[1,2 3]", 3}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(json_read_count(cases[i].text, strlen(cases[i].text)), cases[i].count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_built_however_their_bytes_arrive),
        cmocka_unit_test(zero_bytes_keep_their_length),
        cmocka_unit_test(a_wrong_structure_has_its_place),
        cmocka_unit_test(a_bad_value_is_refused_alone),
        cmocka_unit_test(tokens_follow_what_was_given_up),
        cmocka_unit_test(a_budget_is_kept),
        cmocka_unit_test(only_what_is_kept_is_built),
        cmocka_unit_test(what_is_kept_may_begin_further_in),
        cmocka_unit_test(what_is_passed_over_is_free),
        cmocka_unit_test(nesting_ends_somewhere),
        cmocka_unit_test(long_tokens_are_cut),
        cmocka_unit_test(numbers_have_the_fewest_digits),
        cmocka_unit_test(values_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
