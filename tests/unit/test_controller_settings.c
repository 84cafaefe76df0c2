/* Each file tests/data/controller/settings/NAME.yaml is a configuration that is refused, with the
 * message in NAME.expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/launcher.h"
#include "annotations/render.h"
#include "base/file.h"
#include "base/option_file.h"
#include "base/text.h"
#include "base/unused.h"
#include "controller/settings.h"
#include "tests/unit/cases.h"
#include "tests/unit/expected.h"

#define HEAD "apiVersion: hookline.dev/v1alpha1\nkind: HookControllerConfiguration\n"

enum { MOST_WORDS = 8 };

/* Parses the words after the program's name, up to a NULL. */
static int parse(const char *const *words, struct controller_settings *settings, struct error **err)
{
    static char program[] = "hook-controller";
    char *argv[MOST_WORDS + 2] = {program};
    int argc = 1;
    while (words[argc - 1] != NULL) {
        argv[argc] = xstrdup(words[argc - 1]);
        argc++;
    }
    int result = controller_settings_parse(settings, argc, argv, err);
    for (int i = 1; i < argc; i++)
        free(argv[i]);
    assert_false(settings->help);
    assert_false(settings->version);
    return result;
}

static void check_error(const char *const *words, enum error_class class, const char *message)
{
    struct controller_settings settings;
    auto_error struct error *error = NULL;
    assert_int_equal(parse(words, &settings, &error), -1);
    controller_settings_clear(&settings);
    assert_string_equal(error->message, message);
    assert_int_equal(error->class, class);
}

static void test_defaults(UNUSED void **state)
{
    struct controller_settings settings;
    setenv("POD_NAME", "hook-controller-0", 1);
    setenv("POD_NAMESPACE", "", 1);
    assert_int_equal(parse((const char *[]){"--self-signed", NULL}, &settings, NULL), 0);
    assert_true(settings.self_signed);
    assert_null(settings.config);
    assert_null(settings.namespace);
    assert_null(settings.annotation_key);
    assert_string_equal(settings.identity, "hook-controller-0");
    assert_string_equal(settings.webhook_listen, ":9443");
    assert_string_equal(settings.metrics_listen, ":8080");
    assert_string_equal(settings.health_listen, "");
    assert_int_equal(settings.webhook_connections, 1024);
    assert_null(settings.client_ca_file);
    assert_null(settings.client_name);
    assert_in_range(settings.webhook_threads, 1, 8);
    assert_string_equal(settings.certificate_secret, "hookline-webhook-certificate");
    assert_string_equal(settings.webhook_service, "hookline-webhook");
    assert_string_equal(settings.webhook_configuration, "hookline");
    assert_int_equal(settings.certificate_validity_ms, 90LL * 24 * 3600 * 1000);
    assert_string_equal(settings.policy_config_map, "hookline-policy");
    assert_string_equal(settings.pod_template_config_map, "hookline-launcher-template");
    assert_string_equal(settings.shim_image, ANNOTATIONS_SHIM_IMAGE);
    assert_int_equal(settings.launcher, ANNOTATIONS_LAUNCHER_AUTO);
    assert_false(settings.strict);
    assert_true(settings.launch);
    assert_int_equal(settings.launch_workers, 16);
    assert_true(settings.leader_elect);
    assert_string_equal(settings.lease_name, "hookline-controller");
    assert_int_equal(settings.lease_duration_ms, 15000);
    assert_int_equal(settings.lease_renew_deadline_ms, 10000);
    assert_int_equal(settings.lease_retry_ms, 2000);
    assert_true(settings.kube_qps == 1000);
    assert_int_equal(settings.kube_burst, 2000);
    assert_int_equal(settings.drain_ms, 10000);
    assert_int_equal(settings.log_format, LOG_JSON);
    assert_int_equal(settings.log_level, LOG_INFO);
    controller_settings_clear(&settings);
    unsetenv("POD_NAME");
    unsetenv("POD_NAMESPACE");
}

/* Values that are no flag's default; the second differs from the first. */
static const char *example(const struct option_row *row, int which)
{
    if (row->parse != NULL && streq(row->name, "launcher"))
        return which == 0 ? "plugin" : "builtin";
    if (row->parse == option_parse_log_format)
        return which == 0 ? "text" : "json";
    if (row->parse == option_parse_log_level)
        return which == 0 ? "debug" : "error";
    if (row->check != NULL)
        return which == 0 ? "127.0.0.1:1" : "[::1]:0";
    switch (row->value) {
    case OPTION_BOOLEAN:
        return which == 0 ? "true" : "false";
    case OPTION_COUNT:
    case OPTION_RATE:
        return which == 0 ? "3" : "5";
    case OPTION_DURATION:
        return which == 0 ? "3h" : "5400";
    default:
        return which == 0 ? "one" : "two";
    }
}

