/* Every file tests/data/machine/NAME.yaml is a case: a VMI, and a second document with values from
 * the command line and the machine. It becomes the domain NAME.xml, with the findings in
 * NAME.findings, one a line; a case without NAME.xml is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utstring.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "cli/object.h"
#include "domain/diff.h"
#include "domain/newer.h"
#include "domain/schema.h"
#include "guest/image.h"
#include "machine/check.h"
#include "machine/convert.h"

#define CASES "tests/data/machine/"
#define UPSTREAM "../shared/upstream/kubevirt/vmi/"

enum { MAX_BYTES = 1 << 20 };

/* The result of a conversion. */
struct outcome {
    char *xml; /* or NULL; owned */
    size_t length;
    struct findings findings;
};

static void outcome_clear(struct outcome *outcome)
{
    free(outcome->xml);
    findings_clear(&outcome->findings);
}

/* The file, or "" where there is none. Owned by the caller. */
static char *read_text(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    return file_read(path, MAX_BYTES, &text, &length, NULL) == 0 ? text : xstrdup("");
}

static void read_yaml(const char *path, struct yaml_stream *stream)
{
    auto_error struct error *error = NULL;
    auto_free char *text = read_text(path);
    if (yaml_parse(path, text, strlen(text), stream, &error) < 0)
        fail_msg("%s", error->message);
}

/* The NAME: PATH members of an object as mappings, which borrow them. */
static struct pairs read_mappings(const json_t *object)
{
    struct pairs mappings = {0};
    const char *name = NULL;
    json_t *path = NULL;
    mappings.items = xcalloc(json_object_size(object) + 1, sizeof(*mappings.items));
    json_object_foreach ((json_t *)object, name, path) {
        mappings.items[mappings.count++] =
            (struct pair){(char *)name, (char *)json_string_value(path)};
    }
    return mappings;
}

static int find_firmware(UNUSED bool secure_boot, UNUSED bool any, const char **code,
    const char **vars, UNUSED struct error **err)
{
    *code = "/firmware/CODE.fd";
    *vars = "/firmware/VARS.fd";
    return 0;
}

/* Validates, locates volumes and converts, as hook-launcher does; no file needs to exist. */
static struct outcome convert(const json_t *vmi, const json_t *settings)
{
    struct outcome outcome = {0};
    struct machine_host host = {
        .form = json_is_true(json_object_get(settings, "first")) ? MACHINE_FORM_FIRST
                                                                 : MACHINE_FORM_DEFINITION,
        .kvm = json_is_true(json_object_get(settings, "kvm")),
        .console_file = text_or(json_get_string(settings, "consoleFile"), "/run/work/console"),
        .find_firmware = find_firmware,
        .work_directory = text_or(json_get_string(settings, "workDirectory"), "/run/work"),
        .dry_run = true,
    };
    struct machine_volume_options options = {
        .container_disks = read_mappings(json_object_get(settings, "containerDisks")),
        .pvcs = read_mappings(json_object_get(settings, "pvcs")),
        .directories = read_mappings(json_object_get(settings, "directories")),
        .work_directory = host.work_directory,
        .inspect = guest_image_inspect,
        .dry_run = true,
    };
    machine_check(vmi, &outcome.findings);
    if (outcome.findings.errors == 0) {
        struct machine_volumes volumes;
        bool found = machine_volumes_find(vmi, &options, &volumes, &outcome.findings) == 0;
        outcome.xml = machine_convert(vmi, &volumes, &host, &outcome.length, &outcome.findings);
        if (!found) {
            free(outcome.xml);
            outcome.xml = NULL;
        }
        machine_volumes_clear(&volumes);
    }
    free(options.container_disks.items);
    free(options.pvcs.items);
    free(options.directories.items);
    return outcome;
}

/* The findings, one a line. Owned by the caller. */
static char *describe(const struct findings *findings)
{
    UT_string text;
    utstring_init(&text);
    utstring_printf(&text, "%s", "");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        auto_free char *path = finding_path(finding->pointer);
        utstring_printf(&text, "%s %s: %s\n",
            finding->severity == FINDING_ERROR ? "error" : "warning", path, finding->message);
    }
    return utstring_body(&text);
}

/* libvirt's schema, or NULL, with a message, if libvirt is not installed. */
static struct domain_schema *load_schema(void)
{
    if (access(DOMAIN_SCHEMA_PATH, R_OK) < 0) {
        print_message("not checked: %s is not there (package libvirt0)\n", DOMAIN_SCHEMA_PATH);
        return NULL;
    }
    struct domain_schema *schema = domain_schema_load(DOMAIN_SCHEMA_PATH, NULL);
    assert_non_null(schema);
    return schema;
}

