/* Two documents: declarations of parameters, and a value with references to them. Where the check of
 * references finds nothing, replacing them fails only for what the values are. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/limits.h"
#include "appliance/parameters.h"
#include "base/json.h"
#include "base/yaml_value.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The document before, or after, the first "%"; NULL: it is none. New reference. */
static json_t *part(const uint8_t *data, size_t size, bool second)
{
    struct json_fault fault;
    const uint8_t *mark = memchr(data, '%', size);
    if (mark == NULL)
        return NULL;
    size_t length = (size_t)(mark - data);
    const uint8_t *begin = second ? mark + 1 : data;
    auto_free char *text = xstrndup((const char *)begin, second ? size - length - 1 : length);
    if (!text_is_utf8(text, strlen(text), NULL))
        return NULL;
    return yaml_value_read(text, strlen(text), APPLIANCE_MAX_DEPTH, &fault, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct findings findings = {0};
    struct findings request = {0};
    const struct appliance_random random = {0};
    auto_json json_t *declarations = part(data, size, false);
    auto_json json_t *value = part(data, size, true);
    if (declarations == NULL || value == NULL)
        return 0;
    bool valid = appliance_parameters_check(declarations, &findings) == 0;
    auto_json json_t *values =
        appliance_parameters_values(declarations, NULL, "vm", &random, &findings, &request);
    check(!valid || values != NULL || findings.errors > 0);
    check(request.count == 0);
    appliance_parameters_substitute(value, declarations, NULL, &findings);
    size_t errors = findings.errors;
    if (values != NULL)
        appliance_parameters_substitute(value, declarations, values, &findings);
    check(values == NULL || findings.errors >= errors);
    check_findings(&findings);
    findings_clear(&findings);
    findings_clear(&request);
    return 0;
}
