/* YAML as Kubernetes reads it, the places of its values, and writing it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "base/yaml_dump.h"
#include "base/yaml_read.h"

enum { DATA_LIMIT = 1024 * 1024 };

static int parse(const char *text, struct yaml_stream *out, struct error **err)
{
    return yaml_parse("t", text, strlen(text), out, err);
}

/* Parses valid text. The caller clears *out. */
static void must_parse(const char *text, struct yaml_stream *out)
{
    auto_error struct error *err = NULL;
    if (parse(text, out, &err) < 0)
        fail_msg("%s\nin:\n%s", err->message, text);
}

/* Each NAME.yaml of tests/data/yaml holds the documents that NAME.json lists. */
static void documents_mean_what_kubernetes_reads(UNUSED void **state)
{
    static const char *const names[] = {"scalars", "blocks", "aliases", "documents", "json"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        auto_free char *path = xasprintf("tests/data/yaml/%s.yaml", names[i]);
        auto_free char *expected_path = xasprintf("tests/data/yaml/%s.json", names[i]);
        auto_free char *text = NULL;
        size_t length = 0;
        auto_error struct error *err = NULL;
        assert_int_equal(file_read(path, DATA_LIMIT, &text, &length, &err), 0);
        auto_json json_t *expected = json_load_file(expected_path, 0, NULL);
        assert_non_null(expected);

        struct yaml_stream stream = {0};
        if (yaml_parse(path, text, length, &stream, &err) < 0)
            fail_msg("%s", err->message);
        auto_json json_t *found = json_array();
        for (size_t k = 0; k < stream.count; k++)
            json_array_append(found, stream.documents[k].root);
        auto_free char *found_text = json_dumps(found, JSON_INDENT(1) | JSON_SORT_KEYS);
        auto_free char *expected_text = json_dumps(expected, JSON_INDENT(1) | JSON_SORT_KEYS);
        assert_string_equal(found_text, expected_text);
        yaml_stream_clear(&stream);
    }
}

static void keys_keep_their_order(UNUSED void **state)
{
    struct yaml_stream stream = {0};
    must_parse("z: 1\na: 2\nm: 3\n", &stream);
    auto_free char *text = json_dumps(stream.documents[0].root, JSON_COMPACT);
    assert_string_equal(text, "{\"z\":1,\"a\":2,\"m\":3}");
    yaml_stream_clear(&stream);
}

static void faults_are_refused_with_their_place(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *message; /* begins so */
    } cases[] = {
        {"a: 1\nb: [1\nc: 2\n", "t:3:2: not valid YAML: did not find expected ',' or ']', while "
                                "parsing a flow sequence from line 2"},
        {"a:\n\tb: 1\n",
            "t:2:1: not valid YAML: found character that cannot start any token, while "
            "scanning for the next token from line 2 (there is a tab here;"},
        {"a: 1\nbé: 2\na: 3\n", "t:3:1: duplicate key \"a\", first on line 1"},
        {"<<: {a: 1}\n<<: {b: 1}\n", "t:2:1: duplicate key \"<<\""},
        {"<<: 1\n", "t:1:5: the merge key << takes a mapping"},
        {"<<: [{a: 1}, 2]\n", "t:1:5: the merge key << takes a mapping"},
        {"x: {[1]: 2}\n", "t:1:5: a key must be a string"},
        {"{a: 1}: 2\n", "t:1:2: not valid JSON: "},
        {"? {a: 1}\n: 2\n", "t:1:3: a key must be a string"},
        {"~: 1\n", "t:1:1: a key must be a string"},
        {"1.5: 1\n", "t:1:1: a key must be a string; quote it"},
        {"a: .nan\n", "t:1:4: .nan is not a number that JSON has"},
        {"a: -.Inf\n", "t:1:4: -.Inf is not a number that JSON has"},
        {"a: 9223372036854775808\n", "t:1:4: the integer 9223372036854775808 does not fit"},
        {"a: -0xFFFFFFFFFFFFFFFFF\n", "t:1:4: the integer -0xFFFFFFFFFFFFFFFFF does not fit"},
        {"a: \"x\\0y\"\n", "t:1:4: the text contains a zero byte"},
        {"a: !!binary aGk=\n", "t:1:4: \"aGk=\" cannot be read as the type !!binary"},
        {"a: !!int x\n", "t:1:4: \"x\" cannot be read as the type !!int"},
        {"a: !mine x\n", "t:1:4: \"x\" cannot be read as the type !mine"},
        {"a: !!set {x}\n", "t:1:4: the tag !!set is not supported"},
        {"a: !mine {x}\n", "t:1:4: the tag !mine is not supported"},
        {"a: *b\n", "t:1:4: the alias *b has no anchor &b that ends before it"},
        {"a: &a [*a]\n", "t:1:8: the alias *a has no anchor"},
        {"a: &a 1\n---\nb: *a\n", "t:3:4: the alias *a has no anchor"},
        {"a: \xff\n", "t:1:4: not UTF-8 text: byte 0xff"},
        {"\xff\xfe"
         "a",
            "t:1:1: not UTF-8 text: byte 0xff"},
        {"a: \x01\n", "t:1:4: not valid YAML: control characters are not allowed (0x1)"},
        {"a: 1\n b: 2\n", "t:2:3: not valid YAML: mapping values are not allowed in this context"},
        {"a: 'x\n", "t:2:1: not valid YAML: found unexpected end of stream"},
        {"{\"a\": 1,\n \"a\": 2}", "t:2:4: not valid JSON: duplicate object key near '\"a\"'"},
        {"{\"a\": }", "t:1:7: not valid JSON: "},
        {"%YAML 3.0\n---\na: 1\n", "t:1:1: not valid YAML: found incompatible YAML document"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_error struct error *err = NULL;
        struct yaml_stream stream = {0};
        assert_int_equal(parse(cases[i].text, &stream, &err), -1);
        assert_int_equal(err->class, ERROR_INPUT);
        if (!text_starts_with(err->message, cases[i].message))
            fail_msg("%s\nis not\n%s", err->message, cases[i].message);
        assert_int_equal(stream.count, 0);
    }
}

