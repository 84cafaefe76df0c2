/* A VMI in YAML or JSON is validated, its volumes located, and converted, with its cloud-init data.
 * A VMI without findings becomes a domain that is valid against libvirt's schema, apart from what
 * this libvirt is too old for. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/unused.h"
#include "base/yaml.h"
#include "domain/identity.h"
#include "domain/newer.h"
#include "domain/schema.h"
#include "guest/firmware.h"
#include "guest/image.h"
#include "machine/plan.h"
#include "machine/ports.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct domain_schema *schema; /* or NULL, where libvirt is not installed */

int LLVMFuzzerInitialize(UNUSED int *argc, UNUSED char ***argv)
{
    schema = domain_schema_load(DOMAIN_SCHEMA_PATH, NULL);
    return 0;
}

static void check_domain(const char *xml, size_t length)
{
    auto_error struct error *error = NULL;
    struct domain_identity identity;
    if (domain_identify(xml, length, &identity, &error) == 0)
        domain_identity_clear(&identity);
    if (error == NULL && schema != NULL)
        domain_schema_check(schema, xml, length, &error);
    char *rest = NULL;
    size_t rest_length = 0;
    bool dispensable = false;
    auto_free char *newer =
        error != NULL ? domain_newer_find(xml, length, &rest, &rest_length, &dispensable, NULL)
                      : NULL;
    bool valid_without = newer != NULL && domain_schema_check(schema, rest, rest_length, NULL) == 0;
    free(rest);
    if (valid_without)
        return;
    if (error != NULL) {
        fprintf(stderr, "%s\n%s", error->message, xml);
        abort();
    }
}

static void convert(const json_t *vmi, bool kvm)
{
    struct findings findings = {0};
    const struct machine_host host = {.kvm = kvm,
        .find_firmware = guest_firmware_find,
        .work_directory = "/run/work",
        .dry_run = true};
    const struct machine_volume_options options = {
        .inspect = guest_image_inspect, .work_directory = "/run/work", .dry_run = true};
    struct machine_plan plan;
    machine_plan_make(&plan, vmi, &options, &host, &findings);
    check((plan.domain != NULL) == (findings.errors == 0));
    if (plan.domain != NULL) {
        check_domain(plan.domain, plan.domain_length);
        auto_free struct machine_port *ports = NULL;
        machine_ports_list(vmi, &ports);
    }
    machine_plan_clear(&plan);
    check_findings(&findings);
    findings_clear(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream;
    if (yaml_parse("vmi", (const char *)data, size, &stream, NULL) < 0)
        return 0;
    for (size_t i = 0; i < stream.count; i++)
        convert(stream.documents[i].root, size % 2 == 0);
    yaml_stream_clear(&stream);
    return 0;
}
