/* One table of options, and its uses: the command line, the configuration file and the help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/option_file.h"
#include "base/option_help.h"
#include "base/option_line.h"
#include "base/pairs.h"
#include "base/text.h"
#include "base/unused.h"

enum { MOST_WORDS = 8, SET_RUN = 1 << 0, SET_LOOK = 1 << 1 };

struct settings {
    bool help, dry_run, watch;
    char *name, *note, *output, *schema;
    struct option_texts files;
    struct pairs disks;
    int workers;
    size_t sidecars;
    double rate;
    int64_t timeout_ms, validity_ms;
    enum log_format log_format;
};

static int check_name(const char *text, struct error **err)
{
    return streq(text, "nobody") ? error_set(err, ERROR_USAGE, "that is nobody's name") : 0;
}

static const char *const outputs[] = {"text", "json", NULL};

#define MEMBER(name) offsetof(struct settings, name)

static const struct option_row rows[] = {
    {"name", OPTION_TEXT, MEMBER(name), .heading = "Names", .argument = "NAME",
        .variable = "TEST_OPTION_NAME", .check = check_name, .help = "who it is"},
    {"note", OPTION_TEXT_OR_EMPTY, MEMBER(note), .argument = "TEXT", .initial = "none",
        .help = "what is said of it, in as many words as it takes"},
    {"filename", OPTION_TEXTS, MEMBER(files), 'f', .argument = "FILE|-", .is_path = true,
        .dash_is_stdin = true, .no_key = true, .help = "a file, or -\nfor standard input"},
    {"disk", OPTION_PAIRS, MEMBER(disks), .argument = "NAME=PATH", .no_key = true, .help = "disks"},
    {"output", OPTION_CHOICE, MEMBER(output), 'o', .choices = outputs, .initial = "text",
        .help = "how it looks; (more)"},
    {"schema", OPTION_TEXT, MEMBER(schema), .argument = "FILE", .bare = "/schema", .sets = SET_RUN,
        .help = "check it"},
    {"workers", OPTION_COUNT, MEMBER(workers), .argument = "N", .initial = "2", .least = 1,
        .most = 8, .help = "how many"},
    {"sidecars", OPTION_SIZE, MEMBER(sidecars), .argument = "N", .most = 256, .sets = SET_RUN,
        .missing = "how many to wait for", .help = "how many"},
    {"sidecars", OPTION_SIZE, MEMBER(sidecars), .argument = "N", .most = 256, .initial = "7",
        .sets = SET_LOOK, .help = "not needed"},
    {"rate", OPTION_RATE, MEMBER(rate), .argument = "N", .help = "how often"},
    {"timeout", OPTION_DURATION, MEMBER(timeout_ms), .argument = "TIME", .initial = "5s",
        .help = "how long"},
    {"validity", OPTION_DURATION, MEMBER(validity_ms), .argument = "TIME", .least = 1000,
        .most = 90 * 60 * 1000, .example = "20m", .help = "how long"},
    {"log-format", OPTION_PARSED, MEMBER(log_format), .argument = "text|json",
        .parse = option_parse_log_format, .names_itself = true, .help = "lines"},
    {"watch", OPTION_BOOLEAN, MEMBER(watch), .initial = "true", .help = "watch it"},
    {"dry-run", OPTION_SWITCH, MEMBER(dry_run), .no_key = true, .help = "only show it"},
    {"help", OPTION_SWITCH, MEMBER(help), 'h', .no_key = true, .help = "show this help"},
};

/* The table of a subcommand. */
static struct option_table table_of(unsigned set, unsigned manner)
{
    return (struct option_table){rows, ARRAY_SIZE(rows), set, manner, NULL};
}

/* Reads words, up to a NULL. *operand gets the index of the first operand among them. */
static int read_words(const struct option_table *table, const char *const *words,
    struct settings *settings, int *operand, struct error **err)
{
    char *argv[MOST_WORDS + 2] = {(char[]){"program"}};
    int argc = 1;
    struct option_line line;
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)words[argc - 1];
    *settings = (struct settings){0};
    option_set_defaults(table, settings);
    int result = option_line_read(table, argc, argv, settings, &line, err);
    if (result == 0)
        result = option_line_require(table, &line, "sidecars", err);
    *operand = line.operands - 1;
    option_line_clear(&line);
    return result;
}

