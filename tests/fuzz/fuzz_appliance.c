/* A stream with DataSources and what they refer to: each is read, checked, repaired and checked
 * again. What is right needs no repair, what was repaired needs no other one, and every finding has
 * a place in the text. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/check.h"
#include "appliance/repair.h"
#include "base/json.h"
#include "base/yaml.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_report(const struct appliance_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct appliance_text *one = report->texts[i];
        check_findings(&one->findings);
        for (size_t k = 0; k < one->findings.count; k++) {
            struct yaml_place place = appliance_text_place(one, &one->findings.items[k]);
            auto_free char *path = appliance_text_path(one, &one->findings.items[k]);
            check(place.line > 0 && place.column > 0);
            check(text_is_utf8(path, strlen(path), NULL));
        }
    }
}

static void repair(
    const struct appliance_source *source, struct appliance_objects *objects, bool was_right)
{
    struct findings findings = {0};
    struct findings again = {0};
    struct appliance_report report = {0};
    auto_json json_t *vm = json_deep_copy(source->vm);
    appliance_repair(vm, &findings);
    check_findings(&findings);
    check(findings.errors == 0);
    check((findings.count == 0) == (json_equal(vm, source->vm) != 0));
    check(!was_right || findings.count == 0);
    auto_json json_t *repaired = json_deep_copy(vm);
    appliance_repair(vm, &again);
    check(again.count == 0 && json_equal(vm, repaired));
    appliance_check(source, vm, objects, &report);
    check_report(&report);
    appliance_report_clear(&report);
    findings_clear(&findings);
}

static bool read_source(void *user, const struct appliance_object *object)
{
    struct appliance_objects *objects = user;
    struct appliance_report report = {0};
    struct appliance_source source;
    int result = appliance_source_read(&source, object, &report);
    check(result == 0 || appliance_report_errors(&report) > 0);
    appliance_check_source(&source, objects, &report);
    size_t errors = appliance_report_errors(&report);
    if (source.vm != NULL) {
        appliance_check(&source, source.vm, objects, &report);
        repair(&source, objects, appliance_report_errors(&report) == errors);
    }
    check_report(&report);
    appliance_source_clear(&source);
    appliance_report_clear(&report);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream;
    struct appliance_objects objects = {0};
    if (yaml_parse("appliance", (const char *)data, size, &stream, NULL) < 0)
        return 0;
    for (size_t i = 0; i < stream.count; i++)
        appliance_objects_add(&objects, "appliance", &stream.documents[i]);
    appliance_objects_each(&objects, APPLIANCE_DATA_SOURCE, NULL, read_source, &objects);
    appliance_objects_clear(&objects);
    yaml_stream_clear(&stream);
    return 0;
}
