/* Keepers: what becomes of their processes when one ends, lets go, or is attacked by what it keeps,
 * while another keeps a daemon. */
#include "kept.h"

/* Prints its pid, holds no output, and ignores SIGTERM. */
#define DAEMON "setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000 >/dev/null 2>&1' & "

static void test_child_that_leaves_nobody(UNUSED void **state)
{
    struct kept kept;
    start(&kept, "exit 7");
    run_until(&kept.has_exited);
    assert_true(kept.is_alone);
    assert_int_equal(WEXITSTATUS(kept.wait_status), 7);
    assert_false(kept.is_gone);
    clear(&kept);
}

static void test_orphans_are_reaped_while_the_child_runs(UNUSED void **state)
{
    struct kept kept;
    start(&kept,
        "orphan=$(sh -c 'true & echo $!'); while kill -0 $orphan 2>/dev/null; do sleep 0.01; done");
    run_until(&kept.has_exited);
    assert_true(kept.is_alone);
    clear(&kept);
}

static void test_ending_one_spares_the_other(UNUSED void **state)
{
    struct kept daemon;
    struct kept running;
    struct kept failing;
    start(&daemon, "(" DAEMON ") & wait $!");
    pid_t kept = read_pid(&daemon);
    run_until(&daemon.has_exited);
    assert_false(daemon.is_alone);
    keeper_stay(daemon.keeper, on_gone, &daemon);

    start(&running, DAEMON "wait");
    pid_t busy = read_pid(&running);
    start(&failing, "(" DAEMON DAEMON ") & " DAEMON "wait");
    pid_t doomed[] = {read_pid(&failing), read_pid(&failing), read_pid(&failing)};
    keeper_end_all(failing.keeper);
    run_until(&failing.is_gone);
    assert_int_equal(failing.end, KEEPER_ALL_ENDED);
    assert_int_equal(WTERMSIG(failing.wait_status), SIGTERM);
    for (size_t i = 0; i < ARRAY_SIZE(doomed); i++)
        assert_true(is_gone(doomed[i]));
    assert_true(runs(kept));
    assert_true(runs(busy));

    keeper_end_all(running.keeper);
    run_until(&running.is_gone);
    assert_true(is_gone(busy));
    assert_true(runs(kept));
    keeper_end_all(daemon.keeper);
    run_until(&daemon.is_gone);
    assert_int_equal(daemon.end, KEEPER_ALL_ENDED);
    assert_true(is_gone(kept));
    clear(&daemon);
    clear(&running);
    clear(&failing);
}

static void test_keeper_that_stays_tells_when_the_last_has_ended(UNUSED void **state)
{
    struct kept kept;
    start(&kept, DAEMON);
    run_until(&kept.has_exited);
    pid_t daemon = read_pid(&kept);
    keeper_stay(kept.keeper, on_gone, &kept);
    assert_int_equal(kill(daemon, SIGKILL), 0);
    run_until(&kept.is_gone);
    assert_int_equal(kept.end, KEEPER_ALL_ENDED);
    assert_true(is_gone(daemon));
    clear(&kept);
}

static void test_released_processes_live_on(UNUSED void **state)
{
    struct kept kept;
    start(&kept, DAEMON);
    run_until(&kept.has_exited);
    pid_t daemon = read_pid(&kept);
    keeper_release(kept.keeper);
    assert_true(runs(daemon));
    kill(daemon, SIGKILL);
    await_end(daemon);
    clear(&kept);
}

/* The child kills its keeper: what the keeper kept is killed, and what another keeps is not. */
static void test_killed_keeper(UNUSED void **state)
{
    struct kept other;
    struct kept kept;
    start(&other, DAEMON "wait");
    pid_t spared = read_pid(&other);
    start(&kept, "(" DAEMON ") & echo $$; read _; kill -9 $PPID; sleep 1000");
    pid_t victims[] = {read_pid(&kept), read_pid(&kept)};
    go(&kept);
    run_until(&kept.is_gone);
    assert_int_equal(kept.end, KEEPER_LOST);
    assert_false(kept.has_exited);
    for (size_t i = 0; i < ARRAY_SIZE(victims); i++)
        await_end(victims[i]);
    assert_true(runs(spared));
    keeper_end_all(other.keeper);
    run_until(&other.is_gone);
    assert_true(is_gone(spared));
    clear(&other);
    clear(&kept);
}

