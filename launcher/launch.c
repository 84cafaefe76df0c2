#include "launcher/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/json_go.h"
#include "base/text.h"
#include "base/unused.h"
#include "guest/console.h"
#include "guest/guest.h"
#include "guest/lock.h"
#include "launcher/ending.h"
#include "launcher/failure.h"
#include "launcher/input.h"
#include "launcher/plan.h"
#include "launcher/prepare.h"
#include "launcher/start.h"
#include "launcher/supervise.h"
#include "launcher/tags.h"
#include "launcher/validity.h"
#include "machine/device_tags.h"
#include "machine/value.h"
#include "manager/cloud_init.h"
#include "manager/event_log.h"
#include "manager/manager.h"

enum { GRACE_SECONDS = 30 }; /* KubeVirt's default of terminationGracePeriodSeconds */

enum stage {
    INPUT,
    COLLECT,
    CONVERT,
    PRE_CLOUD_INIT_ISO,
    FIRST_ON_DEFINE_DOMAIN, /* with --twice */
    ON_DEFINE_DOMAIN,
    PREPARE,
    SCHEMA,
    START,
    RUN,
    END, /* after the launch: Shutdown is sent to the sidecars */
};

/* What starting a stage came to. */
enum progress { FAILED = -1, OVER, UNDER_WAY };

struct launch {
    const struct launcher_flags *flags;
    struct ev_loop *loop;
    enum stage stage;

    struct launcher_input input;
    struct rpc *rpc;
    struct manager *manager;
    const char *work; /* directory for temporary files */
    int lock; /* -1 before */
    struct launcher_plan plan;
    struct launcher_prepare *prepare; /* under way; or NULL */
    struct guest_console *console; /* or NULL */
    struct guest_connection *connection; /* to libvirt; NULL before */
    struct guest *guest; /* NULL before */

    struct launcher_ending ending;
    struct error *error; /* why it failed, or NULL */
    enum stage failed; /* the stage that failed */
    bool over;
};

static void proceed(struct launch *launch);

/* A failing Shutdown does not change how the launch ended. */
static void warn_of_end(struct error *take_error)
{
    if (take_error != NULL)
        log_warning("telling the sidecars that the VM has ended: %s", take_error->message);
    error_free(take_error);
}

static void on_shut_down(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t output_length)
{
    struct launch *launch = user;
    warn_of_end(take_error);
    launch->over = true;
}

static void on_event(void *user, const struct manager_event *event)
{
    const struct launch *launch = user;
    manager_event_log(event, launch->flags->log_format);
}

/* Returns a manager that waits for all sidecars, or takes those that listen now. */
static struct manager *make_manager(struct launch *launch, bool present_only)
{
    const struct manager_options options = {
        .directory = launch->flags->socket_directory,
        .sidecars = launch->flags->sidecars,
        .present_only = present_only,
        .timeout_ms = present_only ? MANAGER_PRESENT_TIMEOUT_MS : launch->flags->timeout_ms,
        .slow_chain_ms = launch->flags->slow_chain_ms,
        .list = launch->input.list,
        .trace_directory = launch->flags->trace,
        .observer = on_event,
        .user = launch,
    };
    return manager_new(launch->loop, launch->rpc, &options);
}

static void on_present_collected(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t output_length)
{
    struct launch *launch = user;
    warn_of_end(take_error);
    manager_shutdown(launch->manager, on_shut_down, launch);
}

/* If collecting failed, the sidecars that did appear get Shutdown, too. */
static void tell_sidecars(struct launch *launch)
{
    if (launch->failed == COLLECT) {
        manager_free(launch->manager);
        launch->manager = make_manager(launch, true);
        manager_collect(launch->manager, on_present_collected, launch);
    } else {
        manager_shutdown(launch->manager, on_shut_down, launch);
    }
}

/* Ends the launch, once. take_error is why, or NULL. */
static void finish(struct launch *launch, struct error *take_error)
{
    if (launch->stage == END) {
        error_free(take_error);
        return;
    }
    launch->error = take_error;
    launch->failed = launch->stage;
    launch->stage = END;
    launcher_ending_stop(&launch->ending);
    auto_error struct error *error = NULL;
    if (launch->guest != NULL && guest_destroy(launch->guest, &error) < 0)
        log_warning("%s", error->message);
    if (launch->manager != NULL && !launch->flags->dry_run)
        tell_sidecars(launch);
    else
        launch->over = true;
}