static void check_valid(
    const struct domain_schema *schema, const char *name, const struct outcome *outcome)
{
    auto_error struct error *error = NULL;
    if (schema == NULL || outcome->xml == NULL ||
        domain_schema_check(schema, outcome->xml, outcome->length, &error) == 0)
        return;
    auto_free char *rest = NULL;
    size_t length = 0;
    bool dispensable = false;
    auto_free char *newer =
        domain_newer_find(outcome->xml, outcome->length, &rest, &length, &dispensable, NULL);
    if (newer == NULL || domain_schema_check(schema, rest, length, NULL) < 0)
        fail_msg("%s: %s\n%s", name, error->message, outcome->xml);
    print_message("%s: this libvirt is too old for %s\n", name, newer);
}

static void check_text(const char *path, const char *expected, const char *actual)
{
    struct domain_change change;
    auto_free char *diff =
        domain_diff_text(bytes_of(expected), bytes_of(actual), path, "what came", &change);
    if (diff[0] != '\0')
        fail_msg("\n%s", diff);
}

static void run_case(const char *path, const struct domain_schema *schema)
{
    auto_free char *stem = xstrndup(path, strlen(path) - strlen(".yaml"));
    auto_free char *xml_path = xasprintf("%s.xml", stem);
    auto_free char *findings_path = xasprintf("%s.findings", stem);
    auto_free char *xml = read_text(xml_path);
    auto_free char *findings = read_text(findings_path);
    struct yaml_stream stream;
    read_yaml(path, &stream);
    struct outcome outcome =
        convert(stream.documents[0].root, stream.count > 1 ? stream.documents[1].root : NULL);
    auto_free char *found = describe(&outcome.findings);
    check_text(findings_path, findings, found);
    check_text(xml_path, xml, outcome.xml != NULL ? outcome.xml : "");
    assert_true((outcome.xml == NULL) == (outcome.findings.errors > 0));
    check_valid(schema, path, &outcome);
    outcome_clear(&outcome);
    yaml_stream_clear(&stream);
}

static void test_cases(UNUSED void **state)
{
    struct domain_schema *schema = load_schema();
    glob_t cases;
    assert_int_equal(glob(CASES "*.yaml", 0, NULL, &cases), 0);
    for (size_t i = 0; i < cases.gl_pathc; i++)
        run_case(cases.gl_pathv[i], schema);
    globfree(&cases);
    domain_schema_free(schema);
}

/* KubeVirt's own examples: each is converted, or a field that is not supported is named. */
static void test_kubevirt_examples(UNUSED void **state)
{
    glob_t files;
    if (glob(UPSTREAM "*.yaml", 0, NULL, &files) != 0) {
        print_message("skipped: there are no examples in " UPSTREAM "\n");
        skip();
    }
    struct domain_schema *schema = load_schema();
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct yaml_stream stream;
        read_yaml(files.gl_pathv[i], &stream);
        const json_t *value = stream.documents[0].root;
        const json_t *metadata = json_object_get(value, "metadata");
        struct cli_object object = {
            .value = value,
            .namespace = "default",
            .name = json_get_string(metadata, "name"),
        };
        assert_true(cli_kind_of(object.value, NULL, &object.kind));
        auto_json json_t *vmi = cli_object_vmi(&object);
        struct outcome outcome = convert(vmi, NULL);
        for (size_t k = 0; k < outcome.findings.count; k++)
            print_message("%s %s: %s\n", files.gl_pathv[i], outcome.findings.items[k].pointer,
                outcome.findings.items[k].message);
        assert_true((outcome.xml == NULL) == (outcome.findings.errors > 0));
        check_valid(schema, files.gl_pathv[i], &outcome);
        outcome_clear(&outcome);
        yaml_stream_clear(&stream);
    }
    globfree(&files);
    domain_schema_free(schema);
}

static int find_no_firmware(UNUSED bool secure_boot, UNUSED bool any, UNUSED const char **code,
    UNUSED const char **vars, struct error **err)
{
    return error_set(err, ERROR_IO, "there is none");
}

static void test_no_firmware(UNUSED void **state)
{
    static const char text[] =
        "{\"metadata\": {\"name\": \"vm\"}, \"spec\": {\"domain\": {\"memory\": {\"guest\": "
        "\"1Gi\"},"
        " \"firmware\": {\"bootloader\": {\"efi\": {\"secureBoot\": false}}}}}}";
    auto_json json_t *vmi = json_parse(text, strlen(text), 16, NULL);
    const struct machine_host host = {
        .find_firmware = find_no_firmware, .work_directory = "/run/work"};
    const struct machine_volumes volumes = {0};
    struct findings findings = {0};
    size_t length = 0;
    assert_null(machine_convert(vmi, &volumes, &host, &length, &findings));
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].pointer, "/spec/domain/firmware/bootloader/efi");
    assert_string_equal(findings.items[0].message, "there is none");
    findings_clear(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_kubevirt_examples),
        cmocka_unit_test(test_no_firmware),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
