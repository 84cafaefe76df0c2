/* Children of base/subprocess.h: shells that exit, flood their output, hang, or leave processes
 * behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "base/unused.h"

enum {
    LIMIT = 100000, /* of standard output */
    TAIL = 100, /* bytes kept of standard error */
    FOREVER_S = 120, /* bounds a hang; no test comes near it */
};

/* The result of a child. */
struct outcome {
    struct subprocess *child;
    const char *cancel_at; /* the line of standard error at which the child is called off */
    bool done;
    bool has_left; /* it left processes that live on */
    struct subprocess_result result;
    size_t lines;
    char *last_line;
};

static void keep_line(void *user, const char *line)
{
    struct outcome *outcome = user;
    outcome->lines++;
    xstrset(&outcome->last_line, line);
    if (outcome->cancel_at != NULL && streq(line, outcome->cancel_at))
        subprocess_cancel(outcome->child);
}

static void keep_result(void *user, struct subprocess_result *result)
{
    struct outcome *outcome = user;
    assert_false(outcome->done);
    outcome->done = true;
    outcome->result = *result;
    outcome->has_left = result->left != NULL;
    steal(&result->output);
    outcome->result.error_tail = xstrdup(result->error_tail);
    ev_break(ev_default_loop(EVFLAG_AUTO), EVBREAK_ALL);
}

static void outcome_clear(struct outcome *outcome)
{
    free(outcome->result.output);
    free(outcome->result.error_tail);
    free(outcome->last_line);
}

static struct subprocess_options options_for(const char *const *argv, struct outcome *outcome)
{
    return (struct subprocess_options){
        .argv = argv,
        .output_limit = LIMIT,
        .error_tail_limit = TAIL,
        .kill_grace_ms = 50,
        .on_error_line = keep_line,
        .on_done = keep_result,
        .user = outcome,
    };
}

static void run(const struct subprocess_options *options, struct outcome *outcome)
{
    auto_error struct error *err = NULL;
    outcome->child = subprocess_start(options, &err);
    if (outcome->child == NULL)
        fail_msg("%s", err->message);
    assert_false(outcome->done);
    alarm(FOREVER_S);
    ev_run(ev_default_loop(EVFLAG_AUTO), 0);
    alarm(0);
    assert_true(outcome->done);
    assert_int_equal(strlen(outcome->result.output), outcome->result.output_length);
}

static void run_script(const char *script, struct outcome *outcome)
{
    struct subprocess_options options =
        options_for((const char *const[]){"sh", "-c", script, NULL}, outcome);
    run(&options, outcome);
}

static void test_ends(UNUSED void **state)
{
    static const struct {
        const char *script;
        const char *output;
        const char *end;
        const char *error_tail;
    } cases[] = {
        {"echo hello", "hello\n", "exited with status 0", ""},
        {"exit 3", "", "exited with status 3", ""},
        {"kill -9 $$", "", "was killed by signal 9 (KILL)", ""},
        {"kill -TERM $$", "", "was killed by signal 15 (TERM)", ""},
        {"echo one >&2; echo two >&2; exit 1", "", "exited with status 1", "one\ntwo"},
        {"printf 'no newline' >&2", "", "exited with status 0", "no newline"},
        {"printf 'a\\0b\\n' >&2", "", "exited with status 0", "a?b"},
        {"exec >&- 2>&-; exit 4", "", "exited with status 4", ""},
        {"cat", "", "exited with status 0", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct outcome outcome = {0};
        run_script(cases[i].script, &outcome);
        auto_free char *end = subprocess_describe(outcome.result.wait_status);
        assert_string_equal(end, cases[i].end);
        assert_string_equal(outcome.result.output, cases[i].output);
        assert_string_equal(outcome.result.error_tail, cases[i].error_tail);
        assert_false(outcome.result.timed_out);
        assert_false(outcome.result.canceled);
        assert_false(outcome.result.output_held);
        outcome_clear(&outcome);
    }
}

static void test_gives_the_environment(UNUSED void **state)
{
    struct outcome outcome = {0};
    struct subprocess_options options =
        options_for((const char *const[]){"/bin/sh", "-c", "echo $WORD $HOME", NULL}, &outcome);
    options.environment = (const char *const[]){"WORD=given", NULL};
    run(&options, &outcome);
    assert_string_equal(outcome.result.output, "given\n");
    outcome_clear(&outcome);
}

static void test_gives_large_input(UNUSED void **state)
{
    enum { SIZE = 1 << 20 };
    auto_free char *input = xmalloc(SIZE);
    memset(input, 'x', SIZE);
    struct outcome outcome = {0};
    struct subprocess_options options =
        options_for((const char *const[]){"wc", "-c", NULL}, &outcome);
    options.input = input;
    options.input_length = SIZE;
    run(&options, &outcome);
    assert_int_equal(strtol(outcome.result.output, NULL, 10), SIZE);
    outcome_clear(&outcome);

    /* A child that closes its input, or never reads it, is not a failure. */
    const char *scripts[] = {"exec <&-; echo done", "echo done"};
    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
        outcome = (struct outcome){0};
        options.argv = (const char *const[]){"sh", "-c", scripts[i], NULL};
        run(&options, &outcome);
        assert_string_equal(outcome.result.output, "done\n");
        assert_int_equal(outcome.result.wait_status, 0);
        outcome_clear(&outcome);
    }
}

