/* A stream with VirtualMachines and the objects that they refer to: each machine is expanded, and
 * what it becomes is validated. What is expanded once stays as it is. */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "machine/check.h"
#include "machine/expansion.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The messages that hook-launcher would show for what was applied. */
static void check_template(const struct machine_expansion *expansion)
{
    struct findings findings = {0};
    machine_check(json_pointer_get(expansion->vm, "/spec/template"), &findings);
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *one = &findings.items[i];
        auto_free char *message =
            machine_origins_message(&expansion->origins, one->pointer, one->message);
        check(text_starts_with(message, one->message));
    }
    findings_clear(&findings);
}

static void expand(const json_t *vm, enum machine_purpose purpose, struct machine_known *known)
{
    struct findings findings = {0};
    struct machine_expansion expansion;
    struct machine_expansion again;
    int result = machine_expand(vm, "default", purpose, known, &expansion, &findings);
    check((result == 0) == (findings.errors == 0) && (result == 0) == (expansion.vm != NULL));
    check_findings(&findings);
    if (expansion.vm != NULL && json_is_object(json_pointer_get(expansion.vm, "/spec/template"))) {
        check_template(&expansion);
        machine_expand(expansion.vm, "default", MACHINE_FOR_PRINT, known, &again, &findings);
        check(json_equal(expansion.vm, again.vm));
        machine_expansion_clear(&again);
    }
    machine_expansion_clear(&expansion);
    findings_clear(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_stream stream;
    struct machine_known known = {0};
    if (yaml_parse("vm", (const char *)data, size, &stream, NULL) < 0)
        return 0;
    for (size_t i = 0; i < stream.count; i++)
        machine_known_add(&known, "vm", &stream.documents[i]);
    for (size_t i = 0; i < stream.count; i++) {
        expand(stream.documents[i].root, MACHINE_FOR_PRINT, &known);
        expand(stream.documents[i].root, MACHINE_FOR_LAUNCH, &known);
    }
    machine_known_clear(&known);
    yaml_stream_clear(&stream);
    return 0;
}