static void each_value_gets_into_its_member(UNUSED void **state)
{
    const struct option_table table = table_of(SET_RUN, 0);
    struct settings settings;
    int operand = 0;
    static const char *const words[] = {"-fa", "--filename=b", "--disk=d=/p=q", "--sidecars=3",
        "--watch=false", "--schema", "-o", "json", NULL};
    assert_int_equal(read_words(&table, words, &settings, &operand, NULL), 0);
    assert_int_equal(settings.files.count, 2);
    assert_string_equal(settings.files.items[0], "a");
    assert_string_equal(settings.files.items[1], "b");
    assert_string_equal(pairs_find(&settings.disks, "d"), "/p=q");
    assert_null(pairs_find(&settings.disks, "e"));
    assert_int_equal(settings.sidecars, 3);
    assert_false(settings.watch);
    assert_string_equal(settings.schema, "/schema");
    assert_string_equal(settings.output, "json");
    assert_string_equal(settings.note, "none");
    assert_int_equal(settings.workers, 2);
    assert_int_equal(settings.timeout_ms, 5000);
    option_clear(&table, &settings);
    assert_null(settings.note);
    assert_int_equal(settings.files.count + settings.disks.count, 0);
}

static void other_values_get_into_their_members(UNUSED void **state)
{
    const struct option_table table = table_of(SET_LOOK, 0);
    struct settings settings;
    int operand = 0;
    static const char *const words[] = {"--note=", "--rate=4", "--validity", "1.5m",
        "--log-format=json", "--watch", "--dry-run", "one", NULL};
    setenv("TEST_OPTION_NAME", "from outside", 1);
    assert_int_equal(read_words(&table, words, &settings, &operand, NULL), 0);
    unsetenv("TEST_OPTION_NAME");
    assert_string_equal(settings.name, "from outside");
    assert_string_equal(settings.note, "");
    assert_true(settings.rate == 4);
    assert_int_equal(settings.validity_ms, 90000);
    assert_int_equal(settings.log_format, LOG_JSON);
    assert_true(settings.watch);
    assert_true(settings.dry_run);
    assert_false(settings.help);
    assert_int_equal(settings.sidecars, 7);
    assert_int_equal(operand, 7);
    option_clear(&table, &settings);
}

static void what_is_wrong_gets_a_reason(UNUSED void **state)
{
    static const struct {
        const char *words[MOST_WORDS];
        const char *message;
    } cases[] = {
        {{NULL}, "--sidecars N is missing: how many to wait for"},
        {{"--timout=3s"}, "unknown flag \"--timout\" (did you mean \"--timeout\"?)"},
        {{"--dryrun"}, "unknown flag \"--dryrun\" (did you mean \"--dry-run\"?)"},
        {{"--wibble"}, "unknown flag \"--wibble\""},
        {{"-x"}, "unknown flag \"-x\""},
        {{"-hxh"}, "unknown flag \"-x\""},
        {{"--dry-run=true"}, "--dry-run takes no value"},
        {{"--help="}, "--help takes no value"},
        {{"--name"}, "--name needs a value"},
        {{"-f"}, "-f needs a value"},
        {{"--name="}, "--name: must not be empty"},
        {{"--name=nobody"}, "--name: that is nobody's name"},
        {{"--watch=maybe"}, "--watch: must be true or false, not \"maybe\""},
        {{"--disk=a"}, "--disk: \"a\" is not of the form NAME=PATH"},
        {{"--disk=a=b", "--disk=a=c"}, "--disk: a is given twice"},
        {{"--output=jsn"}, "--output cannot be \"jsn\": use text or json (did you mean \"json\"?)"},
        {{"--workers=9"}, "--workers: must be a whole number from 1 to 8, not \"9\""},
        {{"--sidecars=257"}, "--sidecars: \"257\" is not a number from 0 to 256"},
        {{"--rate=0"}, "--rate: must be a whole number from 1 to 2147483647, not \"0\""},
        {{"--timeout=25h"},
            "--timeout: \"25h\" is not a duration from 1ms to 24h (use 30s, 250ms or 2m)"},
        {{"--validity=2h"}, "--validity: \"2h\" is not a duration from 1s to 90m (use 20m)"},
        {{"--log-format=xml"}, "\"xml\" is not a log format: use text or json"},
    };
    const struct option_table table = table_of(SET_RUN, 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct settings settings;
        int operand = 0;
        auto_error struct error *error = NULL;
        assert_int_equal(read_words(&table, cases[i].words, &settings, &operand, &error), -1);
        option_clear(&table, &settings);
        assert_int_equal(error->class, ERROR_USAGE);
        assert_string_equal(error->message, cases[i].message);
    }
}

