/* Checks of the fuzz targets' results: a failed check aborts. */
#ifndef TESTS_FUZZ_CHECK_H
#define TESTS_FUZZ_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "base/finding.h"
#include "base/memory.h"
#include "base/text.h"

static inline void check(int condition)
{
    if (!condition)
        abort();
}

/* Each finding has a JSON pointer and a message, and can be shown. */
static inline void check_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *one = &findings->items[i];
        check(one->pointer[0] == '\0' || one->pointer[0] == '/');
        check(one->message[0] != '\0');
        check(text_is_utf8(one->message, strlen(one->message), NULL));
        auto_free char *path = finding_path(one->pointer);
        check(text_is_utf8(path, strlen(path), NULL));
    }
}

#endif
