/* Objects held against tables of fields: what is found, what is right of them, and the way through
 * a table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"
#include "base/unused.h"

static const char *const colours[] = {"red", "green", "blue", NULL};

/* No text says "no". */
static bool check_no(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    const char *text = json_string_value(value);
    return text == NULL || !streq(text, "no") || schema_invalid(field, text, pointer, findings);
}

/* An array, or a map, does not have seven members. */
static bool check_seven(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    size_t count = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    if (count != 7)
        return true;
    findings_error(findings, pointer, "%s has seven", schema_name(field));
    return false;
}

static const struct schema_field fields[] = {
    {.path = "name",
        .kind = SCHEMA_STRING,
        .required = true,
        .maximum = 4,
        .rule = "any but \"no\"",
        .check = check_no},
    {.path = "colour", .kind = SCHEMA_STRING, .values = colours},
    {.path = "colours", .kind = SCHEMA_STRINGS, .values = colours, .minimum = 1, .maximum = 3},
    {.path = "words", .kind = SCHEMA_STRINGS, .rule = "any but \"no\"", .check = check_no},
    {.path = "count", .kind = SCHEMA_INTEGER, .minimum = -1, .maximum = 5},
    {.path = "flag", .kind = SCHEMA_BOOLEAN},
    {.path = "amount", .kind = SCHEMA_QUANTITY},
    {.path = "labels", .kind = SCHEMA_MAP, .check = check_seven},
    {.path = "any", .kind = SCHEMA_ANY},
    {.path = "more", .kind = SCHEMA_ANY},
    {.path = "and", .kind = SCHEMA_ANY},
    {.path = "yet", .kind = SCHEMA_ANY},
    {.path = "another", .kind = SCHEMA_ANY},
    {.path = "one", .kind = SCHEMA_ANY}, /* one more than are listed */
    {.path = "part", .kind = SCHEMA_OBJECT},
    {.path = "part.inner", .kind = SCHEMA_OBJECT},
    {.path = "part.inner.x", .kind = SCHEMA_INTEGER, .required = true, .maximum = 9},
    {.path = "part.y", .kind = SCHEMA_INTEGER, .maximum = 9},
    {.path = "items", .kind = SCHEMA_OBJECTS, .maximum = 7, .check = check_seven},
    {.path = "items[].id", .kind = SCHEMA_STRING, .required = true},
    {.path = "items[].inner", .kind = SCHEMA_OBJECTS},
    {.path = "items[].inner[].z", .kind = SCHEMA_INTEGER, .maximum = 9},
    {.path = "late", .kind = SCHEMA_OBJECT, .open = true},
    {.path = "late.known", .kind = SCHEMA_STRING},
    {.path = NULL},
};

/* All findings, one a line, with the warnings marked. Owned by the caller. */
static char *text_of(const struct findings *findings)
{
    char *all = xstrdup("");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        char *longer = xasprintf("%s%s%s %s\n", all,
            one->severity == FINDING_WARNING ? "warning " : "", one->pointer, one->message);
        free(all);
        all = longer;
    }
    return all;
}

/* Asserts what is found in an object, and what is right of it (NULL: it is as it is; "": it is
 * no object). */
static void expect(
    const struct schema *schema, const char *text, const char *right, const char *expected)
{
    struct findings findings = {0};
    auto_json json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    auto_json json_t *untouched = json_deep_copy(value);
    auto_json json_t *found = schema_check(schema, value, "", &findings);
    auto_free char *given = text_of(&findings);
    if (!streq(given, expected))
        fail_msg("%s gives\n%sand not\n%s", text, given, expected);
    auto_free char *shown = found != NULL ? json_dumps(found, JSON_COMPACT) : xstrdup("");
    auto_free char *same = json_dumps(value, JSON_COMPACT);
    assert_string_equal(shown, right != NULL ? right : same);
    findings_clear(&findings);
    assert_int_equal(schema_find_faults(schema, value, "", &findings), found != NULL);
    auto_free char *faults = text_of(&findings);
    assert_string_equal(faults, expected);
    assert_true(json_equal(value, untouched));
    findings_clear(&findings);
}

struct expectation {
    const char *text;
    const char *right;
    const char *findings;
};

static void expect_all(const struct schema *schema, const struct expectation *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(schema, cases[i].text, cases[i].right, cases[i].findings);
}

