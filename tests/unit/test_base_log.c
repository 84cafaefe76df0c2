/* Log lines, as JSON and as text, with any content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/unused.h"

/* What standard error got while a line was written. Owned by the caller. */
static char *captured(enum log_format format, enum log_level level, const char *message)
{
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    int saved = dup(STDERR_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
    close(pipe_fds[1]);
    log_init("test", format, LOG_INFO);
    log_write(level,
        json_pack("{s:s, s:i, s:f}", "sidecar", "hook-sidecar-0", "index", 0, "milliseconds",
            102.42346899956465),
        "%s", message);
    dup2(saved, STDERR_FILENO);
    close(saved);
    char *data = NULL;
    size_t length = 0;
    assert_int_equal(file_read_fd(pipe_fds[0], "pipe", 4096, &data, &length, NULL), 0);
    close(pipe_fds[0]);
    return data;
}

static void a_json_line_has_its_fields(UNUSED void **state)
{
    auto_free char *line = captured(LOG_JSON, LOG_WARNING, "a \"b\"\nc");
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    auto_json json_t *parsed = json_parse(line, strlen(line), 4, NULL);
    assert_non_null(parsed);
    assert_string_equal(json_get_string(parsed, "level"), "warning");
    assert_string_equal(json_get_string(parsed, "component"), "test");
    assert_string_equal(json_get_string(parsed, "msg"), "a \"b\"\nc");
    assert_string_equal(json_get_string(parsed, "sidecar"), "hook-sidecar-0");
    assert_non_null(strstr(line, "\"milliseconds\":102.423}"));
    assert_int_equal(strlen(json_get_string(parsed, "timestamp")), 27);
}

static void bytes_that_are_no_text_are_escaped(UNUSED void **state)
{
    auto_free char *line = captured(LOG_JSON, LOG_ERROR, "not\nUTF-8: \xFF");
    auto_json json_t *parsed = json_parse(line, strlen(line), 4, NULL);
    assert_non_null(parsed);
    assert_string_equal(json_get_string(parsed, "msg"), "not\\x0aUTF-8: \\xff");
}

static void a_text_line_reads_well(UNUSED void **state)
{
    auto_free char *line = captured(LOG_TEXT, LOG_ERROR, "it broke");
    assert_string_equal(line, "test: error: it broke sidecar=\"hook-sidecar-0\" index=0 "
                              "milliseconds=102.423\n");
}

static void lines_that_are_lost_are_counted(UNUSED void **state)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int saved = dup(STDERR_FILENO);
    dup2(full, STDERR_FILENO);
    close(full);
    log_init("test", LOG_TEXT, LOG_INFO);
    log_info("one");
    log_info("two");
    dup2(saved, STDERR_FILENO);
    close(saved);
    auto_free char *text = captured(LOG_TEXT, LOG_ERROR, "three");
    const char *line = "\ntest: warning: 2 lines of this log were lost: No space left on device\n"
                       "test: error: three ";
    assert_ptr_equal(strstr(text, line), text);
}

static void lines_that_nobody_reads_do_not_block(UNUSED void **state)
{
    enum { LINES = 64, SIZE = 1000 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    char message[SIZE] = "";
    memset(message, 'a', SIZE - 1);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    for (int i = 0; i < LINES; i++)
        log_info("%s", message);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    auto_free char *text = captured(LOG_TEXT, LOG_ERROR, "read");
    assert_non_null(strstr(text, " lines of this log were lost: nobody reads the log\n"));
}

static void lines_below_the_level_are_left_out(UNUSED void **state)
{
    auto_free char *line = captured(LOG_TEXT, LOG_DEBUG, "quiet");
    assert_string_equal(line, "");
}

static void names_are_parsed(UNUSED void **state)
{
    enum log_format format = LOG_TEXT;
    enum log_level level = LOG_INFO;
    auto_error struct error *err = NULL;
    assert_int_equal(log_format_parse("json", &format, NULL), 0);
    assert_int_equal(format, LOG_JSON);
    assert_int_equal(log_level_parse("error", &level, NULL), 0);
    assert_int_equal(level, LOG_ERROR);
    assert_int_equal(log_level_parse("warn", &level, &err), -1);
    assert_string_equal(err->message, "\"warn\" is not a log level: use debug, info, warning or "
                                      "error (did you mean \"warning\"?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_json_line_has_its_fields),
        cmocka_unit_test(bytes_that_are_no_text_are_escaped),
        cmocka_unit_test(a_text_line_reads_well),
        cmocka_unit_test(lines_that_are_lost_are_counted),
        cmocka_unit_test(lines_that_nobody_reads_do_not_block),
        cmocka_unit_test(lines_below_the_level_are_left_out),
        cmocka_unit_test(names_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
