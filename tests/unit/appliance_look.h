/* For tests of functions that judge the status of an object. */
#ifndef TESTS_UNIT_APPLIANCE_LOOK_H
#define TESTS_UNIT_APPLIANCE_LOOK_H

#include <stdlib.h>

#include "appliance/status.h"
#include "base/json.h"
#include "base/text.h"

struct look_case {
    const char *object; /* JSON */
    int result;
    const char *text; /* what it says, or the error; NULL: neither */
};

/* Checks a table of cases. */
static inline void look_check(
    appliance_status_look *look, const struct look_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        auto_json json_t *object = json_loads(cases[i].object, 0, NULL);
        auto_free char *saying = NULL;
        auto_error struct error *error = NULL;
        assert_non_null(object);
        assert_int_equal(look(object, &saying, &error), cases[i].result);
        if (error != NULL)
            assert_int_equal(error->class, ERROR_REMOTE);
        const char *text = error != NULL ? error->message : saying;
        if (!streq(text_or(text, "-"), text_or(cases[i].text, "-")))
            fail_msg("%s says \"%s\"", cases[i].object, text_or(text, "nothing"));
    }
}

#endif