/* Whether the flag's member is what its text means. */
static void check_member(
    const struct option_row *flag, const struct controller_settings *settings, const char *text)
{
    struct controller_settings wanted = {0};
    assert_int_equal(option_set(flag, text, &wanted, NULL), 0);
    const char *actual = (const char *)settings + flag->member;
    const char *expected = (const char *)&wanted + flag->member;
    switch (flag->value) {
    case OPTION_TEXT:
    case OPTION_TEXT_OR_EMPTY:
        assert_string_equal(*(char *const *)actual, *(char *const *)expected);
        break;
    case OPTION_BOOLEAN:
        assert_int_equal(*(const bool *)actual, *(const bool *)expected);
        break;
    case OPTION_RATE:
    case OPTION_DURATION:
        assert_memory_equal(actual, expected, sizeof(int64_t));
        break;
    default:
        assert_memory_equal(actual, expected, sizeof(int));
        break;
    }
    controller_settings_clear(&wanted);
}

/* Every flag is a key of the file, and a flag takes precedence over its key. Consistency is checked
 * after all settings are read, so both results are acceptable here. */
static void test_every_flag(UNUSED void **state)
{
    auto_free char *directory = file_make_temporary("test-settings-", NULL);
    assert_non_null(directory);
    auto_free char *path = file_join(directory, "config.yaml");
    auto_free char *config = xasprintf("--config=%s", path);
    for (size_t i = 0; i < controller_settings_table.count; i++) {
        const struct option_row *flag = &controller_settings_table.rows[i];
        struct controller_settings settings;
        auto_free char *key = option_file_key(flag);
        auto_free char *text = xasprintf(HEAD "%s: %s\n", key, example(flag, 0));
        auto_free char *word = xasprintf("--%s=%s", flag->name, example(flag, 1));
        if (flag->no_key)
            continue;
        assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), 0);
        parse((const char *[]){config, NULL}, &settings, NULL);
        check_member(flag, &settings, example(flag, 0));
        controller_settings_clear(&settings);
        parse((const char *[]){config, word, NULL}, &settings, NULL);
        check_member(flag, &settings, example(flag, 1));
        controller_settings_clear(&settings);
    }
    assert_int_equal(file_remove_tree(directory, NULL), 0);
}

