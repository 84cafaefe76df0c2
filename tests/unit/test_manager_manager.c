/* Chains of hooks with sidecars in this process: results, failures, and cancellation. */
#include "base/unused.h"
#include "tests/unit/manager_sidecar.h"

#include <stdio.h>
#include <unistd.h>

#include "manager/manager.h"
#include "manager/order.h"

#define DOMAIN "<domain><name>a</name></domain>"

enum { PATIENCE_SECONDS = 120, SIDECARS = 3 };

/* A manager, and sidecars for it, on one loop. */
struct room {
    struct ev_loop *loop;
    struct rpc *rpc;
    char *directory;
    struct sidecar sidecars[SIDECARS];
    struct annotations_list list;
    struct manager *manager;

    /* How the last operation ended. */
    int dones;
    struct error *error;
    char *output;

    /* What was observed. */
    char hops[256]; /* "CALL:NAME " for each hop that is done */
    char warnings[1024];
};

static void observe(void *user, const struct manager_event *event)
{
    struct room *room = user;
    size_t used = strlen(room->hops);
    if (event->kind == MANAGER_EVENT_HOP_DONE)
        snprintf(room->hops + used, sizeof(room->hops) - used, "%zu:%s ", event->call,
            event->sidecar->name);
    if (event->kind == MANAGER_EVENT_WARNING)
        snprintf(room->warnings, sizeof(room->warnings), "%s", event->error->message);
}

static void on_done(void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct room *room = user;
    room->dones++;
    error_free(room->error);
    free(room->output);
    room->error = take_error;
    room->output = output != NULL ? xstrndup(output, output_length) : NULL;
    ev_break(room->loop, EVBREAK_ALL);
}

static struct manager *make_manager(struct room *room, size_t sidecars)
{
    const struct manager_options options = {
        .directory = room->directory,
        .sidecars = sidecars,
        .timeout_ms = 60000,
        .list = &room->list,
        .observer = observe,
        .user = room,
    };
    return manager_new(room->loop, room->rpc, &options);
}

static int setup(void **state)
{
    static struct annotations_sidecar entries[] = {
        {.timeout_seconds = 30, .failure_policy = ANNOTATIONS_FAIL},
        {.timeout_seconds = 30, .failure_policy = ANNOTATIONS_IGNORE},
    };
    alarm(PATIENCE_SECONDS); /* bounds a hang */
    struct room *room = xcalloc(1, sizeof(*room));
    room->loop = ev_loop_new(EVFLAG_AUTO);
    room->rpc = rpc_new(room->loop, NULL);
    room->directory = file_make_temporary("hookline-test", NULL);
    room->list = (struct annotations_list){entries, ARRAY_SIZE(entries)};
    static const struct sidecar templates[SIDECARS] = {
        {.name = "hook-sidecar-0"},
        {.name = "hook-sidecar-1", .priority = 1},
        {.name = "hook-sidecar-2"},
    };
    memcpy(room->sidecars, templates, sizeof(templates));
    for (size_t i = 0; i < SIDECARS; i++)
        sidecar_serve(&room->sidecars[i], room->loop, room->rpc,
            sidecar_listen(&room->sidecars[i], room->directory));
    room->manager = make_manager(room, SIDECARS);
    *state = room;
    return 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    manager_free(room->manager);
    for (size_t i = 0; i < SIDECARS; i++)
        rpc_server_free(room->sidecars[i].server);
    rpc_free(room->rpc);
    ev_loop_destroy(room->loop);
    int result = file_remove_tree(room->directory, NULL);
    error_free(room->error);
    free(room->output);
    free(room->directory);
    free(room);
    return result;
}

static void collect(struct room *room)
{
    manager_collect(room->manager, on_done, room);
    ev_run(room->loop, 0);
    assert_null(room->error);
}

static void start_chain(struct room *room)
{
    manager_chain(
        room->manager, HOOKS_ON_DEFINE_DOMAIN, bytes_of(DOMAIN), bytes_of("{}"), on_done, room);
}

static void collected_sidecars(void **state)
{
    struct room *room = *state;
    collect(room);
    size_t count = 0;
    const struct manager_sidecar *sidecars = manager_sidecars(room->manager, &count);
    assert_int_equal(count, SIDECARS);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(sidecars[i].name, room->sidecars[i].name);
        assert_int_equal(sidecars[i].index, i);
    }
    assert_int_equal(sidecars[1].failure_policy, ANNOTATIONS_IGNORE);
    assert_int_equal(sidecars[1].timeout_seconds, 30);
    /* beyond the list: the defaults */
    assert_int_equal(sidecars[2].failure_policy, ANNOTATIONS_FAIL);
    assert_int_equal(sidecars[2].timeout_seconds, ANNOTATIONS_TIMEOUT_DEFAULT);
    auto_free const struct manager_sidecar **order =
        manager_order(room->manager, HOOKS_ON_DEFINE_DOMAIN, &count);
    assert_int_equal(count, SIDECARS);
    assert_ptr_equal(order[0], &sidecars[1]);
    assert_ptr_equal(order[1], &sidecars[0]);
    assert_ptr_equal(order[2], &sidecars[2]);
}

