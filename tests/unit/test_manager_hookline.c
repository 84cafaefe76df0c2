/* The library: manager/hookline.h as used by a program without an event loop. */
#include "tests/unit/manager_sidecar.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/hookline.h"

#define DOMAIN "<domain><name>a</name></domain>"

enum { PATIENCE_SECONDS = 120 };

/* A socket directory, and a process with a sidecar in it. */
struct launcher {
    char *directory;
    pid_t sidecar;
    char warning[1024];
};

static void serve_until_killed(int listen_fd)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct rpc *rpc = rpc_new(loop, NULL);
    struct sidecar sidecar = {.name = "hook-sidecar-0"};
    sidecar_serve(&sidecar, loop, rpc, listen_fd);
    ev_run(loop, 0);
}

/* Once for all tests: a process that has used gRPC must not fork a child that uses it. */
static int setup(void **state)
{
    alarm(PATIENCE_SECONDS); /* bounds a hang */
    struct launcher *launcher = xcalloc(1, sizeof(*launcher));
    launcher->directory = file_make_temporary("hookline-test", NULL);
    const struct sidecar sidecar = {.name = "hook-sidecar-0"};
    int fd = sidecar_listen(&sidecar, launcher->directory);
    launcher->sidecar = fork();
    if (launcher->sidecar == 0)
        serve_until_killed(fd);
    close(fd);
    *state = launcher;
    return 0;
}

static int teardown(void **state)
{
    struct launcher *launcher = *state;
    kill(launcher->sidecar, SIGKILL);
    waitpid(launcher->sidecar, NULL, 0);
    int result = file_remove_tree(launcher->directory, NULL);
    free(launcher->directory);
    free(launcher);
    return result;
}

static void warn(void *user, const char *message)
{
    struct launcher *launcher = user;
    snprintf(launcher->warning, sizeof(launcher->warning), "%s", message);
}

static struct hookline_manager_options options_of(struct launcher *launcher)
{
    return (struct hookline_manager_options){
        .size = sizeof(struct hookline_manager_options),
        .socket_directory = launcher->directory,
        .sidecars = 1,
        .warn = warn,
        .user = launcher,
    };
}

static void a_launch(void **state)
{
    struct hookline_manager_options options = options_of(*state);
    struct hookline_manager_error *error = NULL;
    struct hookline_manager *manager = hookline_manager_new(&options, &error);
    assert_int_equal(hookline_manager_collect(manager, &error), 0);

    struct hookline_manager_sidecar sidecar;
    assert_int_equal(hookline_manager_sidecar_count(manager), 1);
    assert_int_equal(hookline_manager_sidecar_get(manager, 0, &sidecar), 0);
    assert_string_equal(sidecar.name, "hook-sidecar-0");
    assert_string_equal(sidecar.version, "v1alpha3");
    assert_int_equal(hookline_manager_sidecar_get(manager, 1, &sidecar), -1);

    char *domain = NULL;
    size_t length = 0;
    assert_int_equal(hookline_manager_on_define_domain(
                         manager, DOMAIN, strlen(DOMAIN), NULL, 0, &domain, &length, &error),
        0);
    assert_string_equal(domain, DOMAIN "<!--hook-sidecar-0-->");
    assert_int_equal(length, strlen(domain));
    free(domain);

    char *data = NULL;
    assert_int_equal(
        hookline_manager_pre_cloud_init_iso(manager, "", 0, "{}", 2, &data, NULL, &error), 0);
    assert_string_equal(data, "");
    free(data);

    assert_int_equal(hookline_manager_shutdown(manager, &error), 0);
    assert_null(error);
    assert_string_equal(hookline_manager_error_message(error), "");
    hookline_manager_free(manager);
}

