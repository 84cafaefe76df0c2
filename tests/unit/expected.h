/* For tests whose cases are files with the expected result in NAME.expected beside them. With
 * UPDATE_EXPECTED in the environment the .expected files are written instead. */
#ifndef TESTS_UNIT_EXPECTED_H
#define TESTS_UNIT_EXPECTED_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

enum { EXPECTED_FILE_LIMIT = 1 << 20 };

/* Appends more, which is taken, to *text. */
static inline void expected_append(char **text, char *take_more)
{
    char *before = *text;
    *text = xasprintf("%s%s", before, take_more);
    free(before);
    free(take_more);
}

/* The one document of a YAML file. New reference. */
static inline json_t *expected_load(const char *path)
{
    auto_free char *text = NULL;
    size_t length = 0;
    struct yaml_stream stream = {0};
    struct error *error = NULL;
    assert_int_equal(file_read(path, EXPECTED_FILE_LIMIT, &text, &length, NULL), 0);
    if (yaml_parse(path, text, length, &stream, &error) < 0)
        fail_msg("%s", error->message);
    assert_int_equal(stream.count, 1);
    json_t *root = json_incref(stream.documents[0].root);
    yaml_stream_clear(&stream);
    return root;
}

/* Compares the result for the file at path with the .expected file of the same name. */
static inline void expected_compare(const char *path, const char *given)
{
    auto_free char *stem = xstrndup(path, (size_t)(strrchr(path, '.') - path));
    auto_free char *expected_path = xasprintf("%s.expected", stem);
    auto_free char *expected = NULL;
    size_t length = 0;
    if (getenv("UPDATE_EXPECTED") != NULL)
        assert_int_equal(file_write(expected_path, given, strlen(given), 0644, NULL), 0);
    assert_int_equal(file_read(expected_path, EXPECTED_FILE_LIMIT, &expected, &length, NULL), 0);
    if (!streq(given, expected))
        fail_msg("%s gives\n%sand not\n%s", path, given, expected);
}

/* Checks every *.yaml of folder: describe returns the result for its document as text, owned by the
 * caller. */
static inline void expected_check(const char *folder, char *(*describe)(const json_t *test))
{
    glob_t files;
    auto_free char *pattern = file_join(folder, "*.yaml");
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        auto_json json_t *test = expected_load(files.gl_pathv[i]);
        auto_free char *given = describe(test);
        expected_compare(files.gl_pathv[i], given);
    }
    globfree(&files);
}

#endif