static int refuse(const char *word, const char *nearest, struct error **err)
{
    return error_set(err, ERROR_USAGE, "%s is none, %s is one", word, nearest);
}

static void a_program_has_its_manner(UNUSED void **state)
{
    static const struct {
        const char *words[MOST_WORDS];
        unsigned manner;
        const char *message; /* NULL: the words are right */
        int operand;
    } cases[] = {
        {{"-note", "x"}, OPTION_ONE_DASH, .operand = 2},
        {{"-nite=x"}, OPTION_ONE_DASH, .message = "-nite=x is none, note is one"},
        {{"--note", "x", "y", "--dry-run"}, OPTION_STOP, .operand = 2},
        {{"--note="}, OPTION_NO_EMPTY, .message = "--note: the value must not be empty"},
        {{"--note="}, OPTION_SAY_ARGUMENT, .message = "--note needs a value: TEXT"},
        {{"-o"}, OPTION_SAY_ARGUMENT, .message = "--output needs a value: text|json"},
        {{"--schema"}, 0, .message = "--schema is none, (null) is one"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct option_table table = table_of(SET_LOOK, cases[i].manner);
        struct settings settings;
        int operand = 0;
        auto_error struct error *error = NULL;
        table.refuse = refuse;
        int result = read_words(&table, cases[i].words, &settings, &operand, &error);
        option_clear(&table, &settings);
        assert_int_equal(result, cases[i].message != NULL ? -1 : 0);
        if (cases[i].message != NULL)
            assert_string_equal(error->message, cases[i].message);
        else
            assert_int_equal(operand, cases[i].operand);
    }
}

/* If an option is given twice, the last value wins, and the first need not be valid. */
static void what_is_collected_is_applied_later(UNUSED void **state)
{
    const struct option_table table = table_of(SET_LOOK, 0);
    struct settings settings = {0};
    struct option_line line;
    auto_error struct error *error = NULL;
    char program[] = "program", first[] = "--timeout=x", second[] = "--timeout=3s";
    char file[] = "-fa", other[] = "-fb", bad[] = "--workers=x";
    char *argv[] = {program, first, file, second, other, bad, NULL};
    assert_int_equal(option_line_read(&table, 5, argv, NULL, &line, NULL), 0);
    assert_string_equal(option_line_value(&line, "timeout"), "3s");
    assert_null(option_line_value(&line, "note"));
    assert_int_equal(option_line_apply(&table, &line, &settings, NULL), 0);
    assert_int_equal(settings.timeout_ms, 3000);
    assert_int_equal(settings.files.count, 2);
    option_clear(&table, &settings);
    option_line_clear(&line);
    assert_int_equal(option_line_read(&table, 6, argv, NULL, &line, NULL), 0);
    assert_int_equal(option_line_apply(&table, &line, &settings, &error), -1);
    assert_string_equal(error->message, "--workers: must be a whole number from 1 to 8, not \"x\"");
    option_clear(&table, &settings);
    option_line_clear(&line);
}

static void the_file_has_the_same_values(UNUSED void **state)
{
    static const struct {
        const char *text;
        const char *message; /* behind the path; NULL: it is right */
    } cases[] = {
        {"note: \"\"\nlogFormat: json\nworkers: 3\ntimeout: 30\nwatch: false\n", NULL},
        {"notes: x\n", ":3:8: notes: is not a known key (did you mean \"note\"?)"},
        {"dryRun: true\n", ":3:9: dryRun: is not a known key"},
        {"workers: x\n", ":3:10: workers: must be a whole number, not a string"},
        {"watch: 1\n", ":3:8: watch: must be true or false, not a number"},
        {"timeout: []\n", ":3:10: timeout: must be a duration such as 30s, not an array"},
        {"note: {}\n", ":3:7: note: must be a string, not an object"},
        {"workers: 9\n", ":3:10: workers: must be a whole number from 1 to 8, not \"9\""},
    };
    const struct option_table table = table_of(SET_LOOK, 0);
    const struct option_file_kind kind = {"a/v1", "Settings"};
    auto_free char *directory = file_make_temporary("test-option-", NULL);
    assert_non_null(directory);
    auto_free char *path = file_join(directory, "config.yaml");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct settings settings = {0};
        auto_error struct error *error = NULL;
        auto_free char *text = xasprintf("apiVersion: a/v1\nkind: Settings\n%s", cases[i].text);
        assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), 0);
        int result = option_file_read(&table, &kind, path, &settings, &error);
        option_clear(&table, &settings);
        assert_int_equal(result, cases[i].message != NULL ? -1 : 0);
        if (cases[i].message == NULL) {
            assert_int_equal(settings.workers, 3);
            assert_int_equal(settings.timeout_ms, 30000);
            continue;
        }
        assert_int_equal(error->class, ERROR_INPUT);
        assert_string_equal(error->message + strlen(path), cases[i].message);
    }
    assert_int_equal(file_remove_tree(directory, NULL), 0);
}