static void what_is_right_is_returned(UNUSED void **state)
{
    static const struct expectation cases[] = {
        {"{'name':'a'}", NULL, ""},
        {"{'name':'a','colour':'red','colours':['red','blue'],'words':[],'count':-1,'flag':false,"
         "'amount':'64Mi','labels':{'':'x','b':''},'any':[null,{}],"
         "'part':{'inner':{'x':0},'y':9},'items':[{'id':'1','inner':[{'z':1},{}]}],"
         "'late':{'known':'k'}}",
            NULL, ""},
        {"{'part':{'y':1,'inner':{'x':2}},'name':'a'}",
            "{'name':'a','part':{'inner':{'x':2},'y':1}}", ""},
        {"{'name':'a','flag':null,'part':null,'items':[{'inner':null,'id':'1'}]}",
            "{'name':'a','items':[{'id':'1'}]}", ""},
        {"{'name':'a','amount':3}", "{'name':'a','amount':'3'}", ""},
        {"{'name':'a','amount':0.5}", NULL, ""},
        {"{'name':'a','late':{'unlike':{'a':1}}}", NULL, ""},
    };
    static const struct schema schema = {.fields = fields};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text = xstrdup(cases[i].text);
        auto_free char *right = cases[i].right != NULL ? xstrdup(cases[i].right) : NULL;
        for (char *quote = text; (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        for (char *quote = right; quote != NULL && (quote = strchr(quote, '\'')) != NULL;)
            *quote = '"';
        expect(&schema, text, right, cases[i].findings);
    }
}

static void every_fault_is_found(UNUSED void **state)
{
    static const struct expectation cases[] = {
        {"[]", "", " must be an object, not an array\n"},
        {"{}", "{}", "/name is required: any but \"no\"\n"},
        {"{\"name\":\"\"}", "{}", "/name is required: any but \"no\"\n"},
        {"{\"name\":null}", "{}", "/name is required: any but \"no\"\n"},
        {"{\"name\":\"no\"}", "{}", "/name \"no\" is not valid: it must be any but \"no\"\n"},
        {"{\"name\":\"abcde\"}", "{}", "/name is longer than 4 bytes\n"},
        {"{\"name\":7}", "{}", "/name must be a string, not a number\n"},
        {"{\"name\":\"a\",\"colour\":\"gren\",\"count\":6,\"flag\":1,\"amount\":[]}",
            "{\"name\":\"a\"}",
            "/colour must be red, green or blue, not \"gren\" (did you mean \"green\"?)\n"
            "/count must be a whole number from -1 to 5, not 6\n"
            "/flag must be true or false, not a number\n"
            "/amount must be a quantity, such as 512Mi or 2, not an array\n"},
        {"{\"name\":\"a\",\"colour\":true,\"count\":1.5,\"part\":[],\"items\":{}}",
            "{\"name\":\"a\"}",
            "/colour must be red, green or blue, not a boolean\n"
            "/count must be a whole number from -1 to 5, not 1.5\n"
            "/part must be an object, not an array\n"
            "/items must be an array of objects, not an object\n"},
        {"{\"name\":\"a\",\"count\":\"1\",\"colours\":\"red\",\"labels\":1}", "{\"name\":\"a\"}",
            "/count must be a whole number from -1 to 5, not a string\n"
            "/colours must be an array of strings, not a string\n"
            "/labels must be an object, not a number\n"},
        {"{\"name\":\"a\",\"colours\":[],\"items\":[{},{},{},{},{},{},{},{}]}", "{\"name\":\"a\"}",
            "/colours has 0 items; at least 1 is required\n"
            "/items has 8 items; at most 7 are allowed\n"},
        {"{\"name\":\"a\",\"words\":[\"a\",\"no\",1,null]}",
            "{\"name\":\"a\",\"words\":[\"a\",\"\",\"\",\"\"]}",
            "/words/1 \"no\" is not valid: it must be any but \"no\"\n"
            "/words/2 must be a string, not a number\n"
            "/words/3 must be a string, not null\n"},
        {"{\"name\":\"a\",\"labels\":{\"a/b\":1,\"c\":\"d\",\"e\":null}}",
            "{\"name\":\"a\",\"labels\":{\"c\":\"d\"}}",
            "/labels/a~1b must be a string, not a number\n"
            "/labels/e must be a string, not null\n"},
        {"{\"name\":\"a\",\"items\":[1,{\"id\":\"1\",\"inner\":[{\"z\":10}]},{}]}",
            "{\"name\":\"a\",\"items\":[{},{\"id\":\"1\",\"inner\":[{}]},{}]}",
            "/items/0 must be an object, not a number\n"
            "/items/1/inner/0/z must be a whole number from 0 to 9, not 10\n"
            "/items/2/id is required\n"},
        {"{\"labels\":{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\","
         "\"7\":\"\"},\"part\":{\"inner\":{}},\"name\":\"a\"}",
            "{\"name\":\"a\",\"part\":{\"inner\":{}}}",
            "/labels labels has seven\n"
            "/part/inner/x is required\n"},
    };
    static const struct schema schema = {.fields = fields};
    expect_all(&schema, cases, ARRAY_SIZE(cases));
}

static void unknown_members_get_a_hint(UNUSED void **state)
{
    static const struct expectation cases[] = {
        {"{\"z\":1,\"name\":\"a\",\"colors\":[]}", "{\"name\":\"a\"}",
            "/z is not a known field\n"
            "/colors is not a known field (did you mean \"colours\"?)\n"},
        {"{\"Name\":\"a\",\"name\":\"b\",\"part.inner\":{},\"items[]\":1,\"\":2}",
            "{\"name\":\"b\"}",
            "/Name is not a known field (did you mean \"name\"?)\n"
            "/part.inner is not a known field\n"
            "/items[] is not a known field (did you mean \"items\"?)\n"
            "/ is not a known field\n"},
        {"{\"name\":\"a\",\"part\":{\"a/b\":null,\"inner\":{\"x\":1,\"q\":1}}}",
            "{\"name\":\"a\",\"part\":{\"inner\":{\"x\":1}}}",
            "/part/a~1b is not a known field; known fields: inner and y\n"
            "/part/inner/q is not a known field (did you mean \"x\"?)\n"},
        {"{\"name\":\"a\",\"items\":[{\"id\":\"1\",\"late\":1,\"inner[].z\":1}]}",
            "{\"name\":\"a\",\"items\":[{\"id\":\"1\"}]}",
            "/items/0/late is not a known field; known fields: id and inner\n"
            "/items/0/inner[].z is not a known field; known fields: id and inner\n"},
        {"{\"name\":\"a\",\"late\":{\"knwon\":1,\"other\":2}}",
            "{\"name\":\"a\",\"late\":{\"other\":2}}",
            "/late/knwon is not a known field (did you mean \"known\"?)\n"},
    };
    static const struct schema schema = {.fields = fields};
    expect_all(&schema, cases, ARRAY_SIZE(cases));
    static const struct schema lenient = {.fields = fields, .lenient = true};
    expect(&lenient, "{\"name\":\"a\",\"part\":{\"why\":1}}", "{\"name\":\"a\",\"part\":{}}",
        "warning /part/why is not a known field and is ignored; known fields: inner and y\n");
    static const struct schema named = {.fields = fields, .unknown = "is not for this program"};
    expect(&named, "{\"name\":\"a\",\"flags\":1}", "{\"name\":\"a\"}",
        "/flags is not for this program (did you mean \"flag\"?)\n");
}

static void what_is_refused_says_why(UNUSED void **state)
{
    static const struct schema_field rows[] = {
        {.path = "name", .kind = SCHEMA_STRING},
        {.path = "part", .kind = SCHEMA_OBJECT},
        {.path = "part.gpu", .kind = SCHEMA_ANY, .refused = "it needs a node"},
        {.path = NULL},
    };
    static const struct expectation cases[] = {
        {"{\"part\":{\"gpu\":{}}}", "{\"part\":{}}",
            "/part/gpu is not supported: it needs a node\n"},
        {"{\"part\":{\"gpu\":true}}", "{\"part\":{}}",
            "/part/gpu is not supported: it needs a node\n"},
        {"{\"part\":{\"gpu\":[1]}}", "{\"part\":{}}",
            "/part/gpu is not supported: it needs a node\n"},
        /* these ask for nothing */
        {"{\"part\":{\"gpu\":null}}", "{\"part\":{}}", ""},
        {"{\"part\":{\"gpu\":false}}", NULL, ""},
        {"{\"part\":{\"gpu\":[]}}", NULL, ""},
        /* nobody is sent to it */
        {"{\"part\":{\"gpus\":1}}", "{\"part\":{}}", "/part/gpus is not a known field\n"},
    };
    static const struct schema schema = {.fields = rows};
    expect_all(&schema, cases, ARRAY_SIZE(cases));
    static const struct schema named = {.fields = rows, .refused = "is not for this program"};
    expect(&named, "{\"part\":{\"gpu\":1}}", "{\"part\":{}}",
        "/part/gpu is not for this program: it needs a node\n");
}

static void names_are_taken_in_any_letter_case(UNUSED void **state)
{
    static const struct expectation cases[] = {
        {"{\"NAME\":\"a\"}", "{\"name\":\"a\"}",
            "warning /NAME is read as \"name\": use that spelling\n"},
        {"{\"NAME\":\"a\",\"name\":\"b\"}", "{\"name\":\"b\"}",
            "/NAME is \"name\" again, in another letter case: keep only one of the two\n"},
        {"{\"name\":\"b\",\"NAME\":\"a\"}", "{\"name\":\"b\"}",
            "/NAME is \"name\" again, in another letter case: keep only one of the two\n"},
        {"{\"Name\":\"a\",\"NAME\":\"b\"}", "{\"name\":\"a\"}",
            "warning /Name is read as \"name\": use that spelling\n"
            "/NAME is \"name\" again, in another letter case: keep only one of the two\n"},
        {"{\"name\":\"a\",\"Part\":{\"Y\":10},\"nam\":null}", "{\"name\":\"a\",\"part\":{}}",
            "warning /Part is read as \"part\": use that spelling\n"
            "warning /part/Y is read as \"y\": use that spelling\n"
            "/part/y must be a whole number from 0 to 9, not 10\n"
            "/nam is not a known field (did you mean \"name\"?)\n"},
    };
    static const struct schema schema = {.fields = fields, .any_case = true};
    expect_all(&schema, cases, ARRAY_SIZE(cases));
}

static void zero_values_may_be_no_values(UNUSED void **state)
{
    static const char text[] =
        "{\"name\":\"a\",\"colour\":\"\",\"colours\":[],\"items\":[],\"count\":0,\"labels\":{}}";
    static const struct schema zero = {.fields = fields, .zero_is_absent = true};
    static const struct schema schema = {.fields = fields};
    expect(&zero, text, "{\"name\":\"a\",\"count\":0,\"labels\":{}}", "");
    expect(&schema, text, "{\"name\":\"a\",\"count\":0,\"labels\":{},\"items\":[]}",
        "/colour must be red, green or blue, not \"\"\n"
        "/colours has 0 items; at least 1 is required\n");
}

/* What Kubernetes' own kinds of values take. */
static void kinds_of_kubernetes(UNUSED void **state)
{
    static const struct schema_field rows[] = {
        {.path = "limits", .kind = SCHEMA_QUANTITIES, .rule = "any but \"no\"", .check = check_no},
        {.path = "port", .kind = SCHEMA_INTEGER_OR_STRING},
        {.path = "any", .kind = SCHEMA_INTEGER, .minimum = LLONG_MIN, .maximum = LLONG_MAX},
        {.path = "least", .kind = SCHEMA_INTEGER, .minimum = 1, .maximum = LLONG_MAX},
        {.path = NULL},
    };
    static const struct expectation cases[] = {
        {"{\"limits\":{\"cpu\":\"1\",\"a/b\":0.5},\"port\":80,\"any\":-7}", NULL, ""},
        {"{\"limits\":{\"cpu\":2},\"port\":\"http\"}",
            "{\"limits\":{\"cpu\":\"2\"},\"port\":\"http\"}", ""},
        {"{\"limits\":{\"cpu\":\"no\",\"x\":null,\"y\":\"1\"}}", "{\"limits\":{\"y\":\"1\"}}",
            "/limits/cpu \"no\" is not valid: it must be any but \"no\"\n"
            "/limits/x must be a quantity, such as 512Mi or 2, not null\n"},
        {"{\"limits\":[],\"port\":1.5,\"any\":1.5,\"least\":0}", "{}",
            "/limits must be an object, not an array\n"
            "/port must be a whole number or a string, not a number\n"
            "/any must be a whole number, not 1.5\n"
            "/least must be a whole number of at least 1, not 0\n"},
    };
    static const struct schema schema = {.fields = rows};
    expect_all(&schema, cases, ARRAY_SIZE(cases));
}

static char *say_elsewhere(const struct schema *schema, const char *key, const char *nearest)
{
    const struct schema_field *found = schema_find(schema, "part.inner");
    if (streq(key, "kown"))
        assert_string_equal(nearest, "known");
    return streq(key, "inner") ? xasprintf("stands in %s", found->path) : NULL;
}

/* "$" stands for anything, "a$" for a text. */
static bool is_placeholder(const json_t *value, bool text)
{
    const char *string = text_or(json_string_value(value), "");
    return streq(string, "$") || (text && text_ends_with(string, "$"));
}

static void a_table_may_have_an_index_and_places(UNUSED void **state)
{
    /* of the rows above: what follows part, items and late is not below them */
    static const unsigned short after[] = {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 17, 17, 18, 22, 20, 22, 22, 24, 24};
    static const struct expectation cases[] = {
        {"{\"name\":\"a\",\"part\":{\"y\":10,\"inner\":{}},\"items\":[{\"inner\":[{\"q\":1}]}],"
         "\"late\":{\"known\":1}}",
            "{\"name\":\"a\",\"part\":{\"inner\":{}},\"items\":[{\"inner\":[{}]}],\"late\":{}}",
            "/part/y must be a whole number from 0 to 9, not 10\n"
            "/part/inner/x is required\n"
            "/items/0/inner/0/q is not a known field (did you mean \"z\"?)\n"
            "/items/0/id is required\n"
            "/late/known must be a string, not a number\n"},
        {"{\"name\":\"a\",\"inner\":{},\"late\":{\"inner\":1,\"unlike\":2,\"kown\":3}}",
            "{\"name\":\"a\",\"late\":{\"unlike\":2}}",
            "/inner stands in part.inner\n"
            "/late/inner stands in part.inner\n"
            "/late/kown is not a known field (did you mean \"known\"?)\n"},
        {"{\"name\":\"$\",\"part\":\"$\",\"flag\":\"$\",\"items\":[\"$\"],\"colour\":\"a$\","
         "\"colours\":[\"a$\"],\"labels\":{\"x\":\"a$\"}}",
            "{\"name\":\"$\",\"colour\":\"a$\",\"colours\":[\"a$\"],\"flag\":\"$\","
            "\"labels\":{\"x\":\"a$\"},\"part\":\"$\",\"items\":[\"$\"]}",
            ""},
        {"{\"name\":\"a\",\"count\":\"a$\",\"part\":\"a$\",\"items\":[\"a$\"]}",
            "{\"name\":\"a\",\"items\":[{}]}",
            "/count must be a whole number from -1 to 5, not a string\n"
            "/part must be an object, not a string\n"
            "/items/0 must be an object, not a string\n"},
    };
    assert_int_equal(ARRAY_SIZE(after), ARRAY_SIZE(fields) - 1);
    static const struct schema schema = {
        .fields = fields, .misplaced = say_elsewhere, .stands_in = is_placeholder};
    expect_all(&schema, cases, ARRAY_SIZE(cases));
    static const struct schema indexed = {
        .fields = fields, .after = after, .misplaced = say_elsewhere, .stands_in = is_placeholder};
    expect_all(&indexed, cases, ARRAY_SIZE(cases));
}

static void an_empty_string_may_be_a_value_all_the_same(UNUSED void **state)
{
    static const char *const values[] = {"x", NULL};
    static const struct schema_field two[] = {
        {"a", SCHEMA_STRING, .values = values, .takes_empty = true},
        {"b", SCHEMA_STRING, .values = values},
        {.path = NULL},
    };
    static const struct schema zero = {.fields = two, .zero_is_absent = true};
    expect(&zero, "{\"a\":\"\",\"b\":\"\"}", "{}", "/a must be x, not \"\"\n");
}

static void null_may_say_three_things(UNUSED void **state)
{
    static const char text[] = "{\"name\":null,\"flag\":null,\"flags\":null,\"part\":{\"y\":null}}";
    static const struct schema absent = {.fields = fields};
    static const struct schema skipped = {.fields = fields, .null = SCHEMA_NULL_SKIPPED};
    static const struct schema refused = {.fields = fields, .null = SCHEMA_NULL_REFUSED};
    expect(&absent, text, "{\"part\":{}}",
        "/flags is not a known field (did you mean \"flag\"?)\n"
        "/name is required: any but \"no\"\n");
    expect(&skipped, text, "{\"part\":{}}", "/name is required: any but \"no\"\n");
    expect(&refused, text, "{\"part\":{}}",
        "/name has no value: give it one, or leave it out\n"
        "/flag has no value: give it one, or leave it out\n"
        "/flags is not a known field (did you mean \"flag\"?)\n"
        "/part/y has no value: give it one, or leave it out\n");
}

/* A table of any number of fields: MANY integers, and an object with as many. */
static void an_object_may_have_many_fields(UNUSED void **state)
{
    enum { MANY = 40 };
    static struct schema_field table[2 * MANY + 2];
    static char paths[2 * MANY][32];
    auto_json json_t *numbers = json_object();
    for (int i = 0; i < MANY; i++) {
        snprintf(paths[i], sizeof(paths[i]), "f%d", i);
        snprintf(paths[MANY + i], sizeof(paths[i]), "object.f%d", i);
        table[i] = (struct schema_field){.path = paths[i], .kind = SCHEMA_INTEGER, .maximum = MANY};
        table[MANY + 1 + i] =
            (struct schema_field){.path = paths[MANY + i], .kind = SCHEMA_INTEGER, .maximum = MANY};
        json_object_set_new(numbers, paths[i], json_integer(i));
    }
    table[MANY] = (struct schema_field){.path = "object", .kind = SCHEMA_OBJECT};
    const struct schema schema = {.fields = table};
    auto_json json_t *value = json_copy(numbers);
    json_object_set(value, "object", numbers);
    auto_free char *text = json_dumps(value, JSON_COMPACT);
    expect(&schema, text, NULL, "");
    expect(&schema, "{\"f39\":\"x\",\"object\":{\"f20\":41,\"f39\":1,\"other\":1},\"f41\":1}",
        "{\"object\":{\"f39\":1}}",
        "/f39 must be a whole number from 0 to 40, not a string\n"
        "/object/f20 must be a whole number from 0 to 40, not 41\n"
        "/object/other is not a known field\n"
        "/f41 is not a known field (did you mean \"f1\"?)\n");
}

static void findings_are_below_the_pointer(UNUSED void **state)
{
    static const struct schema schema = {.fields = fields};
    struct findings findings = {0};
    auto_json json_t *value = json_pack("{s:[{}]}", "items");
    auto_json json_t *right = schema_check(&schema, value, "/a/0", &findings);
    auto_free char *text = text_of(&findings);
    assert_string_equal(
        text, "/a/0/items/0/id is required\n/a/0/name is required: any but \"no\"\n");
    findings_clear(&findings);
}

static void a_table_can_be_walked(UNUSED void **state)
{
    static const struct schema schema = {.fields = fields};
    static const struct schema empty = {.fields = &fields[ARRAY_SIZE(fields) - 1]};
    const struct schema_field *part = schema_find(&schema, "part");
    const struct schema_field *inner = schema_child(&schema, part);
    assert_string_equal(inner->path, "part.inner");
    assert_string_equal(schema_name(inner), "inner");
    assert_string_equal(schema_next(inner)->path, "part.y");
    assert_null(schema_next(schema_next(inner)));
    assert_string_equal(schema_next(part)->path, "items");
    assert_ptr_equal(schema_child(&schema, NULL), fields);
    assert_null(schema_child(&schema, schema_find(&schema, "any")));
    assert_string_equal(schema_name(schema_find(&schema, "items[].inner[].z")), "z");
    assert_null(schema_next(schema_find(&schema, "late")));
    assert_null(schema_find(&schema, "inner"));
    assert_null(schema_find(&schema, "items[]"));
    assert_null(schema_child(&empty, NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_returned),
        cmocka_unit_test(every_fault_is_found),
        cmocka_unit_test(unknown_members_get_a_hint),
        cmocka_unit_test(what_is_refused_says_why),
        cmocka_unit_test(names_are_taken_in_any_letter_case),
        cmocka_unit_test(zero_values_may_be_no_values),
        cmocka_unit_test(kinds_of_kubernetes),
        cmocka_unit_test(a_table_may_have_an_index_and_places),
        cmocka_unit_test(an_empty_string_may_be_a_value_all_the_same),
        cmocka_unit_test(null_may_say_three_things),
        cmocka_unit_test(an_object_may_have_many_fields),
        cmocka_unit_test(findings_are_below_the_pointer),
        cmocka_unit_test(a_table_can_be_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
