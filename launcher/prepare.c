#include "launcher/prepare.h"

#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/unused.h"
#include "guest/iso.h"
#include "guest/metrics.h"
#include "machine/cloud_init.h"

struct launcher_prepare {
    const struct machine_volumes *volumes;
    const json_t *cloud_init;
    const json_t *vmi;
    const char *work_directory;
    launcher_prepare_done *done;
    void *user;
    size_t next; /* index of the next volume */
    char *scratch; /* a directory for the current volume, or NULL */
    struct guest_tool *tool; /* running, or NULL */
    ev_timer go; /* continues with the next volume, from the loop */
    bool canceled;
};

static void on_tool_done(void *user, struct error *take_error);

/* Each of the following functions prepares one volume. They return 0, with prepare->tool set if a
 * program is still running for it; or -1 with an error. */

static int run_tool(struct launcher_prepare *prepare, const char *const *argv, const char *package,
    struct error **err)
{
    prepare->tool = guest_tool_start(argv, package, on_tool_done, prepare, err);
    return prepare->tool != NULL ? 0 : -1;
}

static int run_iso(struct launcher_prepare *prepare, const char *directory, const char *label,
    const char *path, struct error **err)
{
    prepare->tool = guest_iso_make(directory, label, path, on_tool_done, prepare, err);
    return prepare->tool != NULL ? 0 : -1;
}

static int make_overlay(
    struct launcher_prepare *prepare, const struct machine_volume *volume, struct error **err)
{
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", volume->format, "-F",
        volume->backing_format, "-b", volume->source, volume->path, NULL};
    return run_tool(prepare, argv, "qemu-utils", err);
}

static int make_empty_disk(
    struct launcher_prepare *prepare, const struct machine_volume *volume, struct error **err)
{
    auto_free char *size = xasprintf("%lld", volume->capacity);
    const char *const argv[] = {
        "qemu-img", "create", "-q", "-f", volume->format, volume->path, size, NULL};
    return run_tool(prepare, argv, "qemu-utils", err);
}

/* Creates a missing host disk: a sparse file, which outlives the launch. */
static int make_host_disk(const struct machine_volume *volume, struct error **err)
{
    if (volume->source != NULL)
        return 0;
    auto_fd int fd = open(volume->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, "making %s", volume->path);
    if (ftruncate(fd, volume->capacity) == 0)
        return 0;
    error_set_errno(err, "making %s of %lld bytes", volume->path, volume->capacity);
    unlink(volume->path);
    return -1;
}

static int scratch_make(struct launcher_prepare *prepare, const char *name, struct error **err)
{
    prepare->scratch = file_join(prepare->work_directory, name);
    return file_make_directories(prepare->scratch, 0700, err);
}

static int make_cloud_init(
    struct launcher_prepare *prepare, const struct machine_volume *volume, struct error **err)
{
    const char *label = NULL;
    if (scratch_make(prepare, "cloud-init", err) < 0 ||
        machine_cloud_init_write(prepare->cloud_init, prepare->vmi, prepare->scratch, &label, err) <
            0)
        return -1;
    return run_iso(prepare, prepare->scratch, label, volume->path, err);
}

static int make_directory_iso(
    struct launcher_prepare *prepare, const struct machine_volume *volume, struct error **err)
{
    const char *directory = volume->source;
    if (directory == NULL) { /* an optional source that is missing */
        if (scratch_make(prepare, "nothing", err) < 0)
            return -1;
        directory = prepare->scratch;
    }
    return run_iso(prepare, directory, volume->label, volume->path, err);
}

static int make(
    struct launcher_prepare *prepare, const struct machine_volume *volume, struct error **err)
{
    switch (volume->kind) {
    case MACHINE_CONTAINER_DISK:
    case MACHINE_EPHEMERAL:
        return make_overlay(prepare, volume, err);
    case MACHINE_HOST_DISK:
        return make_host_disk(volume, err);
    case MACHINE_PVC:
        break;
    case MACHINE_EMPTY_DISK:
        return make_empty_disk(prepare, volume, err);
    case MACHINE_CLOUD_INIT_NO_CLOUD:
    case MACHINE_CLOUD_INIT_CONFIG_DRIVE:
        return make_cloud_init(prepare, volume, err);
    case MACHINE_DIRECTORY_ISO:
        return make_directory_iso(prepare, volume, err);
    case MACHINE_DOWNWARD_METRICS:
        return guest_metrics_make(volume->path, err);
    }
    return 0;
}

static void scratch_remove(struct launcher_prepare *prepare)
{
    if (prepare->scratch != NULL)
        file_remove_tree(prepare->scratch, NULL);
    free(steal(&prepare->scratch));
}

static void end(struct launcher_prepare *prepare, struct error *take_error)
{
    scratch_remove(prepare);
    prepare->done(prepare->user, take_error);
    free(prepare);
}

/* Prepares volumes until one needs a program, or all are done. */
static void on_go(UNUSED struct ev_loop *loop, ev_timer *watcher, UNUSED int events)
{
    struct launcher_prepare *prepare = watcher->data;
    struct error *error = NULL;
    if (prepare->canceled)
        error_set(&error, ERROR_CANCELED, "making the disks was canceled");
    while (error == NULL && prepare->next < prepare->volumes->count) {
        const struct machine_volume *volume = &prepare->volumes->items[prepare->next++];
        scratch_remove(prepare);
        if (make(prepare, volume, &error) < 0)
            error_wrap(&error, "volume %s", volume->name);
        else if (prepare->tool != NULL)
            return;
    }
    end(prepare, error);
}

static void go_on(struct launcher_prepare *prepare)
{
    ev_timer_set(&prepare->go, 0, 0);
    ev_timer_start(EV_DEFAULT_UC, &prepare->go);
}

static void on_tool_done(void *user, struct error *take_error)
{
    struct launcher_prepare *prepare = user;
    struct error *error = take_error;
    prepare->tool = NULL;
    if (error == NULL) {
        go_on(prepare);
        return;
    }
    error_wrap(&error, "volume %s", prepare->volumes->items[prepare->next - 1].name);
    end(prepare, error);
}

struct launcher_prepare *launcher_prepare_start(const struct machine_volumes *volumes,
    const json_t *cloud_init, const json_t *vmi, const char *work_directory,
    launcher_prepare_done *done, void *user)
{
    struct launcher_prepare *prepare = xmalloc(sizeof(*prepare));
    *prepare = (struct launcher_prepare){
        .volumes = volumes,
        .cloud_init = cloud_init,
        .vmi = vmi,
        .work_directory = work_directory,
        .done = done,
        .user = user,
    };
    ev_timer_init(&prepare->go, on_go, 0, 0);
    prepare->go.data = prepare;
    go_on(prepare);
    return prepare;
}

void launcher_prepare_cancel(struct launcher_prepare *prepare)
{
    prepare->canceled = true;
    if (prepare->tool != NULL)
        guest_tool_cancel(prepare->tool);
}