static void help_stays_in_its_column(UNUSED void **state)
{
    static const struct option_row few[] = {
        {"name", OPTION_TEXT, 0, .heading = "Names", .argument = "NAME", .help = "who it is"},
        {"note", OPTION_TEXT, 0, .argument = "LONG-WORD", .initial = "none",
            .help = "what is said\nof it"},
        {"watch", OPTION_BOOLEAN, 0, .initial = "true", .help = "watch it"},
        {"strict", OPTION_BOOLEAN, 0, .initial = "false", .help = "be strict"},
        {"schema", OPTION_TEXT, 0, .argument = "FILE", .bare = "/", .help = "check it"},
        {"secret", OPTION_SWITCH, .help = NULL},
        {"help", OPTION_SWITCH, 0, 'h', .help = "show this help"},
    };
    static const struct {
        struct option_help_style style;
        const char *text;
    } cases[] = {
        {{.column = 19, .letters = true}, "\nNames:\n"
                                          "      --name NAME  who it is\n"
                                          "      --note LONG-WORD\n"
                                          "                   what is said\n"
                                          "                   of it\n"
                                          "      --watch[=false]\n"
                                          "                   watch it\n"
                                          "      --strict     be strict\n"
                                          "      --schema[=FILE]\n"
                                          "                   check it\n"
                                          "  -h, --help       show this help\n"},
        {{.column = 20, .width = 34, .defaults = true}, "\nNames:\n"
                                                        "  --name NAME       who it is\n"
                                                        "  --note LONG-WORD  what is said\n"
                                                        "                    of it (default\n"
                                                        "                    none)\n"
                                                        "  --watch[=false]   watch it\n"
                                                        "                    (default true)\n"
                                                        "  --strict          be strict\n"
                                                        "  --schema[=FILE]   check it\n"
                                                        "  --help            show this help\n"},
    };
    const struct option_table table = {.rows = few, .count = ARRAY_SIZE(few)};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        option_help_write(out, &table, &cases[i].style);
        fclose(out);
        assert_string_equal(text, cases[i].text);
    }
}

static void the_words_of_a_row(UNUSED void **state)
{
    const struct option_table run = table_of(SET_RUN, 0), look = table_of(SET_LOOK, 0);
    auto_free char *needed = option_help_required(&run);
    auto_free char *not_needed = option_help_required(&look);
    assert_string_equal(needed, "--sidecars N ");
    assert_string_equal(not_needed, "");
    auto_free char *brief = option_help_brief(&rows[2]);
    auto_free char *shorter = option_help_brief(&rows[4]);
    assert_string_equal(brief, "a file, or - for standard input");
    assert_string_equal(shorter, "how it looks");
    auto_free char *key = option_file_key(&rows[12]);
    assert_string_equal(key, "logFormat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_gets_into_its_member),
        cmocka_unit_test(other_values_get_into_their_members),
        cmocka_unit_test(what_is_wrong_gets_a_reason),
        cmocka_unit_test(a_program_has_its_manner),
        cmocka_unit_test(what_is_collected_is_applied_later),
        cmocka_unit_test(the_file_has_the_same_values),
        cmocka_unit_test(help_stays_in_its_column),
        cmocka_unit_test(the_words_of_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