static void test_child_has_clean_signals_and_descriptors(UNUSED void **state)
{
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    int leak = open("/dev/null", O_RDONLY);
    auto_free char *script = xasprintf(
        "trap 'echo terminated' TERM; kill -TERM $$; trap 'echo piped' PIPE; kill -PIPE $$; "
        "[ ! -e /proc/self/fd/%d ] && echo closed; ps -o pgid= $$ | grep -qw $$ && echo leads",
        leak);
    struct outcome outcome = {0};
    run_script(script, &outcome);
    close(leak);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(outcome.result.output, "terminated\npiped\nclosed\nleads\n");
    outcome_clear(&outcome);
}

static void test_limits_the_output(UNUSED void **state)
{
    struct outcome outcome = {0};
    run_script("exec yes", &outcome);
    assert_true(outcome.result.output_too_large);
    assert_int_equal(outcome.result.output_length, LIMIT);
    assert_false(outcome.result.timed_out);
    outcome_clear(&outcome);
}

static void test_bears_a_flood_of_errors(UNUSED void **state)
{
    struct outcome outcome = {0};
    run_script("seq 1 200000 >&2; echo fine", &outcome);
    assert_string_equal(outcome.result.output, "fine\n");
    assert_int_equal(outcome.lines, 200000);
    assert_string_equal(outcome.last_line, "200000");
    const char *tail = outcome.result.error_tail;
    assert_true(strlen(tail) < TAIL);
    assert_true(text_ends_with(tail, "\n199999\n200000"));
    assert_true(text_starts_with(tail, "1999")); /* a whole line, not the end of one */
    outcome_clear(&outcome);
}

static void test_long_error_lines_come_in_pieces(UNUSED void **state)
{
    struct outcome outcome = {0};
    run_script("head -c 10000 /dev/zero | tr '\\0' x >&2", &outcome);
    assert_int_equal(outcome.lines, 3);
    assert_int_equal(strlen(outcome.result.error_tail), TAIL);
    outcome_clear(&outcome);
}

/* Whether no such process is left (a group, if negative), not even a zombie. */
static bool is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

