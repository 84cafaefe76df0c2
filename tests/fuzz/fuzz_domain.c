/* The domain that a sidecar returns is parsed, checked and compared. The input is the document
 * before and the one after, separated by a line "---". */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "domain/diff.h"
#include "domain/form.h"
#include "domain/identity.h"
#include "domain/merge.h"
#include "domain/parts.h"
#include "domain/surplus.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What becomes of a valid domain is valid, and done when it is done once. */
static void check_changes(const char *xml, size_t length)
{
    size_t lengths[4] = {0};
    struct domain_clash clash = {0};
    auto_free char *form = domain_form(xml, length, &lengths[0], NULL);
    auto_free char *again = form != NULL ? domain_form(form, lengths[0], &lengths[1], NULL) : NULL;
    check(form != NULL && again != NULL && lengths[0] == lengths[1]);
    check(memcmp(form, again, lengths[0]) == 0);
    auto_free char *merged = domain_merge(xml, length, &lengths[2], &clash, NULL);
    check((merged == NULL) == (clash.text != NULL && clash.part != NULL));
    check(merged == NULL || domain_identify(merged, lengths[2], NULL, NULL) == 0);
    check(domain_parts_read(xml, length, NULL, NULL) || (merged != NULL && lengths[2] == length));
    domain_clash_clear(&clash);
    auto_free char *valid = domain_surplus_put_right(xml, length, &lengths[3], NULL);
    check(valid != NULL && domain_identify(valid, lengths[3], NULL, NULL) == 0);
}

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
        check_changes(before, before_length);
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
