/* Starting what is to be kept without a nursery, with few descriptors, and under attack. */
#include "kept.h"

/* Starts a process that sends a signal once to each new child of this one as soon as it sees it. */
static pid_t start_attacker(int number)
{
    static pid_t attacked[INT16_MAX];
    auto_free char *path = xasprintf("/proc/%d/task/%d/children", getpid(), getpid());
    pid_t attacker = fork();
    if (attacker != 0)
        return attacker;
    program = getpid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t count = 0; count < ARRAY_SIZE(attacked);) {
        FILE *children = fopen(path, "re");
        pid_t pid = 0;
        while (count < ARRAY_SIZE(attacked) && fscanf(children, "%d", &pid) == 1) {
            bool is_new = pid != program;
            for (size_t i = 0; i < count; i++)
                is_new &= attacked[i] != pid;
            if (!is_new)
                continue;
            kill(pid, number);
            attacked[count++] = pid;
        }
        fclose(children);
    }
    _exit(0);
}

static void end_attacker(pid_t attacker)
{
    kill(attacker, SIGKILL);
    await_end(attacker);
}

/* Children start although all keepers are stopped, at any point of their lives. */
static void test_keepers_that_are_stopped(UNUSED void **state)
{
    for (size_t i = 0; i < 4; i++) {
        pid_t attacker = start_attacker(SIGSTOP);
        struct kept kept;
        start(&kept, "echo $$; exec sleep 1000");
        pid_t child = read_pid(&kept);
        end_attacker(attacker);
        keeper_end_all(kept.keeper);
        run_until(&kept.is_gone);
        assert_true(is_gone(child));
        clear(&kept);
    }
}

/* Children start at most once although all keepers are killed, and none is left. */
static void test_keepers_that_are_killed(UNUSED void **state)
{
    int ends[2];
    char text[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (size_t i = 0; i < 20; i++) {
        pid_t attacker = start_attacker(SIGKILL);
        struct kept kept = {0};
        auto_error struct error *err = NULL;
        kept.keeper = keeper_start(
            &(struct keeper_options){
                .path = "/bin/sh",
                .argv = (const char *const[]){"sh", "-c", "echo; exec sleep 1000", NULL},
                .input = ends[0],
                .output = ends[1],
                .error = STDERR_FILENO,
                .on_exit = on_exit_status,
                .on_gone = on_gone,
                .user = &kept,
            },
            &err);
        if (kept.keeper == NULL)
            assert_int_equal(err->errnum, EOWNERDEAD);
        else
            run_until(&kept.is_gone);
        end_attacker(attacker);
        struct pollfd written = {.fd = ends[0], .events = POLLIN};
        if (poll(&written, 1, 0) == 1)
            assert_int_equal(read(ends[0], text, sizeof(text)), 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], text, sizeof(text)), 0); /* nobody holds the other end */
    close(ends[0]);
}

/* Without a nursery: a keeper has all descriptors that its child needs, or starts none. */
static void test_too_few_descriptors(UNUSED void **state)
{
    struct rlimit before;
    char text[4] = "";
    struct kept kept = {0};
    int ends[2];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    for (rlim_t limit = (rlim_t)ends[1]; kept.keeper == NULL; limit++) {
        auto_error struct error *err = NULL;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){limit, before.rlim_max}), 0);
        kept.keeper = keeper_start(
            &(struct keeper_options){
                .path = "/bin/sh",
                .argv = (const char *const[]){"sh", "-c", "echo yes", NULL},
                .input = ends[0],
                .output = ends[1],
                .error = ends[1],
                .on_exit = on_exit_status,
                .on_gone = on_gone,
                .user = &kept,
            },
            &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (kept.keeper == NULL)
            assert_int_equal(err->errnum, EMFILE);
    }
    close(ends[1]);
    run_until(&kept.has_exited);
    assert_int_equal(kept.wait_status, 0);
    assert_int_equal(read(ends[0], text, sizeof(text)), sizeof(text));
    assert_memory_equal(text, "yes\n", sizeof(text));
    close(ends[0]);
}

/* The error of starting a script whose arguments are count texts of 100 kB, or 0; then it has got all. */
static int start_with_arguments(size_t count)
{
    enum { SIZE = 100000 };
    auto_free char *script = xasprintf("test $# = %zu && test ${#1} = %d", count, SIZE);
    auto_free char *text = xmalloc(SIZE + 1);
    auto_free const char **argv = xcalloc(count + 5, sizeof(*argv));
    auto_error struct error *err = NULL;
    struct kept kept = {0};
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    memcpy(argv, (const char *[]){"sh", "-c", script, "sh"}, 4 * sizeof(*argv));
    for (size_t i = 0; i < count; i++)
        argv[4 + i] = text;
    kept.keeper = keeper_start(
        &(struct keeper_options){
            .path = "/bin/sh",
            .argv = argv,
            .input = STDIN_FILENO,
            .output = -1,
            .on_exit = on_exit_status,
            .on_gone = on_gone,
            .user = &kept,
        },
        &err);
    if (kept.keeper == NULL)
        return err->errnum;
    run_until(&kept.has_exited);
    assert_int_equal(kept.wait_status, 0);
    return 0;
}

static void test_long_command_lines(UNUSED void **state)
{
    static const struct {
        size_t count;
        int errnum;
    } cases[] = {{1, 0}, {10, 0}, {80, E2BIG}, {200, E2BIG}, {2, 0}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(start_with_arguments(cases[i].count), cases[i].errnum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_command_lines),
        cmocka_unit_test(test_keepers_that_are_stopped),
        cmocka_unit_test(test_keepers_that_are_killed),
        /* The nursery has been killed: now each keeper is forked. */
        cmocka_unit_test(test_keepers_that_are_stopped),
        cmocka_unit_test(test_too_few_descriptors),
        cmocka_unit_test(test_long_command_lines),
    };
    program = getpid();
    if (keeper_prepare(NULL) < 0 || keeper_open_nursery(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