static void zero_bytes_are_refused(UNUSED void **state)
{
    static const char yaml[] = "a: 1\n\0b: 2\n";
    static const char json[] = "{\"a\": 1}\0{";
    struct yaml_stream stream = {0};
    assert_int_equal(yaml_parse("t", yaml, sizeof(yaml) - 1, &stream, NULL), -1);
    assert_int_equal(yaml_parse("t", json, sizeof(json) - 1, &stream, NULL), -1);
}

static void byte_order_mark_and_windows_lines_are_taken(UNUSED void **state)
{
    struct yaml_stream stream = {0};
    must_parse("\xEF\xBB\xBF"
               "a: 1\r\nb:\r\n  c: 2\r\n",
        &stream);
    assert_int_equal(stream.count, 1);
    struct yaml_place place = yaml_place_of(&stream.documents[0], "/b/c");
    assert_int_equal(place.line, 3);
    assert_int_equal(place.column, 6);
    yaml_stream_clear(&stream);
}

static void nothing_is_no_document(UNUSED void **state)
{
    static const char *const texts[] = {"", "\n", "# only a comment\n", "---\n", "---\n---\n...\n"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct yaml_stream stream = {0};
        must_parse(texts[i], &stream);
        assert_int_equal(stream.count, 0);
        yaml_stream_clear(&stream);
    }
}

/* count copies of text. Owned by the caller. */
static char *repeat(const char *text, size_t count)
{
    size_t length = strlen(text);
    char *all = xmalloc(length * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * length, text, length);
    all[length * count] = '\0';
    return all;
}

static void assert_refused(const char *text, const char *reason)
{
    auto_error struct error *err = NULL;
    struct yaml_stream stream = {0};
    assert_int_equal(parse(text, &stream, &err), -1);
    if (strstr(err->message, reason) == NULL)
        fail_msg("%s", err->message);
}

static void depth_is_limited(UNUSED void **state)
{
    auto_free char *list = repeat("- ", 10000);
    assert_refused(list, "nested deeper than 100 levels");
    auto_free char *braces = repeat("[", 10000);
    assert_refused(braces, "nested deeper than 100 levels");
    auto_free char *flow = repeat("{a: ", 10000);
    auto_free char *in_yaml = xasprintf("a: %s", flow);
    assert_refused(in_yaml, "nested deeper than 100 levels");

    auto_free char *half = repeat("- ", 60);
    auto_free char *through_alias = xasprintf("- &a\n  %sx\n- %s*a\n", half, half);
    assert_refused(through_alias, "this alias makes the document deeper than 100 levels");

    auto_free char *just_right = repeat("- ", YAML_MAX_DEPTH);
    struct yaml_stream stream = {0};
    must_parse(just_right, &stream);
    yaml_stream_clear(&stream);
}

