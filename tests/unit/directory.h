/* For tests that need a directory: *state is the path of the test's own directory. */
#ifndef TESTS_UNIT_DIRECTORY_H
#define TESTS_UNIT_DIRECTORY_H

#include <stdlib.h>

#include "base/file.h"

#define IN_DIRECTORY(test)                                                                         \
    cmocka_unit_test_setup_teardown(test, directory_setup, directory_teardown)

static inline int directory_setup(void **state)
{
    *state = file_make_temporary("hookline-test", NULL);
    return *state != NULL ? 0 : -1;
}

static inline int directory_teardown(void **state)
{
    auto_free char *directory = *state;
    return file_remove_tree(directory, NULL);
}

#endif
