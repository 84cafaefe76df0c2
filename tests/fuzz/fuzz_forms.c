/* Objects of a manifest: a VM is published, copied, and made a template, which gives the VM again; a
 * template becomes an appliance, and an appliance a template. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/copy.h"
#include "appliance/outline.h"
#include "appliance/publish.h"
#include "appliance/template_source.h"
#include "base/json.h"
#include "base/yaml.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clear(struct appliance_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        check_findings(&report->texts[i]->findings);
    appliance_report_clear(report);
}

/* The VM of a template that was made of this one. */
static void check_again(const struct appliance_object *vm, json_t *template)
{
    struct appliance_report report = {0};
    struct findings findings = {0};
    const struct appliance_template_request request = {0};
    const struct appliance_object object = {.kind = APPLIANCE_TEMPLATE,
        .namespace = vm->namespace,
        .name = vm->name,
        .value = template,
        .pointer = ""};
    auto_json json_t *again = appliance_template_to_vm(&object, &request, &report);
    auto_json json_t *expected = appliance_outline_make(vm->value);
    appliance_outline_drop_identity(expected, &findings);
    json_object_del(json_object_get(again, "metadata"), "namespace");
    /* it may be too large, or have more than one object may */
    check(again == NULL || json_equal(again, expected));
    findings_clear(&findings);
    clear(&report);
}

static bool try_vm(void *user, const struct appliance_object *vm)
{
    struct appliance_objects *objects = user;
    struct appliance_report report = {0};
    struct appliance_publication publication = {0};
    const struct appliance_template_request request = {0};
    const struct appliance_publish_request publish = {.namespace = "ns", .name = "ds"};
    json_t *needed = NULL;
    auto_json json_t *template = appliance_template_of_vm(vm, &request, &report);
    if (template != NULL)
        check_again(vm, template);
    clear(&report);
    int result = appliance_publish(vm, objects, &publish, &publication, &report);
    check(result < 0 || publication.data_source != NULL);
    appliance_publication_clear(&publication);
    clear(&report);
    json_decref(appliance_copy_make(vm, "copy", objects, &needed, &report));
    json_decref(needed);
    clear(&report);
    return true;
}

static bool try_template(void *user, const struct appliance_object *template)
{
    struct appliance_report report = {0};
    const struct appliance_template_request request = {0};
    json_decref(appliance_template_to_source(template, user, &request, &report));
    clear(&report);
    json_decref(appliance_template_to_vm(template, &request, &report));
    clear(&report);
    return true;
}

static bool try_source(void *user, const struct appliance_object *object)
{
    (void)user;
    struct appliance_report report = {0};
    struct appliance_source source = {0};
    const struct appliance_template_request request = {0};
    if (appliance_source_read(&source, object, &report) == 0)
        json_decref(appliance_template_of_source(&source, &request, &report));
    json_decref(appliance_template_bare_source(object));
    appliance_source_clear(&source);
    clear(&report);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream = {0};
    struct appliance_objects objects = {0};
    if (yaml_parse("manifest", (const char *)data, size, &stream, NULL) < 0)
        return 0;
    for (size_t i = 0; i < stream.count; i++)
        appliance_objects_add(&objects, "manifest", &stream.documents[i]);
    appliance_objects_each(&objects, APPLIANCE_VM, NULL, try_vm, &objects);
    appliance_objects_each(&objects, APPLIANCE_TEMPLATE, NULL, try_template, &objects);
    appliance_objects_each(&objects, APPLIANCE_DATA_SOURCE, NULL, try_source, &objects);
    appliance_objects_clear(&objects);
    yaml_stream_clear(&stream);
    return 0;
}