static void billion_laughs_are_refused(UNUSED void **state)
{
    UT_string text;
    utstring_init(&text);
    utstring_printf(&text, "a0: &a0 [lol]\n");
    for (int i = 1; i < 12; i++) {
        utstring_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            utstring_printf(&text, "*a%d, ", i - 1);
        utstring_printf(&text, "]\n");
    }
    assert_refused(utstring_body(&text), "aliases make the document larger than 1000000 values");
    utstring_done(&text);

    auto_free char *word = repeat("x", 100000);
    auto_free char *aliases = repeat(", *a", 1000);
    auto_free char *long_words = xasprintf("all: [&a %s%s]\n", word, aliases);
    assert_refused(long_words, "or 16 MiB of text");

    utstring_init(&text);
    utstring_printf(&text, "a0: &a0 {k: v}\n");
    for (int i = 1; i < 40; i++)
        utstring_printf(&text, "a%d: &a%d {<<: *a%d, l%d: *a%d}\n", i, i, i - 1, i, i - 1);
    assert_refused(utstring_body(&text), "aliases make the document larger");
    utstring_done(&text);
}

static void values_are_limited(UNUSED void **state)
{
    auto_free char *items = repeat("1,", YAML_MAX_VALUES);
    auto_free char *text = xasprintf("a: [%s]\n", items);
    assert_refused(text, "more than 1000000 values");
}

/* The place of the first occurrence of part in text. */
static struct yaml_place place_in(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    assert_non_null(found);
    struct yaml_place place = {1, 1};
    for (; text < found; text++) {
        if (*text == '\n')
            place = (struct yaml_place){place.line + 1, 1};
        else if (((unsigned char)*text & 0xC0) != 0x80)
            place.column++;
    }
    return place;
}

static void assert_place(
    const char *text, const char *pointer, struct yaml_place found, struct yaml_place expected)
{
    if (found.line != expected.line || found.column != expected.column)
        fail_msg("%s is at %zu:%zu, not %zu:%zu, in:\n%s", pointer, found.line, found.column,
            expected.line, expected.column, text);
}

static void places_of_values(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *pointer;
        const char *at; /* the value begins with this text */
    } cases[] = {
        {"a: 1\nb:\n  c: [x, yé, HERE]\n", "/b/c/2", "HERE"},
        {"a: 1\nb:\n- c: x\n  d: HERE\n", "/b/0/d", "HERE"},
        {"a:\n  b:\n    c: 1\n", "/a/b", "c: 1"},
        {"a: \"q\"\nb: |\n  text\n", "/b", "|\n"},
        {"a/b: {m~n: HERE}\n", "/a~1b/m~0n", "HERE"},
        {"a: {b: 1}\n", "/a/missing/deeper", "{b: 1}"},
        {"a: {b: 1}\n", "", "a:"},
        {"a: {b: 1}\n", "/x", "a:"},
        {"é: ü\nsecond: HERE\n", "/second", "HERE"},
        {"base: &x {k: HERE}\ncopy: *x\n", "/copy/k", "HERE"},
        {"base: &x {k: 1}\ncopy: *x\n", "/copy", "*x"},
        {"base: &x {k: 1}\ncopy: *x\n", "/copy/missing", "*x"},
        {"base: &x {k: {l: HERE}}\ncopy: {<<: *x, m: 1}\n", "/copy/k/l", "HERE"},
        {"base: &x {k: HERE}\ncopy: {<<: *x, m: 1}\n", "/copy/k", "HERE"},
        {"a: &x {k: HERE}\nb: &y {<<: *x}\nc: {<<: [*y, {d: 1}]}\n", "/c/k", "HERE"},
        {"a: &x {k: 1}\nc: {<<: [*x, {d: HERE}]}\n", "/c/d", "HERE"},
        {"{\"a\": {\"b\":\n \"HERE\"}}", "/a/b", "\"HERE\""},
        {"{\"a\": \"\\ud83d\\uDE00\",\n \"b\": 1}", "/b", "1}"},
        {"{\"a\": \"\x7f \xc2\x80 \xc2\x9f \xef\xbf\xbe \xef\xbf\xbf\",\n \"b\": 1}", "/b", "1}"},
        {"{\"k\": \"a: \x7f\\nb: HERE\\n\"}", "/k", "\"a"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct yaml_stream stream = {0};
        must_parse(cases[i].text, &stream);
        assert_place(cases[i].text, cases[i].pointer,
            yaml_place_of(&stream.documents[0], cases[i].pointer),
            place_in(cases[i].text, cases[i].at));
        yaml_stream_clear(&stream);
    }
}

