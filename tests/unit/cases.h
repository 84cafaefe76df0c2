/* For tests whose cases are JSON files. */
#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

#include <glob.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* The JSON of a file. New reference. */
static inline json_t *cases_load(const char *path)
{
    json_error_t error;
    json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return value;
}

/* Calls run with the path of each file that matches the pattern; there must be at least one. */
static inline void cases_run(const char *pattern, void (*run)(const char *path))
{
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        run(files.gl_pathv[i]);
    globfree(&files);
}

/* Fails if what, a part of the case at path, is not as expected. Both may be NULL (absent). */
static inline void cases_check(
    const char *path, const char *what, const json_t *actual, const json_t *expected)
{
    if (json_equal(actual, expected) || (actual == NULL && expected == NULL))
        return;
    auto_free char *text = json_dumps(actual, JSON_INDENT(2) | JSON_ENCODE_ANY);
    fail_msg("%s: %s is\n%s", path, what, text_or(text, "not there"));
}

#endif
