/* A stream with DataSources and what they refer to: each is completed, twice with the same result,
 * summarized, and made an instance of, as hookctl appliance does. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/complete.h"
#include "appliance/expand.h"
#include "base/json.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "cli/appliance/findings.h"
#include "cli/appliance/rbac.h"
#include "cli/appliance/summary.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t below(void *user UNUSED, uint32_t limit)
{
    return limit / 2;
}

static const struct appliance_request request = {
    .namespace = "demo",
    .name = "vm",
    .random = {.below = below},
};

static void summarize(const struct appliance_object *object, struct appliance_objects *objects)
{
    struct appliance_source source = {0};
    struct appliance_report report = {0};
    if (appliance_source_read(&source, object, &report) == 0) {
        auto_json json_t *summary = cli_summary_make(&source, objects);
        check(json_is_object(summary));
    }
    appliance_complete_check(&source, objects, &report);
    appliance_source_clear(&source);
    appliance_report_clear(&report);
}

/* What the completed VM becomes. */
static void use(const struct appliance_completion *completion, struct appliance_objects *objects)
{
    struct machine_expansion expansion = {0};
    struct findings findings = {0};
    const struct cli_rbac_for whom = {
        .namespace = request.namespace,
        .service_account = cli_rbac_service_account(completion->vm),
    };
    auto_json json_t *roles = cli_rbac_objects(completion->rights, completion->right_count, &whom);
    check(json_array_size(roles) == 2 * completion->right_count);
    auto_json json_t *vmi =
        appliance_expand(completion->vm, &objects->known, &request.random, &expansion, &findings);
    check((vmi == NULL) == (findings.errors > 0));
    findings_clear(&findings);
    machine_expansion_clear(&expansion);
}

static bool complete(void *user, const struct appliance_object *object)
{
    struct appliance_objects *objects = user;
    struct appliance_report report = {0};
    struct appliance_report again = {0};
    struct appliance_completion completion = {0};
    struct appliance_completion second = {0};
    struct cli_report shown = {0};
    int result = appliance_complete(object, objects, &request, &completion, &report);
    check((result == 0) == (completion.vm != NULL));
    check((result == 0) == (appliance_report_errors(&report) == 0));
    appliance_complete(object, objects, &request, &second, &again);
    check(completion.vm == second.vm || json_equal(completion.vm, second.vm));
    cli_appliance_findings_add(&report, &shown);
    check(shown.errors == appliance_report_errors(&report));
    if (completion.vm != NULL)
        use(&completion, objects);
    summarize(object, objects);
    cli_report_clear(&shown);
    appliance_completion_clear(&completion);
    appliance_completion_clear(&second);
    appliance_report_clear(&report);
    appliance_report_clear(&again);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream;
    struct appliance_objects objects = {0};
    if (yaml_parse("source", (const char *)data, size, &stream, NULL) < 0)
        return 0;
    for (size_t i = 0; i < stream.count; i++)
        appliance_objects_add(&objects, "source", &stream.documents[i]);
    appliance_objects_each(&objects, APPLIANCE_DATA_SOURCE, NULL, complete, &objects);
    appliance_objects_clear(&objects);
    yaml_stream_clear(&stream);
    return 0;
}