static void places_count_over_all_documents(UNUSED void **state)
{
    static const char text[] = "a: 1\n---\nb: 2\n---\nc:\n  d: HERE\n";
    struct yaml_stream stream = {0};
    must_parse(text, &stream);
    assert_place(text, "/c/d", yaml_place_of(&stream.documents[2], "/c/d"), place_in(text, "HERE"));
    yaml_stream_clear(&stream);
}

/* The value of "k" is JSON text: [{"image": "x"}, {"hostPath": {"path": "/a", "type": "Dir"}}] or
 * the like. */
static void places_within_json_in_a_string(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *inner;
        const char *at;
    } cases[] = {
        /* every scalar style, on one line and on several */
        {"k: '[{\"type\": \"Dir\"}]'\n", "/0/type", "\"Dir\""},
        {"k: '[{\"it''s\": 1, \"type\":\n    \"Dir\"}]'\n", "/0/type", "\"Dir\""},
        {"k: '[{\"a\": \"it''s\"},\n\n    {\"type\": 7}]'\n", "/1/type", "7}"},
        {"k: \"[{\\\"type\\\": \\\"Dir\\\"}]\"\n", "/0/type", "\\\"Dir"},
        {"k: \"[\\n\\t{\\\"\\u0074ype\\\":\\x20\\\n    \\\"Dir\\\"}]\"\n", "/0/type", "\\\"Dir"},
        {"k: \"[{\\\"é\\U0001F600\\\": \\u0022x\\\",\\\n  \\\"type\\\": 5}]\"\n", "/0/type", "5}"},
        {"k: |\n  [\n    {\"type\":\n\n      \"Dir\"}\n  ]\n", "/0/type", "\"Dir\""},
        {"k: |2-\n    [\n    {\"type\": \"Dir\"}]\n", "/0/type", "\"Dir\""},
        {"k: | # a comment: [\n  [{\"type\": \"Dir\"}]\n", "/0/type", "\"Dir\""},
        {"k: >-\n  [{\"a\": 1},\n  {\"type\": \"Dir\"}]\n", "/1/type", "\"Dir\""},
        {"k: x\nl: 2\n", "/0/type", "x"},
        {"k: |\r\n  [\r\n   {\"type\": \"Dir\"}]\r\n", "/0/type", "\"Dir\""},
        /* behind an anchor, a tag, an alias, a merge key */
        {"k: &a !!str '[{\"type\": \"Dir\"}]'\n", "/0/type", "\"Dir\""},
        {"k: &a # why\n  '[{\"type\": \"Dir\"}]'\n", "/0/type", "\"Dir\""},
        {"x: &a '[{\"type\": \"Dir\"}]'\nk: *a\n", "/0/type", "\"Dir\""},
        {"x: &a {k: '[{\"type\": \"Dir\"}]'}\n<<: *a\n", "/0/type", "\"Dir\""},
        /* a JSON file */
        {"{\"k\": \"[{\\\"type\\\": \\\"Dir\\\"}]\"}", "/0/type", "\\\"Dir"},
        {"{\"k\":\n\"[\\n{\\\"type\\\": 3}]\"}", "/0", "{\\\"type"},
        {"k: '[{\"x\": \"\\ud83d\\ude00\", \"type\": \"Dir\"}]'\n", "/0/type", "\"Dir\""},
        /* not to be told: the nearest above, or the string itself */
        {"k: '[{\"type\": \"Dir\"}]'\n", "/0/hostPath/path", "{\"type"},
        {"k: '[{\"type\": \"Dir\"}]'\n", "", "[{"},
        {"k: '[{\"type\": \"Dir\"}, ]]]'\n", "/0/type", "\"Dir\""},
        {"k: 'not: [JSON'\n", "/0/type", "not"},
        {"k: ''\n", "/0", "''"},
        {"k: 7\n", "/0", "7"},
        {"k: [1, 2]\n", "/0", "[1"},
        {"j: 1\n", "/0", "j"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct yaml_stream stream = {0};
        must_parse(cases[i].text, &stream);
        struct yaml_place expected = place_in(cases[i].text, cases[i].at);
        assert_place(cases[i].text, cases[i].inner,
            yaml_place_inside(&stream.documents[0], "/k", cases[i].inner), expected);
        assert_place(cases[i].text, cases[i].inner,
            yaml_place_inside(&stream.documents[0], "/k", cases[i].inner), expected);
        yaml_stream_clear(&stream);
    }
}