static void test_wrong_flags(UNUSED void **state)
{
    static const struct {
        const char *words[MOST_WORDS];
        const char *message;
    } cases[] = {
        {{"--self-signd"}, "unknown flag \"--self-signd\" (did you mean \"--self-signed\"?)"},
        {{"--policyfile=p.yaml"},
            "unknown flag \"--policyfile\" (did you mean \"--policy-file\"?)"},
        {{"--wibble"}, "unknown flag \"--wibble\""},
        {{"--versoin"}, "unknown flag \"--versoin\" (did you mean \"--version\"?)"},
        {{"--help=yes"}, "--help takes no value"},
        {{"--drain"}, "--drain needs a value"},
        {{"--self-signed", "--launch", "false"},
            "unexpected argument \"false\" (a switch is set as in --launch=false)"},
        {{"--self-signed", "--launch=no"}, "--launch: must be true or false, not \"no\""},
        {{"--self-signed", "--drain=25h"},
            "--drain: \"25h\" is not a duration from 1ms to 24h (use 30s, 250ms or 2m)"},
        {{"--self-signed", "--certificate-validity=87601h"},
            "--certificate-validity: \"87601h\" is not a duration from 1s to 87600h (use 2160h for "
            "90 days)"},
        {{"--self-signed", "--webhook-threads=0"},
            "--webhook-threads: must be a whole number from 1 to 64, not \"0\""},
        {{"--self-signed", "--kube-qps=fast"},
            "--kube-qps: must be a whole number from 1 to 2147483647, not \"fast\""},
        {{"--self-signed", "--launcher=builtins"},
            "--launcher: \"builtins\" is not a kind of launcher: use auto, builtin, plugin or "
            "standalone (did you mean \"builtin\"?)"},
        {{"--self-signed", "--lease-name="}, "--lease-name: must not be empty"},
        {{NULL}, "the webhooks need a certificate: --tls-certificate FILE and --tls-key FILE, or "
                 "--self-signed; or no webhooks: --webhook-listen="},
        {{"--tls-certificate=a.pem"},
            "--tls-certificate and --tls-key belong together: --tls-key is missing"},
        {{"--tls-certificate=a.pem", "--tls-key=k.pem", "--self-signed"},
            "--self-signed and --tls-certificate are both set: use only one of them"},
        {{"--self-signed", "--client-name=kube-apiserver"}, "--client-name needs --client-ca-file"},
        {{"--self-signed", "--lease-duration=10s"}, "--lease-renew-deadline must be shorter than "
                                                    "--lease-duration, or two replicas could lead"},
        {{"--self-signed", "--lease-retry=10s"},
            "--lease-retry must be shorter than --lease-renew-deadline, or the leader never tries "
            "again"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check_error(cases[i].words, ERROR_USAGE, cases[i].message);
}

static void test_wrong_listen(UNUSED void **state)
{
    static const char *const cases[] = {"9443", ":70000", ":-1", ":", ":https", "127.0.0.1",
        "127.0.0.1:", "localhost:9443", "256.0.0.1:9443", "::1:9443", "[::1:9443", "[]:9443",
        "[127.0.0.1::1]:9443", " :9443"};
    static const char *const flags[] = {"--webhook-listen", "--metrics-listen", "--health-listen"};
    for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(flags); i++) {
        const char *flag = flags[i % ARRAY_SIZE(flags)];
        const char *value = cases[i / ARRAY_SIZE(flags)];
        auto_free char *message = xasprintf("%s: \"%s\" is not an address to listen on; use "
                                            "\":9443\", \"10.0.0.1:9443\" or \"[fd00::1]:9443\"",
            flag, value);
        check_error((const char *[]){"--self-signed", flag, value, NULL}, ERROR_USAGE, message);
    }
}

/* Values that may be empty, and settings that depend on each other. */
static void test_empty(UNUSED void **state)
{
    struct controller_settings settings;
    static const char *const words[] = {
        "--webhook-listen=", "--metrics-listen", "", "--policy-file", "policy.yaml", NULL};
    assert_int_equal(parse(words, &settings, NULL), 0);
    assert_string_equal(settings.webhook_listen, "");
    assert_string_equal(settings.metrics_listen, "");
    assert_string_equal(settings.policy_file, "policy.yaml");
    assert_string_equal(settings.policy_config_map, "");
    controller_settings_clear(&settings);
}

static void check_wrong_file(const char *path)
{
    struct controller_settings settings;
    auto_error struct error *error = NULL;
    assert_int_equal(parse((const char *[]){"--config", path, NULL}, &settings, &error), -1);
    controller_settings_clear(&settings);
    auto_free char *message = xasprintf("%s\n", error->message);
    expected_compare(path, message);
}

static void test_wrong_files(UNUSED void **state)
{
    cases_run("tests/data/controller/settings/*.yaml", check_wrong_file);
    check_error((const char *[]){"--config", "/nonexistent/config.yaml", NULL}, ERROR_IO,
        "reading /nonexistent/config.yaml: No such file or directory");
}

/* Only a missing file is tolerated. */
static void test_optional_file(UNUSED void **state)
{
    struct controller_settings settings;
    assert_int_equal(parse((const char *[]){"--config-optional", "--config=/nonexistent/c.yaml",
                               "--self-signed", NULL},
                         &settings, NULL),
        0);
    assert_true(settings.self_signed);
    controller_settings_clear(&settings);
    check_error((const char *[]){"--config-optional", "--config=/dev/null/c.yaml", NULL}, ERROR_IO,
        "reading /dev/null/c.yaml: Not a directory");
    check_error((const char *[]){"--config-optional=false", "--config=/nonexistent/c.yaml", NULL},
        ERROR_IO, "reading /nonexistent/c.yaml: No such file or directory");
}

/* The manual has each flag with its argument, key and default. */
static void test_manual(UNUSED void **state)
{
    auto_free char *manual = NULL;
    auto_free char *help = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&help, &length);
    assert_non_null(out);
    controller_settings_help(out);
    fclose(out);
    assert_int_equal(
        file_read("docs/man/hook-controller.8.scd", 1024 * 1024, &manual, &length, NULL), 0);
    for (size_t i = 0; i < controller_settings_table.count; i++) {
        const struct option_row *flag = &controller_settings_table.rows[i];
        if (flag->help == NULL)
            continue;
        bool is_switch = flag->value == OPTION_BOOLEAN;
        auto_free char *key = option_file_key(flag);
        auto_free char *line = xasprintf("\n*--%s*%s%s%s%s%s%s\n", flag->name,
            is_switch ? "" : " _", is_switch ? "" : flag->argument, is_switch ? "" : "_",
            flag->no_key ? "" : ", key *", flag->no_key ? "" : key, flag->no_key ? "" : "*");
        const char *at = strstr(manual, line);
        if (at == NULL)
            fail_msg("docs/man/hook-controller.8.scd has no line \"%s\"", line + 1);
        const char *end = strstr(at + strlen(line), "\n*--");
        auto_free char *entry = xstrndup(at, end != NULL ? (size_t)(end - at) : strlen(at));
        if (flag->initial != NULL && strstr(entry, flag->initial) == NULL)
            fail_msg(
                "docs/man/hook-controller.8.scd: --%s is %s by default", flag->name, flag->initial);
        auto_free char *in_help = xasprintf("\n  --%s", flag->name);
        assert_non_null(strstr(help, in_help));
    }
}

/* --help and --version work whatever else is given. */
static void test_help(UNUSED void **state)
{
    static const char *const flags[] = {"--help", "-h", "--version"};
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        char program[] = "hook-controller";
        char config[] = "--config=/nonexistent";
        auto_free char *flag = xstrdup(flags[i]);
        char *argv[] = {program, config, flag, NULL};
        struct controller_settings settings;
        assert_int_equal(controller_settings_parse(&settings, 3, argv, NULL), 0);
        controller_settings_clear(&settings);
        assert_int_equal(settings.help, i < 2);
        assert_int_equal(settings.version, i == 2);
    }
}

int main(void)
{
    unsetenv("POD_NAME");
    unsetenv("POD_NAMESPACE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_flag),
        cmocka_unit_test(test_wrong_flags),
        cmocka_unit_test(test_wrong_listen),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_optional_file),
        cmocka_unit_test(test_manual),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
