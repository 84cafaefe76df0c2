/* The gRPC core in this process: status codes, threads, signals and shutdown. */
#include "base/unused.h"
#include "tests/unit/rpc_pair.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>

static void codes_have_names(UNUSED void **state)
{
    static const struct {
        int code;
        const char *name;
    } codes[] = {
        {RPC_OK, "OK"},
        {RPC_CANCELLED, "CANCELLED"},
        {RPC_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
        {RPC_RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
        {RPC_FAILED_PRECONDITION, "FAILED_PRECONDITION"},
        {RPC_UNIMPLEMENTED, "UNIMPLEMENTED"},
        {RPC_INTERNAL, "INTERNAL"},
        {RPC_UNAVAILABLE, "UNAVAILABLE"},
        {16, "UNAUTHENTICATED"},
        {17, "code 17"},
        {-1, "code -1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        assert_string_equal(rpc_code_name(codes[i].code), codes[i].name);
}

/* Calls visit with the number of each thread of this process but the first. */
static size_t for_each_other_thread(void (*visit)(const char *thread))
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        long thread = 0; /* "." and ".." are no number */
        if (!text_parse_int(entry->d_name, 1, LONG_MAX, &thread) || thread == getpid())
            continue;
        visit(entry->d_name);
        count++;
    }
    closedir(directory);
    return count;
}

static void check_blocked(const char *thread)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD, SIGPIPE, SIGUSR1};
    auto_free char *path = xasprintf("/proc/self/task/%s/status", thread);
    FILE *file = fopen(path, "re");
    if (file == NULL) /* it has ended since */
        return;
    unsigned long long blocked = 0;
    char line[256];
    while (fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "SigBlk: %llx", &blocked);
    fclose(file);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        if (!(blocked >> (signals[i] - 1) & 1))
            fail_msg("thread %s takes signal %d", thread, signals[i]);
    }
}

static void signals_come_to_the_loops_thread_alone(void **state)
{
    struct pair *pair = *state;
    pair_call(pair, "x", 1);
    assert_int_equal(pair->code, RPC_OK);
    assert_true(for_each_other_thread(check_blocked) > 0);
    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGTERM));
}

static void ignore(UNUSED const char *thread)
{
}

/* By default the core would start a thread or two for each processor. */
static void threads_are_few(void **state)
{
    struct pair *pair = *state;
    pair_call(pair, "x", 1);
    assert_in_range(for_each_other_thread(ignore), 1, 10);
}

static void descriptors_are_closed_in_children(void **state)
{
    struct pair *pair = *state;
    pair_call(pair, "x", 1);
    /* Those that were there before: standard ones, and what the test's parent left open. */
    for (int fd = 3; fd < 256; fd++) {
        auto_free char *link = xasprintf("/proc/self/fd/%d", fd);
        char target[256] = "";
        if (readlink(link, target, sizeof(target) - 1) < 0)
            continue;
        bool ours = text_starts_with(target, "socket:") || text_starts_with(target, "anon_inode:");
        if (ours && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            fail_msg("descriptor %d, %s, would be inherited", fd, target);
    }
}

static void the_core_starts_again(UNUSED void **state)
{
    for (int i = 0; i < 20; i++) {
        void *pair;
        assert_int_equal(pair_setup(&pair), 0);
        pair_call(pair, "again", 5);
        assert_int_equal(((struct pair *)pair)->code, RPC_OK);
        assert_int_equal(pair_teardown(&pair), 0);
    }
}

static void nothing_is_freed_twice(UNUSED void **state)
{
    rpc_free(NULL);
    rpc_server_free(NULL);
    rpc_channel_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_names),
        cmocka_unit_test_setup_teardown(
            signals_come_to_the_loops_thread_alone, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(threads_are_few, pair_setup, pair_teardown),
        cmocka_unit_test_setup_teardown(
            descriptors_are_closed_in_children, pair_setup, pair_teardown),
        cmocka_unit_test(the_core_starts_again),
        cmocka_unit_test(nothing_is_freed_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