/* Called at the end of an operation, which leads to the next stage. */
static void on_stage_over(
    void *user, struct error *take_error, UNUSED const char *output, UNUSED size_t output_length)
{
    struct launch *launch = user;
    if (take_error != NULL)
        finish(launch, take_error);
    else
        proceed(launch);
}

static void on_signal(void *user, bool again)
{
    struct launch *launch = user;
    if (launch->stage == RUN) {
        double grace = (double)machine_integer(
            launch->input.vmi, "/spec/terminationGracePeriodSeconds", GRACE_SECONDS);
        launcher_ending_guest(&launch->ending, launch->guest, grace, again);
    } else if (launch->prepare != NULL) {
        launcher_prepare_cancel(launch->prepare);
    } else {
        manager_cancel(launch->manager);
        finish(launch, launcher_ending_error(&launch->ending));
    }
}

/* The guest cannot be ended. */
static void on_guest_stays(void *user, struct error *take_error)
{
    finish(user, take_error);
}

/* Reading may block forever, on a terminal or a pipe, and the loop does not run yet: until it is
 * done, a signal kills this process. */
static enum progress begin_input(struct launch *launch, struct error **err)
{
    if (launcher_input_read(&launch->input, launch->flags, err) < 0)
        return FAILED;
    launcher_ending_watch(&launch->ending, launch->loop, on_signal, on_guest_stays, launch);
    return OVER;
}

static enum progress begin_collect(struct launch *launch, struct error **err)
{
    launch->rpc = rpc_new(launch->loop, err);
    if (launch->rpc == NULL)
        return FAILED;
    launch->manager = make_manager(launch, false);
    manager_collect(launch->manager, on_stage_over, launch);
    return UNDER_WAY;
}

static enum progress begin_convert(struct launch *launch, struct error **err)
{
    if (launcher_plan_make(&launch->plan, &launch->input, launch->flags, launch->work, err) < 0)
        return FAILED;
    if (launch->flags->dry_run)
        return OVER;
    launch->lock = guest_lock_take("hookline/launcher", launch->plan.name, err);
    return launch->lock < 0 ? FAILED : OVER;
}

static void on_cloud_init(
    void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct launch *launch = user;
    struct error *error = take_error;
    if (error == NULL && launch->plan.machine.cloud_init != NULL) {
        json_decref(launch->plan.machine.cloud_init);
        launch->plan.machine.cloud_init =
            json_parse(output, output_length, MANAGER_CLOUD_INIT_MAX_DEPTH, &error);
    }
    on_stage_over(launch, error, NULL, 0);
}

static enum progress begin_pre_cloud_init_iso(struct launch *launch, UNUSED struct error **err)
{
    auto_free char *data = json_go_text(launch->plan.machine.cloud_init);
    const char *vmi = launch->input.text;
    manager_chain(launch->manager, HOOKS_PRE_CLOUD_INIT_ISO, bytes_of(text_or(data, "")),
        bytes_of(vmi), on_cloud_init, launch);
    return UNDER_WAY;
}

/* Nothing comes of the first call but its errors: KubeVirt counts free PCI slots in its result. */
static enum progress begin_first_on_define_domain(struct launch *launch, UNUSED struct error **err)
{
    if (launch->plan.first_domain == NULL)
        return OVER;
    const char *vmi = launch->input.text;
    manager_chain(launch->manager, HOOKS_ON_DEFINE_DOMAIN,
        (struct bytes){launch->plan.first_domain, launch->plan.first_domain_length}, bytes_of(vmi),
        on_stage_over, launch);
    return UNDER_WAY;
}

static void on_domain(
    void *user, struct error *take_error, const char *output, size_t output_length)
{
    struct launch *launch = user;
    if (take_error == NULL) {
        free(launch->plan.machine.domain);
        launch->plan.machine.domain = xstrndup(output, output_length);
        launch->plan.machine.domain_length = output_length;
    }
    on_stage_over(launch, take_error, NULL, 0);
}