static void a_failure(void **state)
{
    struct hookline_manager_options options = options_of(*state);
    struct hookline_manager_error *error = NULL;
    struct hookline_manager *manager = hookline_manager_new(&options, &error);
    assert_int_equal(hookline_manager_collect(manager, &error), 0);
    char *domain = (char *)"untouched";
    assert_int_equal(
        hookline_manager_on_define_domain(manager, "<domain>", 8, NULL, 0, &domain, NULL, &error),
        -1);
    assert_null(domain);
    assert_int_equal(hookline_manager_error_kind(error), HOOKLINE_MANAGER_ERROR_INPUT);
    assert_non_null(strstr(hookline_manager_error_message(error), "the domain"));
    hookline_manager_error_free(error);
    /* who does not care gives NULL */
    assert_int_equal(
        hookline_manager_on_define_domain(manager, "", 0, NULL, 0, &domain, NULL, NULL), -1);
    hookline_manager_free(manager);
}

static void sidecars_that_are_missing(void **state)
{
    struct hookline_manager_options options = options_of(*state);
    options.sidecars = 2;
    options.timeout_ms = 200;
    struct hookline_manager *manager = hookline_manager_new(&options, NULL);
    struct hookline_manager_error *error = NULL;
    assert_int_equal(hookline_manager_collect(manager, &error), -1);
    assert_int_equal(hookline_manager_error_kind(error), HOOKLINE_MANAGER_ERROR_TIMEOUT);
    assert_non_null(strstr(hookline_manager_error_message(error), "hook-sidecar-1"));
    assert_int_equal(hookline_manager_sidecar_count(manager), 0);
    hookline_manager_error_free(error);
    hookline_manager_free(manager);
}

static void wrong_options(void **state)
{
    struct launcher *launcher = *state;
    const struct {
        size_t size;
        const char *annotation;
        const char *schema;
        enum hookline_manager_error_kind kind;
        const char *message;
    } cases[] = {
        {0, NULL, NULL, HOOKLINE_MANAGER_ERROR_INPUT, "options.size is 0"},
        {sizeof(struct hookline_manager_options), "[{\"timeoutSeconds\": 0}]", NULL,
            HOOKLINE_MANAGER_ERROR_INPUT, "the annotation: [0].timeoutSeconds"},
        {sizeof(struct hookline_manager_options), NULL, "/nowhere/domain.rng",
            HOOKLINE_MANAGER_ERROR_IO, "/nowhere/domain.rng"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct hookline_manager_options options = options_of(launcher);
        options.size = cases[i].size;
        options.annotation = cases[i].annotation;
        options.schema = cases[i].schema;
        struct hookline_manager_error *error = NULL;
        assert_null(hookline_manager_new(&options, &error));
        assert_int_equal(hookline_manager_error_kind(error), cases[i].kind);
        assert_non_null(strstr(hookline_manager_error_message(error), cases[i].message));
        hookline_manager_error_free(error);
    }
}

static void warnings_are_told(void **state)
{
    struct launcher *launcher = *state;
    struct hookline_manager_options options = options_of(launcher);
    options.annotation = "[{\"image\": \"i\", \"timeoutsecond\": 5}]";
    hookline_manager_free(hookline_manager_new(&options, NULL));
    assert_non_null(strstr(launcher->warning, "timeoutsecond"));
}

static void *interrupt(void *manager)
{
    hookline_manager_interrupt(manager);
    return NULL;
}

static void another_thread_interrupts(void **state)
{
    struct hookline_manager_options options = options_of(*state);
    options.sidecars = 2; /* of which one never comes */
    struct hookline_manager *manager = hookline_manager_new(&options, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, manager), 0);
    for (int i = 0; i < 2; i++) { /* the call under way, and every later one */
        struct hookline_manager_error *error = NULL;
        assert_int_equal(hookline_manager_collect(manager, &error), -1);
        assert_int_equal(hookline_manager_error_kind(error), HOOKLINE_MANAGER_ERROR_INTERRUPTED);
        hookline_manager_error_free(error);
    }
    pthread_join(thread, NULL);
    hookline_manager_free(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch),
        cmocka_unit_test(a_failure),
        cmocka_unit_test(sidecars_that_are_missing),
        cmocka_unit_test(wrong_options),
        cmocka_unit_test(warnings_are_told),
        cmocka_unit_test(another_thread_interrupts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
