/* An expression: whether it is valid, and how long its value is, does not depend on chance. */
#include <stddef.h>
#include <stdint.h>

#include "appliance/expression.h"
#include "base/unused.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t always_last(UNUSED void *user, uint32_t limit)
{
    return limit - 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct appliance_random chance = {0};
    const struct appliance_random last = {.below = always_last};
    auto_error struct error *error = NULL;
    auto_free char *expression = xstrndup((const char *)data, size);
    auto_free char *value = appliance_expression_generate(expression, &chance, &error);
    auto_free char *other = appliance_expression_generate(expression, &last, NULL);
    check((value == NULL) == (error != NULL) && (value == NULL) == (other == NULL));
    if (value != NULL)
        check(strlen(value) == strlen(other) && strlen(value) <= 4096);
    return 0;
}
