/* Descendants as one walk after the other finds them: a process whose parent ends during a walk, and
 * none where /proc cannot be read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descendants.h"
#include "base/unused.h"

enum {
    FOREVER_S = 120, /* bounds a hang; no test comes near it */
};

/* Starts a child that waits, and that has one, too. */
static pid_t start_family(void)
{
    int ends[2];
    char ready = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0 && write(ends[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ends[0], &ready, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static int kill_family(UNUSED void **state)
{
    alarm(FOREVER_S);
    do
        descendants_kill(NULL, NULL);
    while (waitpid(-1, NULL, 0) > 0);
    alarm(0);
    return 0;
}

/* Spares nobody, but ends a child that is about to be looked at. */
static bool end_first(void *user, pid_t child)
{
    const pid_t *first = user;
    siginfo_t info;
    if (child == *first) {
        kill(child, SIGKILL);
        waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    }
    return false;
}

static void test_child_that_ends_during_the_walk(UNUSED void **state)
{
    pid_t child = start_family();
    assert_int_not_equal(descendants_kill(end_first, &child), 0);
}

static void test_zombies_are_not_counted(UNUSED void **state)
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(descendants_kill(NULL, NULL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(descendants_kill(NULL, NULL), 0);
}

static void test_no_descriptors(UNUSED void **state)
{
    struct rlimit before;
    start_family();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, before.rlim_max}), 0);
    size_t left = descendants_kill(NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(left, SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_child_that_ends_during_the_walk, kill_family),
        cmocka_unit_test(test_zombies_are_not_counted),
        cmocka_unit_test_teardown(test_no_descriptors, kill_family),
    };
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
