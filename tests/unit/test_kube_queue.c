/* The work queue: each key once and in order, workers, exponential backoff, and a loop that keeps
 * running. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ev.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/unused.h"
#include "kube/queue.h"

enum { PATIENCE_SECONDS = 120, LOG_SIZE = 1024 };

/* A queue, and the keys that its work got, as "a b c". */
struct room {
    struct kube_queue *queue;
    char log[LOG_SIZE];
    void (*act)(struct room *room, const char *key); /* what the work does; NULL: nothing yet */
    int left; /* for act */
    unsigned long number; /* likewise */
    int observed;
    double waited, worked;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void work(void *user, const char *key)
{
    struct room *room = user;
    size_t length = strlen(room->log);
    assert_true(length + strlen(key) + 2 < LOG_SIZE);
    snprintf(room->log + length, LOG_SIZE - length, "%s%s", length > 0 ? " " : "", key);
    if (room->act != NULL)
        room->act(room, key);
}

static void make(struct room *room, int workers, void (*act)(struct room *room, const char *key))
{
    struct kube_queue_options options = {
        .workers = workers, .retry_min_ms = 1, .retry_max_ms = 40, .work = work, .user = room};
    room->queue = kube_queue_new(&options);
    room->act = act;
}

static int setup(void **state)
{
    alarm(PATIENCE_SECONDS); /* bounds a hang */
    *state = xcalloc(1, sizeof(struct room));
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    kube_queue_free(room->queue);
    ev_run(EV_DEFAULT, 0); /* returns when nothing is left on the loop */
    free(room);
    return 0;
}

static void finish(struct room *room, const char *key)
{
    kube_queue_done(room->queue, key);
}

static void assert_figures(struct room *room, size_t depth, size_t delayed, size_t working)
{
    struct kube_queue_figures figures = kube_queue_figures(room->queue);
    assert_int_equal(figures.depth, depth);
    assert_int_equal(figures.delayed, delayed);
    assert_int_equal(figures.working, working);
}

static void test_each_key_comes_once_in_order(void **state)
{
    struct room *room = *state;
    make(room, 1, finish);
    static const char *const keys[] = {"default/a", "b", "default/a", "", "b", "c"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        kube_queue_add(room->queue, keys[i]);
    assert_string_equal(room->log, ""); /* from the loop only */
    assert_figures(room, 4, 0, 0);
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "default/a b  c");
    assert_figures(room, 0, 0, 0);
    assert_int_equal(kube_queue_figures(room->queue).added, 6);
}

static void test_no_more_keys_at_once_than_workers(void **state)
{
    struct room *room = *state;
    make(room, 2, NULL);
    kube_queue_add(room->queue, "a");
    kube_queue_add(room->queue, "b");
    kube_queue_add(room->queue, "c");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a b");
    assert_figures(room, 1, 0, 2);
    kube_queue_done(room->queue, "b");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a b c");
}

static void test_a_key_added_during_its_work_comes_again_after_it(void **state)
{
    struct room *room = *state;
    make(room, 3, NULL);
    kube_queue_add(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    kube_queue_add(room->queue, "a");
    kube_queue_add(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a"); /* never twice at once */
    kube_queue_done(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a a");
    kube_queue_done(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a a");
}

/* Fails left times. */
static void fail_some(struct room *room, const char *key)
{
    if (room->left-- > 0)
        kube_queue_failed(room->queue, key, 0);
    else
        kube_queue_done(room->queue, key);
}

static void test_a_failed_key_comes_again_after_doubling_delays(void **state)
{
    struct room *room = *state;
    make(room, 1, fail_some);
    room->left = 7;
    double began = now();
    kube_queue_add(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a a a a a a a a");
    /* 1 + 2 + 4 + 8 + 16 + 32 + 40 ms; less a rounding */
    assert_true(now() - began > 0.100);
    assert_int_equal(kube_queue_figures(room->queue).retried, 7);
    assert_figures(room, 0, 0, 0);
}

static void test_a_success_resets_the_delay(void **state)
{
    struct room *room = *state;
    make(room, 1, NULL);
    static const int64_t hour_ms = 3600000;
    for (int i = 0; i < 2; i++) {
        kube_queue_add(room->queue, "a");
        ev_run(EV_DEFAULT, 0);
        kube_queue_failed(room->queue, "a", hour_ms); /* would hang if it were waited for */
        assert_figures(room, 0, 1, 0);
        kube_queue_add(room->queue, "a"); /* something changed: now */
        assert_figures(room, 1, 0, 0);
        ev_run(EV_DEFAULT, 0);
        kube_queue_done(room->queue, "a");
        assert_figures(room, 0, 0, 0);
    }
    assert_string_equal(room->log, "a a a a");
}

static void test_a_failure_waits_at_least_as_long_as_was_said(void **state)
{
    struct room *room = *state;
    make(room, 1, NULL);
    kube_queue_add(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    kube_queue_add(room->queue, "a"); /* comes with the retry */
    double began = now();
    kube_queue_failed(room->queue, "a", 50);
    room->act = finish;
    ev_run(EV_DEFAULT, 0);
    assert_true(now() - began > 0.045);
    assert_string_equal(room->log, "a a");
}

static void test_one_failing_key_does_not_hold_up_another(void **state)
{
    struct room *room = *state;
    make(room, 1, fail_some);
    room->left = 1;
    kube_queue_add(room->queue, "bad");
    kube_queue_add(room->queue, "good");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "bad good bad");
}

static void note_numbers(struct room *room, const char *key)
{
    /* each came before the one that works, or with it; what is added meanwhile is younger */
    unsigned long number = kube_queue_number(room->queue, key);
    assert_true(number <= kube_queue_last_number(room->queue));
    assert_true(number > room->number);
    room->number = number;
    if (room->left-- > 0) {
        unsigned long last = kube_queue_last_number(room->queue);
        kube_queue_add(room->queue, "added");
        assert_true(kube_queue_last_number(room->queue) > last);
        kube_queue_failed(room->queue, key, 0);
    } else {
        kube_queue_done(room->queue, key);
    }
}

static void test_a_key_has_the_number_of_its_last_reason(void **state)
{
    struct room *room = *state;
    make(room, 1, note_numbers);
    room->left = 1;
    kube_queue_add(room->queue, "a");
    kube_queue_add(room->queue, "b");
    kube_queue_add(room->queue, "added");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a b added a"); /* each with a greater number */
}

/* Fails left times; the earlier, the longer it is to wait. */
static void fail_for_less_each_time(struct room *room, const char *key)
{
    if (room->left-- > 0)
        kube_queue_failed(room->queue, key, 30 * (int64_t)(room->left + 1));
    else
        kube_queue_done(room->queue, key);
}

static void test_delayed_keys_come_by_their_time(void **state)
{
    struct room *room = *state;
    make(room, 1, fail_for_less_each_time);
    room->left = 3;
    kube_queue_add(room->queue, "c");
    kube_queue_add(room->queue, "b");
    kube_queue_add(room->queue, "a");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "c b a a b c");
}

static void test_a_paused_queue_keeps_what_is_added(void **state)
{
    struct room *room = *state;
    make(room, 1, NULL);
    kube_queue_add(room->queue, "b");
    ev_run(EV_DEFAULT, 0);
    room->act = finish;
    kube_queue_pause(room->queue);
    kube_queue_add(room->queue, "a");
    kube_queue_failed(room->queue, "b", 0);
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "b");
    assert_figures(room, 2, 0, 0);
    kube_queue_resume(room->queue);
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "b a b");
}

static void pause_and_finish(struct room *room, const char *key)
{
    kube_queue_pause(room->queue);
    kube_queue_done(room->queue, key);
}

static void test_work_can_pause_the_queue(void **state)
{
    struct room *room = *state;
    make(room, 1, pause_and_finish);
    kube_queue_add(room->queue, "a");
    kube_queue_add(room->queue, "b");
    ev_run(EV_DEFAULT, 0);
    assert_string_equal(room->log, "a");
    assert_figures(room, 1, 0, 0);
}

/* Work that never ends, and is not logged. */
static void add_itself(void *user, const char *key)
{
    struct room *room = user;
    if (room->left-- > 0)
        kube_queue_add(room->queue, key);
    kube_queue_done(room->queue, key);
}

static void stop_loop(struct ev_loop *loop, UNUSED ev_timer *watcher, UNUSED int events)
{
    ev_break(loop, EVBREAK_ALL);
}

static void test_busy_work_does_not_starve_the_loop(void **state)
{
    struct room *room = *state;
    struct kube_queue_options options = {.work = add_itself, .user = room};
    room->queue = kube_queue_new(&options);
    room->left = INT_MAX;
    kube_queue_add(room->queue, "a");
    ev_timer timer;
    ev_timer_init(&timer, stop_loop, 0.01, 0);
    ev_timer_start(EV_DEFAULT, &timer);
    ev_run(EV_DEFAULT, 0);
    assert_true(room->left < INT_MAX);
    assert_figures(room, 1, 0, 0);
}

static void test_the_end_of_work_that_nobody_does_is_ignored(void **state)
{
    struct room *room = *state;
    make(room, 1, NULL);
    kube_queue_done(room->queue, "a");
    kube_queue_failed(room->queue, "a", 0);
    kube_queue_add(room->queue, "a");
    kube_queue_done(room->queue, "a");
    assert_figures(room, 1, 0, 0);
    assert_int_equal(kube_queue_figures(room->queue).retried, 0);
}

static void observe(void *user, double waited, double worked)
{
    struct room *room = user;
    room->observed++;
    room->waited += waited;
    room->worked += worked;
}

static void test_waiting_and_working_times_are_told(void **state)
{
    struct room *room = *state;
    make(room, 1, NULL);
    kube_queue_observe(room->queue, observe, room);
    kube_queue_add(room->queue, "a");
    usleep(2000);
    ev_run(EV_DEFAULT, 0);
    assert_int_equal(room->observed, 0);
    usleep(3000);
    kube_queue_done(room->queue, "a");
    assert_int_equal(room->observed, 1);
    assert_true(room->waited >= 0.002);
    assert_true(room->worked >= 0.003);
}

static void test_a_queue_is_freed_with_all_that_is_left(void **state)
{
    struct room *room = *state;
    make(room, 1, NULL);
    kube_queue_add(room->queue, "delayed");
    ev_run(EV_DEFAULT, 0);
    kube_queue_failed(room->queue, "delayed", 3600000);
    kube_queue_add(room->queue, "working");
    kube_queue_add(room->queue, "ready");
    ev_run(EV_DEFAULT, EVRUN_NOWAIT);
    assert_figures(room, 1, 1, 1);
    /* teardown frees it, and would hang if a timer were left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_key_comes_once_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_more_keys_at_once_than_workers, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_key_added_during_its_work_comes_again_after_it, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_failed_key_comes_again_after_doubling_delays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_success_resets_the_delay, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_failure_waits_at_least_as_long_as_was_said, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_one_failing_key_does_not_hold_up_another, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_key_has_the_number_of_its_last_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(test_delayed_keys_come_by_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_paused_queue_keeps_what_is_added, setup, teardown),
        cmocka_unit_test_setup_teardown(test_work_can_pause_the_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_busy_work_does_not_starve_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_the_end_of_work_that_nobody_does_is_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waiting_and_working_times_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_queue_is_freed_with_all_that_is_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