/* The value of "k" is YAML text, with the same value in each style. */
static void places_within_yaml_in_a_string(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *inner;
        const char *at;
    } cases[] = {
        {"k: |\n  a:\n  - b: x\n    c: HERE # why\n", "/a/0/c", "HERE"},
        {"k: |-\n  a:\n  - b: x\n\n    # c: no\n    c: 'HERE'\n", "/a/0/c", "'HERE'"},
        {"k: |+\n  a: 1\n\n  # end\n\n  b: HERE\n\n", "/b", "HERE"},
        {"k: |4\n      a: 1\n      b: HERE\n", "/b", "HERE"},
        {"k: >\n  a: 1\n\n  b: HERE\n", "/b", "HERE"},
        {"k: >-\n  a:\n    - 1\n    - HERE\n", "/a/1", "HERE"},
        {"k: >\n  {a: 1,\n  b: HERE}\n", "/b", "HERE"},
        {"k: \"a: 1\\nb: HERE\\n\"\n", "/b", "HERE"},
        {"k: \"a:\\n- b: \\\"x\\\"\\n  c: \\\"HERE\\\"\\n\"\n", "/a/0/c", "\\\"HERE"},
        {"k: \"a: 1\\n\\\n  b: \\\n  HERE\\n\"\n", "/b", "HERE"},
        {"k: \"a: 1\n\n  b: HERE\"\n", "/b", "HERE"},
        {"k: 'a: 1\n\n  b: ''HERE'''\n", "/b", "''HERE"},
        {"k: 'a: {b: 1, c: HERE}'\n", "/a/c", "HERE"},
        {"{\"k\": \"a: 1\\nb:\\n  c: \\ud83d\\ude00\\n  d: HERE\\n\"}", "/b/d", "HERE"},
        {"k: |\n  ä: ü\n  b: é HERE\n", "/b", "é HERE"},
        {"k: |\r\n  a: 1\r\n  b: HERE\r\n", "/b", "HERE"},
        /* a value that is not written begins where it could be */
        {"k: |\n  a:\n  b: 1\n", "/a", "\n  b"},
        {"k: |-\n  b: 1\n  a:\nl: 1\n", "/a", "\nl: 1"},
        /* a block in the block */
        {"k: |\n  a: |\n    text\n      more\n  b: HERE\n", "/b", "HERE"},
        {"k: |\n  a: >-\n    text\n\n    more\n  b: [x, HERE]\n", "/b/1", "HERE"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct yaml_stream stream = {0};
        must_parse(cases[i].text, &stream);
        assert_place(cases[i].text, cases[i].inner,
            yaml_place_inside(&stream.documents[0], "/k", cases[i].inner),
            place_in(cases[i].text, cases[i].at));
        yaml_stream_clear(&stream);
    }
}

static void plain_json_over_lines(UNUSED void **state)
{
    static const char text[] = "k: plain [{\"a\" :1},\n\n   {\"type\":HERE}]\n";
    struct yaml_stream stream = {0};
    must_parse(text, &stream);
    assert_place(
        text, "/1", yaml_place_inside(&stream.documents[0], "/k", "/1"), place_in(text, "plain"));
    yaml_stream_clear(&stream);
}