static enum progress begin_on_define_domain(struct launch *launch, UNUSED struct error **err)
{
    const char *vmi = launch->input.text;
    manager_chain(launch->manager, HOOKS_ON_DEFINE_DOMAIN,
        (struct bytes){launch->plan.machine.domain, launch->plan.machine.domain_length},
        bytes_of(vmi), on_domain, launch);
    return UNDER_WAY;
}

static void on_prepared(void *user, struct error *take_error)
{
    struct launch *launch = user;
    launch->prepare = NULL;
    if (launch->ending.signal != 0) {
        error_free(take_error);
        finish(launch, launcher_ending_error(&launch->ending));
        return;
    }
    on_stage_over(launch, take_error, NULL, 0);
}

static void on_guest_event(void *user, const struct guest_event *event)
{
    struct launch *launch = user;
    log_write(event->failed ? LOG_WARNING : LOG_INFO,
        json_pack(
            "{s:s, s:s}", "domain", launch->plan.name, "state", guest_state_name(event->state)),
        "%s", event->reason);
    if (event->state != GUEST_STOPPED)
        return;
    struct error *error = NULL;
    if (event->failed)
        error_set(&error, ERROR_REMOTE, "%s", event->reason);
    finish(launch, error);
}

/* Opens libvirt, unless it is open. */
static int connect_guest(struct launch *launch, struct error **err)
{
    if (launch->guest != NULL)
        return 0;
    launch->connection =
        guest_connection_open(launch->loop, launch->flags->connect, launch->work, err);
    if (launch->connection == NULL)
        return -1;
    launch->guest = guest_new(launch->connection, launch->plan.name, on_guest_event, launch);
    return 0;
}

static enum progress begin_prepare(struct launch *launch, struct error **err)
{
    if (launch->flags->dry_run)
        return OVER;
    if (machine_device_tags_are_told(launch->input.vmi, launch->plan.machine.cloud_init) &&
        (connect_guest(launch, err) < 0 ||
            launcher_tags_add(launch->guest, launch->input.vmi, &launch->plan, err) < 0))
        return FAILED;
    launch->prepare = launcher_prepare_start(&launch->plan.machine.volumes,
        launch->plan.machine.cloud_init, launch->input.vmi, launch->work, on_prepared, launch);
    return UNDER_WAY;
}

/* Validates the domain, and takes out what libvirt's schema does not know. A dry run prints the
 * domain with that, as KubeVirt hands it out. */
static enum progress begin_schema(struct launch *launch, struct error **err)
{
    return launcher_validity_check(&launch->plan.machine, launch->flags, err) < 0 ? FAILED : OVER;
}

static int print_domain(const struct launch *launch, struct error **err)
{
    if (file_write_all(STDOUT_FILENO, launch->plan.machine.domain,
            launch->plan.machine.domain_length, err) < 0)
        return error_wrap(err, "standard output");
    return 0;
}

/* Makes the console's log: a FIFO whose data goes to standard output or, if nobody asked for it,
 * nowhere; or a file, which is emptied. */
static int open_console(struct launch *launch, struct error **err)
{
    const char *path = launch->plan.console;
    if (path == NULL)
        return 0;
    const char *console = launch->flags->console;
    if (console == NULL || streq(console, "-")) {
        launch->console =
            guest_console_open(launch->loop, path, console != NULL ? STDOUT_FILENO : -1, err);
        return launch->console != NULL ? 0 : -1;
    }
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd < 0 ? error_set_errno(err, "opening %s for the console", path) : 0;
}

static enum progress begin_start(struct launch *launch, struct error **err)
{
    if (launch->flags->dry_run) {
        if (print_domain(launch, err) < 0)
            return FAILED;
        finish(launch, NULL);
        return UNDER_WAY;
    }
    if (open_console(launch, err) < 0)
        return FAILED;
    if (connect_guest(launch, err) < 0)
        return FAILED;
    return launcher_start(launch->guest, &launch->plan, err) < 0 ? FAILED : OVER;
}

static enum progress begin_run(struct launch *launch, struct error **err)
{
    const char *ready = launch->flags->ready_file;
    if (ready != NULL && file_write(ready, "", 0, 0644, err) < 0)
        return FAILED;
    manager_watch(launch->manager);
    return UNDER_WAY; /* continued by the guest's events and by signals */
}

