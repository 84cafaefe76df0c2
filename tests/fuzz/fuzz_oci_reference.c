/* A reference is refused with a message, or its whole text is a reference to the same; no part of it
 * leads out of a path. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/reference.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *text = xstrndup((const char *)data, size);
    struct oci_reference reference;
    struct oci_reference again;
    struct error *error = NULL;
    if (oci_reference_parse(text, &reference, &error) < 0) {
        check(error->class == ERROR_USAGE);
        check(text_is_utf8(error->message, strlen(error->message), NULL));
        error_free(error);
        return 0;
    }
    check(strstr(reference.repository, "..") == NULL);
    check(strpbrk(reference.repository, "?#% \\") == NULL);
    check(strpbrk(reference.registry, "/?#%@ \\") == NULL);
    check(oci_reference_manifest(&reference)[0] != '\0');
    auto_free char *whole = oci_reference_text(&reference);
    check(oci_reference_parse(whole, &again, NULL) == 0);
    auto_free char *same = oci_reference_text(&again);
    check(streq(whole, same));
    oci_reference_clear(&again);
    oci_reference_clear(&reference);
    return 0;
}