/* A process that the child has stopped in time may hold the keeper's end of the connection. */
static void test_killed_keeper_whose_connection_stays_open(UNUSED void **state)
{
    struct kept kept;
    start(&kept, "echo $$; echo $PPID; read _; sleep 1000");
    pid_t victim = read_pid(&kept);
    pid_t keeper = read_pid(&kept);
    auto_fd int fd = pidfd_open(keeper, 0);
    auto_fd int held = pidfd_getfd(fd, KEEP_CONTROL, 0);
    bool may_hold = held >= 0;
    kill(keeper, SIGKILL);
    run_until(&kept.is_gone);
    assert_int_equal(kept.end, KEEPER_LOST);
    await_end(victim);
    clear(&kept);
    if (!may_hold)
        skip(); /* only root has the permission */
}

static void test_stopped_keeper(UNUSED void **state)
{
    struct kept kept;
    start(&kept, "read _; kill -STOP $PPID; " DAEMON "wait");
    go(&kept);
    pid_t daemon = read_pid(&kept);
    keeper_end_all(kept.keeper);
    run_until(&kept.is_gone);
    assert_true(is_gone(daemon));
    clear(&kept);
}

/* A keeper whose program has been killed ends what it keeps. */
static void test_end_of_the_program(UNUSED void **state)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    if (fork() == 0) {
        program = getpid();
        assert_int_equal(keeper_prepare(NULL), 0); /* or its keepers were our children */
        assert_int_equal(keeper_open_nursery(NULL), 0);
        struct kept kept;
        start(&kept, DAEMON "wait");
        pid_t daemon = read_pid(&kept);
        bool written = write(ends[1], &daemon, sizeof(daemon)) == (ssize_t)sizeof(daemon);
        raise(written ? SIGKILL : SIGABRT);
    }
    pid_t daemon = 0;
    assert_int_equal(read(ends[0], &daemon, sizeof(daemon)), sizeof(daemon));
    await_end(daemon);
    close(ends[0]);
    close(ends[1]);
}

static void test_start_failure(UNUSED void **state)
{
    auto_error struct error *err = NULL;
    assert_null(keeper_start(
        &(struct keeper_options){
            .path = "/not/there",
            .argv = (const char *const[]){"there", NULL},
            .input = STDIN_FILENO,
            .output = -1,
            .error = -1,
        },
        &err));
    assert_int_equal(err->errnum, ENOENT);
}

/* Whatever its user does to the process that creates keepers, children start. It is used up. */
static void test_attacks_on_the_nursery(UNUSED void **state)
{
    static const char *const attacks[] = {"STOP", "KILL"};
    for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
        struct kept kept;
        auto_free char *attack =
            xasprintf("read _; pkill -%s -x nursery -P %d", attacks[i], getpid());
        start(&kept, attack);
        go(&kept);
        run_until(&kept.has_exited);
        assert_int_equal(kept.wait_status, 0);
        clear(&kept);
        start(&kept, "exit 9");
        run_until(&kept.has_exited);
        assert_int_equal(WEXITSTATUS(kept.wait_status), 9);
        clear(&kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child_that_leaves_nobody),
        cmocka_unit_test(test_orphans_are_reaped_while_the_child_runs),
        cmocka_unit_test(test_ending_one_spares_the_other),
        cmocka_unit_test(test_keeper_that_stays_tells_when_the_last_has_ended),
        cmocka_unit_test(test_released_processes_live_on),
        cmocka_unit_test(test_killed_keeper),
        cmocka_unit_test(test_killed_keeper_whose_connection_stays_open),
        cmocka_unit_test(test_stopped_keeper),
        cmocka_unit_test(test_end_of_the_program),
        cmocka_unit_test(test_start_failure),
        cmocka_unit_test(test_attacks_on_the_nursery),
        /* Now without it: each keeper is forked. */
        cmocka_unit_test(test_child_that_leaves_nobody),
        cmocka_unit_test(test_ending_one_spares_the_other),
        cmocka_unit_test(test_killed_keeper),
        cmocka_unit_test(test_stopped_keeper),
        cmocka_unit_test(test_start_failure),
    };
    program = getpid();
    if (keeper_prepare(NULL) < 0 || keeper_open_nursery(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