static const struct {
    const char *name; /* as a failure reports it */
    enum progress (*begin)(struct launch *launch, struct error **err);
} stages[] = {
    [INPUT] = {"Input", begin_input},
    [COLLECT] = {"Collect", begin_collect},
    [CONVERT] = {"Convert", begin_convert},
    [PRE_CLOUD_INIT_ISO] = {"PreCloudInitIso", begin_pre_cloud_init_iso},
    [FIRST_ON_DEFINE_DOMAIN] = {"OnDefineDomain", begin_first_on_define_domain},
    [ON_DEFINE_DOMAIN] = {"OnDefineDomain", begin_on_define_domain},
    [PREPARE] = {"Prepare", begin_prepare},
    [SCHEMA] = {"Schema", begin_schema},
    [START] = {"Start", begin_start},
    [RUN] = {"Run", begin_run},
};

/* Runs the stages from the current one until one is under way or fails. */
static void run_stages(struct launch *launch)
{
    for (;;) {
        struct error *error = NULL;
        log_debug("stage %s", stages[launch->stage].name);
        switch (stages[launch->stage].begin(launch, &error)) {
        case OVER:
            launch->stage++;
            break;
        case UNDER_WAY:
            return;
        case FAILED:
            finish(launch, error);
            return;
        }
    }
}

static void proceed(struct launch *launch)
{
    launch->stage++;
    run_stages(launch);
}

/* Ends what still runs and removes the temporary files. */
static void clean_up(struct launch *launch)
{
    if (launch->flags->ready_file != NULL && !launch->flags->dry_run)
        unlink(launch->flags->ready_file);
    guest_free(launch->guest);
    guest_connection_free(launch->connection);
    guest_console_free(launch->console);
    manager_free(launch->manager);
    rpc_free(launch->rpc);
    auto_error struct error *error = NULL;
    if (!launch->flags->dry_run && file_remove_tree(launch->work, &error) < 0)
        log_warning("%s", error->message);
    if (launch->lock >= 0)
        close(launch->lock);
    launcher_plan_clear(&launch->plan);
    launcher_input_clear(&launch->input);
}

static int run(const struct launcher_flags *flags, const char *work)
{
    struct launch launch = {
        .flags = flags, .loop = ev_default_loop(EVFLAG_AUTO), .work = work, .lock = -1};
    signal(SIGPIPE, SIG_IGN);
    run_stages(&launch);
    while (!launch.over)
        ev_run(launch.loop, EVRUN_ONCE);
    clean_up(&launch);
    if (launch.error == NULL)
        return 0;
    int status = launcher_failure_report(flags, stages[launch.failed].name, launch.error);
    error_free(launch.error);
    return status;
}

/* Creates the work directory. Returns its path, owned by the caller, or NULL with an io error. The
 * QEMU of a libvirt daemon runs as another user and must be able to traverse it; the files in it
 * remain private to their owners. */
static char *make_work_directory(const struct launcher_flags *flags, struct error **err)
{
    auto_free char *work = file_make_temporary("hook-launcher", err);
    if (work == NULL || guest_connection_is_embedded(flags->connect) || chmod(work, 0711) == 0)
        return steal(&work);
    error_set_errno(err, "giving libvirt's QEMU access to %s", work);
    rmdir(work);
    return NULL;
}

int launcher_launch(const struct launcher_flags *flags)
{
    log_init("hook-launcher", flags->log_format, flags->log_level);
    umask(077); /* the files may hold secrets */
    if (flags->dry_run)
        return run(flags, MACHINE_DRY_RUN_DIRECTORY);
    if (flags->temporary_directory != NULL) /* child processes use it, too */
        setenv("TMPDIR", flags->temporary_directory, 1);
    auto_error struct error *error = NULL;
    auto_free char *work = make_work_directory(flags, &error);
    bool is_launch = false;
    int status = 0;
    if (work == NULL || launcher_supervise(work, &is_launch, &status, &error) < 0)
        return launcher_failure_report(
            flags, error->class == ERROR_CANCELED ? stages[INPUT].name : "Launch", error);
    return is_launch ? run(flags, work) : status;
}
