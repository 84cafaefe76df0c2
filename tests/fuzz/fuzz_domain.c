/* The domain that a sidecar returns is parsed, checked and compared. The input is the document
 * before and the one after, separated by a line "---". */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "domain/diff.h"
#include "domain/identity.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mark[] = "\n---\n";
    const char *before = (const char *)data;
    const char *between = memmem(before, size, mark, sizeof(mark) - 1);
    size_t before_length = between != NULL ? (size_t)(between - before) : size;
    const char *after = between != NULL ? between + sizeof(mark) - 1 : before;
    size_t after_length = size - (size_t)(after - before);

    struct domain_identity identity;
    auto_error struct error *error = NULL;
    if (domain_identify(before, before_length, &identity, &error) == 0) {
        check(error == NULL && identity.name != NULL);
        check(domain_check(before, before_length, &identity, NULL) == 0);
        domain_check(after, after_length, &identity, &error);
        domain_identity_clear(&identity);
    } else {
        check(error != NULL && error->class == ERROR_INPUT);
    }
    struct bytes old = {before, before_length};
    struct bytes new = {after, after_length};
    struct domain_change change;
    auto_free char *diff = domain_diff(old, new, "before", "after", &change);
    check((diff[0] == '\0') == (change.added + change.removed == 0));
    auto_free char *text = domain_diff_text(old, new, "before", "after", &change);
    int same = before_length == after_length && memcmp(before, after, before_length) == 0;
    check((text[0] == '\0') == same && same == (change.added + change.removed == 0));
    return 0;
}