static void dump_reads_like_kubectl_output(UNUSED void **state)
{
    static const struct {
        const char *json;
        const char *yaml;
    } cases[] = {
        {"{\"kind\": \"Pod\", \"spec\": {\"containers\": [{\"name\": \"a\", \"args\": [\"-c\", "
         "\"x y\"]}], \"volumes\": []}, \"status\": {}}",
            "kind: Pod\nspec:\n  containers:\n  - name: a\n    args:\n    - -c\n    - x y\n"
            "  volumes: []\nstatus: {}\n"},
        {"{\"a\": \"true\", \"b\": \"12\", \"c\": \"\", \"d\": \"null\", \"e\": \"0x1\", \"f\": "
         "\"yes\", \"g\": \".inf\", \"99\": \"1e3\"}",
            "a: \"true\"\nb: \"12\"\nc: \"\"\nd: \"null\"\ne: \"0x1\"\nf: \"yes\"\n"
            "g: \".inf\"\n\"99\": \"1e3\"\n"},
        {"[true, false, null, 1, -2, 1.5, 0.1]",
            "- true\n- false\n- null\n- 1\n- -2\n- 1.5\n- 0.1\n"},
        {"{\"script\": \"#!/bin/sh\\necho hi\\n\", \"cut\": \"a\\nb\"}",
            "script: |\n  #!/bin/sh\n  echo hi\ncut: |-\n  a\n  b\n"},
        {"{\"list\": \"[{\\\"a\\\": 1}]\", \"url\": \"a: b\", \"hash\": \"#x\"}",
            "list: '[{\"a\": 1}]'\nurl: 'a: b'\nhash: '#x'\n"},
        {"[\"52:54:00:12:34:56\", \"1:30\", \"2024-01-01\", \"2024-01-01T00:00:00Z\", \"=\"]",
            "- \"52:54:00:12:34:56\"\n- \"1:30\"\n- \"2024-01-01\"\n"
            "- \"2024-01-01T00:00:00Z\"\n- \"=\"\n"},
        {"[\"10.0.0.1\", \"v1:2\", \"a-1\", \"-c\", \"--\"]",
            "- 10.0.0.1\n- v1:2\n- a-1\n- -c\n- --\n"},
        {"\"text\"", "text\n"},
        {"{\"name\": \"grün\"}", "name: grün\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_json json_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
        auto_free char *text = yaml_dump(value, NULL);
        assert_string_equal(text, cases[i].yaml);
    }
}

static void dump_reads_back_the_same(UNUSED void **state)
{
    static const char *const texts[] = {"", " ", "\n", " a\nb", "a\n b\n\n", "\ta\nb", "a \nb",
        "a\r\nb", "\r", "- a", "? a", "a: b", "a #b", "#", "*a", "&a", "!a", "|", ">", "%a", "@a",
        "`a", "'", "\"", "''", "[", "]", "{", "}", ",", ":", "a:", "-", "--- a", "...", "<<", "=",
        "~", "0", "00", "1_0", "-0x1", "1.", ".5", "+1", "12e03", "2001-01-01", "\xE2\x80\xA8",
        "\xC2\x85"
        "a",
        "\x7f", "\x01", "\xEF\xBB\xBF", "\xF0\x9F\x98\x80", "a\n---\nb\n", "x\n\n\n", "\n\nx",
        "trailing ", "é\né", "a\n\tb"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_json json_t *value = json_pack("{s:s, s:[s, {s:s}]}", "k", texts[i], "l", texts[i],
            texts[i][0] != '\0' ? texts[i] : "empty", texts[i]);
        assert_non_null(value);
        auto_error struct error *err = NULL;
        auto_free char *text = yaml_dump(value, &err);
        assert_non_null(text);
        struct yaml_stream stream = {0};
        must_parse(text, &stream);
        if (!json_equal(value, stream.documents[0].root))
            fail_msg("changed:\n%s", text);
        yaml_stream_clear(&stream);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_mean_what_kubernetes_reads),
        cmocka_unit_test(keys_keep_their_order),
        cmocka_unit_test(faults_are_refused_with_their_place),
        cmocka_unit_test(zero_bytes_are_refused),
        cmocka_unit_test(byte_order_mark_and_windows_lines_are_taken),
        cmocka_unit_test(nothing_is_no_document),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(billion_laughs_are_refused),
        cmocka_unit_test(values_are_limited),
        cmocka_unit_test(places_of_values),
        cmocka_unit_test(places_count_over_all_documents),
        cmocka_unit_test(places_within_json_in_a_string),
        cmocka_unit_test(places_within_yaml_in_a_string),
        cmocka_unit_test(plain_json_over_lines),
        cmocka_unit_test(dump_reads_like_kubectl_output),
        cmocka_unit_test(dump_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