static void calls_are_counted_and_use_one_connection(void **state)
{
    struct room *room = *state;
    collect(room);
    for (int i = 0; i < 2; i++) {
        start_chain(room);
        ev_run(room->loop, 0);
        assert_null(room->error);
        assert_string_equal(
            room->output, DOMAIN "<!--hook-sidecar-1--><!--hook-sidecar-0--><!--hook-sidecar-2-->");
    }
    manager_shutdown(room->manager, on_done, room);
    ev_run(room->loop, 0);
    assert_null(room->error);
    assert_null(room->output);
    assert_int_equal(room->dones, 4);
    assert_memory_equal(room->hops,
        "1:hook-sidecar-1 1:hook-sidecar-0 1:hook-sidecar-2 "
        "2:hook-sidecar-1 2:hook-sidecar-0 2:hook-sidecar-2 ",
        strlen("1:hook-sidecar-1 ") * 6);
    for (size_t i = 0; i < SIDECARS; i++) {
        assert_int_equal(room->sidecars[i].infos, 1); /* a second connection would ask again */
        assert_int_equal(room->sidecars[i].calls, 3);
    }
}

static void a_failed_chain_gives_what_stood_before(void **state)
{
    struct room *room = *state;
    collect(room);
    room->sidecars[2].empty = true;
    start_chain(room);
    ev_run(room->loop, 0);
    assert_int_equal(room->error->class, ERROR_REMOTE);
    assert_non_null(
        strstr(room->error->message, "sidecar hook-sidecar-2 (index 2): OnDefineDomain: "));
    assert_string_equal(room->output, DOMAIN "<!--hook-sidecar-1--><!--hook-sidecar-0-->");
}

static void a_failure_that_is_ignored(void **state)
{
    struct room *room = *state;
    collect(room);
    room->sidecars[1].empty = true;
    start_chain(room);
    ev_run(room->loop, 0);
    assert_null(room->error);
    assert_string_equal(room->output, DOMAIN "<!--hook-sidecar-0--><!--hook-sidecar-2-->");
}

static void a_cancelled_chain_stops_its_call(void **state)
{
    struct room *room = *state;
    collect(room);
    struct sidecar *slow = &room->sidecars[0];
    slow->hold = true;
    start_chain(room);
    ev_run(room->loop, 0); /* until the call is held */
    assert_int_equal(slow->calls, 1);
    manager_cancel(room->manager);
    ev_run(room->loop, 0); /* until the sidecar sees it */
    assert_int_equal(slow->cancels, 1);
    rpc_request_fail(slow->held, RPC_CANCELLED, "");
    assert_int_equal(room->dones, 1); /* that of collect */
    assert_int_equal(room->sidecars[2].calls, 0);

    slow->hold = false;
    start_chain(room); /* the manager is as good as before */
    ev_run(room->loop, 0);
    assert_null(room->error);
    assert_int_equal(room->dones, 2);
}

static void cancelling_what_is_over_or_not_begun(void **state)
{
    struct room *room = *state;
    manager_cancel(room->manager);
    manager_collect(room->manager, on_done, room);
    manager_cancel(room->manager);
    collect(room);
    start_chain(room);
    manager_cancel(room->manager);
    manager_cancel(room->manager);
    manager_shutdown(room->manager, on_done, room);
    manager_free(steal(&room->manager));
    assert_int_equal(room->dones, 1);
}

/* The manager is freed in its own callback. */
static void on_done_free(
    void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct room *room = user;
    manager_free(steal(&room->manager));
    on_done(user, take_error, output, output_length);
}

static void freeing_in_the_callback(void **state)
{
    struct room *room = *state;
    collect(room);
    manager_chain(room->manager, HOOKS_ON_DEFINE_DOMAIN, bytes_of(DOMAIN), bytes_of("{}"),
        on_done_free, room);
    ev_run(room->loop, 0);
    assert_null(room->manager);
    assert_non_null(strstr(room->output, "hook-sidecar-2"));
}

/* The next operation is started in the callback of the previous one. */
static void on_done_chain(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t output_length)
{
    struct room *room = user;
    assert_null(take_error);
    start_chain(room);
}

static void chaining_in_the_callback(void **state)
{
    struct room *room = *state;
    manager_collect(room->manager, on_done_chain, room);
    ev_run(room->loop, 0);
    assert_null(room->error);
    assert_non_null(strstr(room->output, "hook-sidecar-2"));
}

static void a_sidecar_that_is_gone_is_dialled_again_each_time(void **state)
{
    struct room *room = *state;
    collect(room);
    struct sidecar *gone = &room->sidecars[0];
    rpc_server_free(steal(&gone->server));
    start_chain(room);
    ev_run(room->loop, 0);
    assert_int_equal(room->error->class, ERROR_REMOTE);
    start_chain(room);
    ev_run(room->loop, 0);
    assert_non_null(strstr(room->error->message, "lost in an earlier call"));

    sidecar_serve(gone, room->loop, room->rpc, sidecar_listen(gone, room->directory));
    start_chain(room);
    ev_run(room->loop, 0);
    assert_null(room->error);
    assert_int_equal(gone->infos, 2);
    assert_non_null(strstr(room->warnings, "reopened"));
}

static void documents_that_are_too_large(void **state)
{
    struct room *room = *state;
    collect(room);
    size_t vmi_length = RPC_MAX_MESSAGE;
    auto_free char *vmi = xcalloc(1, vmi_length);
    manager_chain(room->manager, HOOKS_ON_DEFINE_DOMAIN, bytes_of(DOMAIN),
        (struct bytes){vmi, vmi_length}, on_done, room);
    ev_run(room->loop, 0);
    assert_int_equal(room->error->class, ERROR_INPUT);
    assert_non_null(strstr(room->error->message, "too large for one request"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(collected_sidecars, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_are_counted_and_use_one_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_chain_gives_what_stood_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_that_is_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_chain_stops_its_call, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelling_what_is_over_or_not_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(freeing_in_the_callback, setup, teardown),
        cmocka_unit_test_setup_teardown(chaining_in_the_callback, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_sidecar_that_is_gone_is_dialled_again_each_time, setup, teardown),
        cmocka_unit_test_setup_teardown(documents_that_are_too_large, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