static void test_deadline_ends_the_group(UNUSED void **state)
{
    static const struct {
        const char *script;
        const char *end;
    } cases[] = {
        {"exec sleep 1000", "was killed by signal 15 (TERM)"},
        {"trap '' TERM; echo ready >&2; while :; do sleep 1; done",
            "was killed by signal 9 (KILL)"},
        {"(trap '' TERM; sleep 1000 & wait) & trap 'exit 7' TERM; wait", "exited with status 7"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct outcome outcome = {0};
        auto_free char *script = xasprintf("echo $$; %s", cases[i].script);
        struct subprocess_options options =
            options_for((const char *const[]){"sh", "-c", script, NULL}, &outcome);
        options.timeout_ms = 300;
        run(&options, &outcome);
        assert_true(outcome.result.timed_out);
        pid_t pid = (pid_t)strtol(outcome.result.output, NULL, 10);
        assert_true(pid > 1);
        auto_free char *end = subprocess_describe(outcome.result.wait_status);
        assert_string_equal(end, cases[i].end);
        assert_true(is_gone(-pid));
        outcome_clear(&outcome);
    }
}

/* A shell function that starts a process in a session of its own, which ignores SIGTERM and holds no
 * output, and writes its pid to standard error. */
static const char start_daemon[] =
    "start_daemon() {"
    "    mkfifo $FIFO;"
    "    (setsid sh -c 'trap \"\" TERM; echo $$ >$FIFO; exec sleep 1000' >/dev/null 2>&1 &);"
    "    read pid <$FIFO;"
    "    echo $pid >&2;"
    "};";

/* Runs a script that may call start_daemon. Returns the pid of the process that it started. */
static pid_t run_with_daemon(const char *script, struct outcome *outcome)
{
    auto_free char *directory = file_make_temporary("test-subprocess-", NULL);
    auto_free char *fifo = file_join(directory, "fifo");
    setenv("FIFO", fifo, 1);
    auto_free char *whole = xasprintf("%s %s", start_daemon, script);
    struct subprocess_options options =
        options_for((const char *const[]){"sh", "-c", whole, NULL}, outcome);
    options.needs_output = true;
    run(&options, outcome);
    file_remove_tree(directory, NULL);
    pid_t pid = (pid_t)strtol(outcome->result.error_tail, NULL, 10);
    assert_true(pid > 1);
    return pid;
}

static void test_failure_ends_what_has_a_session_of_its_own(UNUSED void **state)
{
    static const struct {
        const char *script;
        const char *end;
    } cases[] = {
        {"start_daemon; exit 3", "exited with status 3"},
        {"start_daemon; kill -9 $$", "was killed by signal 9 (KILL)"},
        {"start_daemon", "exited with status 0"}, /* but it should have written something */
        {"start_daemon; trap 'exit 4' TERM; echo ready >&2; sleep 1000 & wait",
            "exited with status 4"},
        {"start_daemon; trap '' PIPE; trap 'exit 5' TERM; yes 2>/dev/null; wait; sleep 1000 & wait",
            "exited with status 5"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct outcome outcome = {.cancel_at = "ready"};
        pid_t daemon = run_with_daemon(cases[i].script, &outcome);
        assert_true(is_gone(daemon));
        auto_free char *end = subprocess_describe(outcome.result.wait_status);
        assert_string_equal(end, cases[i].end);
        assert_false(outcome.result.is_stuck);
        assert_false(outcome.has_left);
        outcome_clear(&outcome);
    }
}

/* Waits until an orphan, which this process inherits, has ended. */
static void await_end(pid_t orphan)
{
    while (!is_gone(orphan))
        assert_true(waitpid(-1, NULL, 0) > 0);
}

static void test_success_leaves_a_daemon_alone(UNUSED void **state)
{
    static const char *const scripts[] = {
        "start_daemon; echo done",
        "sleep 1000 >/dev/null 2>&1 & echo $! >&2; echo done",
    };
    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
        struct outcome outcome = {0};
        pid_t daemon = run_with_daemon(scripts[i], &outcome);
        assert_true(outcome.has_left);
        assert_false(outcome.result.output_held);
        assert_int_equal(kill(daemon, SIGKILL), 0);
        await_end(daemon);
        outcome_clear(&outcome);
    }
}

static void test_process_that_holds_the_outputs_does_not_hang_us(UNUSED void **state)
{
    static const struct {
        const char *script;
        bool survives; /* for it has left the group */
    } cases[] = {
        {"sleep 1000 2>/dev/null & echo $!", false},
        {"setsid sleep 1000 & echo $!", true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct outcome outcome = {0};
        run_script(cases[i].script, &outcome);
        assert_true(outcome.result.output_held);
        assert_int_equal(outcome.result.wait_status, 0);
        pid_t grandchild = (pid_t)strtol(outcome.result.output, NULL, 10);
        if (cases[i].survives)
            assert_int_equal(kill(grandchild, SIGKILL), 0);
        await_end(grandchild);
        outcome_clear(&outcome);
    }
}

static void test_output_after_the_exit_is_waited_for(UNUSED void **state)
{
    struct outcome outcome = {0};
    run_script("(sleep 0.2; echo late) & exit 0", &outcome);
    assert_string_equal(outcome.result.output, "late\n");
    assert_false(outcome.result.output_held);
    outcome_clear(&outcome);
}

static void test_cancel(UNUSED void **state)
{
    struct outcome outcome = {.cancel_at = "ready"};
    struct subprocess_options options = options_for(
        (const char *const[]){"sh", "-c", "echo ready >&2; sleep 1000", NULL}, &outcome);
    options.kill_grace_ms = 1000 * FOREVER_S;
    run(&options, &outcome);
    assert_true(outcome.result.canceled);
    assert_false(outcome.result.timed_out);
    assert_int_equal(WTERMSIG(outcome.result.wait_status), SIGTERM);
    outcome_clear(&outcome);
}

/* It may be called off when it has exited already, and its last line is being read. */
static void test_cancel_at_the_end(UNUSED void **state)
{
    for (size_t i = 0; i < 50; i++) {
        struct outcome outcome = {.cancel_at = "ready"};
        run_script("echo ready >&2", &outcome);
        assert_true(outcome.result.canceled);
        assert_false(outcome.result.output_held);
        outcome_clear(&outcome);
    }
}

static void expect_start_failure(
    const char *program, const char *argument, int errnum, const char *message_part)
{
    struct outcome outcome = {0};
    struct subprocess_options options =
        options_for((const char *const[]){program, argument, NULL}, &outcome);
    auto_error struct error *err = NULL;
    assert_null(subprocess_start(&options, &err));
    assert_int_equal(err->class, ERROR_IO);
    assert_int_equal(err->errnum, errnum);
    if (strstr(err->message, message_part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err->message, message_part);
}

static void write_program(const char *path, const char *text, mode_t mode)
{
    assert_int_equal(file_write(path, text, strlen(text), mode, NULL), 0);
}

static void test_start_failures(UNUSED void **state)
{
    auto_free char *directory = file_make_temporary("test-subprocess-", NULL);
    auto_free char *plain = file_join(directory, "plain");
    auto_free char *bare = file_join(directory, "bare");
    auto_free char *astray = file_join(directory, "astray");
    write_program(plain, "#!/bin/sh\n", 0644);
    write_program(bare, "echo no first line\n", 0755);
    write_program(astray, "#!/not/there\n", 0755);
    auto_free char *path_before = xstrdup(getenv("PATH"));
    setenv("PATH", directory, 1);
    expect_start_failure("no-such-program", NULL, ENOENT, "no such executable in $PATH");
    expect_start_failure("plain", NULL, EACCES, "/plain: it is not executable");
    setenv("PATH", path_before, 1);
    expect_start_failure("/not/there", NULL, ENOENT, "starting /not/there: No such file");
    expect_start_failure(plain, NULL, EACCES, "Permission denied");
    expect_start_failure(bare, NULL, ENOEXEC, "a script must begin with #!");
    expect_start_failure(astray, NULL, ENOENT, "the interpreter in its first line");
    enum { TOO_LONG = 1 << 17 }; /* Linux: MAX_ARG_STRLEN */
    auto_free char *argument = xmalloc(TOO_LONG + 1);
    memset(argument, 'x', TOO_LONG);
    argument[TOO_LONG] = '\0';
    expect_start_failure("true", argument, E2BIG, "Argument list too long");
    file_remove_tree(directory, NULL);
}

static void test_find(UNUSED void **state)
{
    auto_free char *directory = file_make_temporary("test-subprocess-", NULL);
    auto_free char *first = file_join(directory, "first");
    auto_free char *second = file_join(directory, "second");
    auto_free char *plain = file_join(first, "tool");
    auto_free char *folder = file_join(first, "folder");
    auto_free char *tool = file_join(second, "tool");
    assert_int_equal(mkdir(first, 0755) | mkdir(second, 0755) | mkdir(folder, 0755), 0);
    write_program(plain, "", 0644);
    write_program(tool, "", 0755);
    auto_free char *path = xasprintf("/not/there:%s:%s", first, second);
    auto_free char *found = subprocess_find("tool", path);
    assert_string_equal(found, tool);
    assert_null(subprocess_find("folder", path));
    assert_null(subprocess_find("other", path));
    auto_free char *closed = subprocess_find_unexecutable("tool", path);
    assert_string_equal(closed, plain);
    assert_null(subprocess_find_unexecutable("tool", second));
    assert_null(subprocess_find_unexecutable("folder", path));
    assert_null(subprocess_find("tool", ""));
    file_remove_tree(directory, NULL);
}

static void test_inherited_output_collects_nothing(UNUSED void **state)
{
    struct outcome outcome = {0};
    struct subprocess_options options =
        options_for((const char *const[]){"sh", "-c", "exit 5", NULL}, &outcome);
    options.inherit_output = true;
    run(&options, &outcome);
    assert_int_equal(WEXITSTATUS(outcome.result.wait_status), 5);
    assert_int_equal(outcome.result.output_length, 0);
    outcome_clear(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_gives_the_environment),
        cmocka_unit_test(test_gives_large_input),
        cmocka_unit_test(test_child_has_clean_signals_and_descriptors),
        cmocka_unit_test(test_limits_the_output),
        cmocka_unit_test(test_bears_a_flood_of_errors),
        cmocka_unit_test(test_long_error_lines_come_in_pieces),
        cmocka_unit_test(test_deadline_ends_the_group),
        cmocka_unit_test(test_failure_ends_what_has_a_session_of_its_own),
        cmocka_unit_test(test_success_leaves_a_daemon_alone),
        cmocka_unit_test(test_process_that_holds_the_outputs_does_not_hang_us),
        cmocka_unit_test(test_output_after_the_exit_is_waited_for),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_at_the_end),
        cmocka_unit_test(test_start_failures),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_inherited_output_collects_nothing),
    };
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us, as to a process with pid 1 */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
