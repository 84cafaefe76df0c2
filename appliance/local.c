#include "appliance/local.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotations/parse.h"
#include "annotations/sidecar.h"
#include "appliance/expand.h"
#include "appliance/local_disks.h"
#include "appliance/local_files.h"
#include "appliance/local_script.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_dump.h"
#include "guest/firmware.h"
#include "guest/image.h"
#include "guest/tool.h"
#include "machine/plan.h"
#include "machine/value.h"

struct appliance_local {
    char *directory; /* absolute; owned */
    char *work; /* beside it, renamed at the end; NULL: not there; owned */
    struct findings *findings;
    appliance_local_done *done;
    void *user;

    struct machine_expansion expansion;
    json_t *vmi; /* owned */
    struct appliance_local_disks disks;
    struct appliance_local_files files;
    size_t sidecars;
    size_t next; /* of the disks, to be made */
    struct guest_tool *tool; /* that runs; or NULL */
};

/* Whether the VM's name can be that of a machine. Source: Kubernetes, DNS subdomain names. */
static void check_name(const json_t *vm, struct findings *findings)
{
    enum { MOST = 253 };
    const char *name = text_or(machine_string(vm, "/metadata/name"), "");
    size_t length = strlen(name);
    if (length == 0 || length > MOST ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != length)
        findings_error(findings, "/metadata/name",
            "must be 1 to %d lower-case letters, digits, \"-\" and \".\"", MOST);
}

/* Adds findings about the VMI to those about the VM, whose template it is; what the instance type or
 * preference has set, they say. */
static void move_findings(
    const struct appliance_local *local, const struct findings *from, bool errors_only)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct finding *finding = &from->items[i];
        if (errors_only && finding->severity != FINDING_ERROR)
            continue;
        bool own = text_starts_with(finding->pointer, "/metadata/name");
        auto_free char *pointer = xasprintf("%s%s", own ? "" : "/spec/template", finding->pointer);
        auto_free char *message =
            machine_origins_message(&local->expansion.origins, finding->pointer, finding->message);
        findings_add(local->findings, finding->severity, finding->class, pointer, "%s", message);
    }
}

/* Counts the hook sidecars of the VMI. */
static void count_sidecars(struct appliance_local *local)
{
    static const char pointer[] = "/metadata/annotations";
    struct findings findings = {0};
    const char *key = NULL;
    const char *text = annotations_find(machine_value(local->vmi, pointer), NULL, &key, &findings);
    struct annotations_list *list =
        text != NULL ? annotations_parse(text, strlen(text), NULL, &findings) : NULL;
    local->sidecars = list != NULL ? list->count : 0;
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.items[i].severity == FINDING_ERROR)
            findings_error(local->findings, "/spec/template/metadata/annotations",
                "the hook sidecars: %s", findings.items[i].message);
    }
    if (local->sidecars > 0)
        findings_warning(local->findings, "/spec/template/metadata/annotations",
            "has hook sidecars: run waits for %zu of them in its "
            "directory " APPLIANCE_LOCAL_SOCKETS,
            local->sidecars);
    annotations_list_free(list);
    findings_clear(&findings);
}

static void add_pair(struct pairs *pairs, const char *name, const char *directory, const char *file)
{
    char *path = directory != NULL ? file_join(directory, file) : xstrdup(file);
    pairs->items = xreallocarray(pairs->items, pairs->count + 1, sizeof(*pairs->items));
    pairs->items[pairs->count++] = (struct pair){xstrdup(name), path};
}

/* What hook-launcher would be given if the directory were here. */
static void give(const struct appliance_local *local, const char *directory,
    struct machine_volume_options *options)
{
    for (size_t i = 0; i < local->disks.count; i++) {
        const struct appliance_local_disk *disk = &local->disks.items[i];
        bool container = disk->kind == APPLIANCE_LOCAL_CONTAINER_DISK;
        if (disk->source != NULL)
            add_pair(container ? &options->container_disks : &options->pvcs, disk->name, NULL,
                disk->source);
        if (disk->file != NULL)
            add_pair(disk->source != NULL ? &options->overlays : &options->pvcs, disk->name,
                directory, disk->file);
    }
    for (size_t i = 0; i < local->files.count; i++) {
        const struct appliance_local_directory *item = &local->files.items[i];
        auto_free char *file = file_join(APPLIANCE_LOCAL_FILES, item->name);
        add_pair(&options->directories, item->name, item->given != NULL ? NULL : directory,
            item->given != NULL ? item->given : file);
    }
}

/* Finds what hook-launcher would refuse: before anything is made (a dry run), and afterwards. */
static void check(struct appliance_local *local, bool dry_run)
{
    struct machine_volume_options options = {
        .inspect = guest_image_inspect,
        .check_overlay = guest_image_check_overlay,
        .work_directory = MACHINE_DRY_RUN_DIRECTORY,
        .dry_run = dry_run,
    };
    const struct machine_host host = {
        .kvm = true,
        .console_file = MACHINE_DRY_RUN_DIRECTORY "/" MACHINE_CONSOLE_LOG,
        .find_firmware = guest_firmware_find,
        .work_directory = MACHINE_DRY_RUN_DIRECTORY,
        .dry_run = true, /* the firmware may be installed later */
    };
    struct machine_plan plan = {0};
    struct findings findings = {0};
    give(local, dry_run ? local->directory : local->work, &options);
    machine_plan_make(&plan, local->vmi, &options, &host, &findings);
    move_findings(local, &findings, dry_run); /* each warning once */
    findings_clear(&findings);
    machine_plan_clear(&plan);
    pairs_clear(&options.container_disks);
    pairs_clear(&options.pvcs);
    pairs_clear(&options.overlays);
    pairs_clear(&options.directories);
}

/* Finds all that is needed. Returns whether there were no errors. */
static bool find(struct appliance_local *local, const struct appliance_local_request *request)
{
    struct findings *findings = local->findings;
    size_t errors = findings->errors;
    struct appliance_local_sources sources = {.given = request->sources, .beside = request->beside};
    check_name(request->vm, findings);
    local->vmi = appliance_expand(
        request->vm, request->known, &request->random, &local->expansion, findings);
    if (local->vmi != NULL) {
        appliance_local_disks_find(&local->disks, request->vm, local->vmi, &sources, findings);
        appliance_local_files_find(&local->files, local->vmi, request->objects, &sources, findings);
        appliance_local_sources_check(&sources, findings);
        count_sidecars(local);
        check(local, true);
    }
    appliance_local_sources_clear(&sources);
    return findings->errors == errors;
}

static int make_work(struct appliance_local *local, struct error **err)
{
    struct stat status;
    if (lstat(local->directory, &status) == 0)
        return error_set(
            err, ERROR_INPUT, "%s is already there: choose another directory", local->directory);
    auto_free char *work = xasprintf("%s.XXXXXX", local->directory);
    if (mkdtemp(work) == NULL)
        return error_set_errno(err, "creating %s", local->directory);
    local->work = steal(&work);
    auto_free char *disks = file_join(local->work, "disks");
    auto_free char *sockets = file_join(local->work, APPLIANCE_LOCAL_SOCKETS);
    if (mkdir(disks, S_IRWXU) < 0 || (local->sidecars > 0 && mkdir(sockets, S_IRWXU) < 0))
        return error_set_errno(err, "creating directories in %s", local->work);
    return 0;
}

static int write_text(const struct appliance_local *local, const char *name, const char *text,
    mode_t mode, struct error **err)
{
    auto_free char *path = file_join(local->work, name);
    return file_write(path, text, strlen(text), mode, err);
}

/* Writes what is not a disk. */
static int write_files(const struct appliance_local *local, struct error **err)
{
    auto_free char *files = file_join(local->work, APPLIANCE_LOCAL_FILES);
    auto_free char *script = appliance_local_script(&local->disks, &local->files, local->sidecars);
    auto_free char *vmi = yaml_dump(local->vmi, err);
    return vmi == NULL || write_text(local, APPLIANCE_LOCAL_VMI, vmi, S_IRUSR | S_IWUSR, err) < 0 ||
                   appliance_local_files_write(&local->files, files, err) < 0 ||
                   write_text(local, APPLIANCE_LOCAL_SCRIPT, script, S_IRWXU, err) < 0
               ? -1
               : 0;
}

/* Gives the directory its name, which nothing may have by now. */
static int publish(struct appliance_local *local, struct error **err)
{
    if (file_rename_new(local->work, local->directory, err) < 0)
        return -1;
    free(steal(&local->work));
    return 0;
}

/* Ends the operation; take_error is NULL on success, or when the findings say why not. */
static void finish(struct appliance_local *local, bool success, struct error *take_error)
{
    auto_free char *command = NULL;
    if (local->work != NULL)
        file_remove_tree(local->work, NULL);
    if (success)
        command = appliance_local_command(
            &local->disks, &local->files, local->sidecars, local->directory);
    machine_expansion_clear(&local->expansion);
    local->done(local->user, take_error, command);
    appliance_local_disks_clear(&local->disks);
    appliance_local_files_clear(&local->files);
    json_decref(local->vmi);
    free(local->directory);
    free(local->work);
    free(local);
}

/* The disks are made. */
static void complete(struct appliance_local *local)
{
    struct error *error = NULL;
    size_t errors = local->findings->errors;
    if (write_files(local, &error) == 0)
        check(local, false);
    bool success =
        error == NULL && local->findings->errors == errors && publish(local, &error) == 0;
    finish(local, success, error);
}

static void on_tool_done(void *user, struct error *take_error);

/* Starts making a disk. */
static int make_disk(
    struct appliance_local *local, const struct appliance_local_disk *disk, struct error **err)
{
    auto_free char *path = file_join(local->work, disk->file);
    auto_free char *size = disk->size > 0 ? xasprintf("%lld", disk->size) : NULL;
    const char *const overlay[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-F", disk->format,
        "-b", disk->source, path, size, NULL};
    const char *const blank[] = {"qemu-img", "create", "-q", "-f", "raw", path, size, NULL};
    local->tool = guest_tool_start(disk->kind == APPLIANCE_LOCAL_OVERLAY ? overlay : blank,
        "qemu-utils", on_tool_done, local, err);
    return local->tool != NULL ? 0 : -1;
}

/* Makes disks until one is under way, or all are done. Returns whether one is. */
static bool go_on(struct appliance_local *local)
{
    struct error *error = NULL;
    while (local->next < local->disks.count) {
        const struct appliance_local_disk *disk = &local->disks.items[local->next++];
        if (disk->file == NULL)
            continue;
        if (make_disk(local, disk, &error) == 0)
            return true;
        finish(local, false, error);
        return false;
    }
    complete(local);
    return false;
}

static void on_tool_done(void *user, struct error *take_error)
{
    struct appliance_local *local = user;
    struct error *error = take_error;
    local->tool = NULL;
    if (error == NULL) {
        go_on(local);
        return;
    }
    error_wrap(&error, "the disk %s", local->disks.items[local->next - 1].name);
    finish(local, false, error);
}

struct appliance_local *appliance_local_start(const struct appliance_local_request *request,
    struct findings *findings, appliance_local_done *done, void *user)
{
    struct appliance_local *local = xcalloc(1, sizeof(*local));
    struct error *error = NULL;
    local->directory = file_absolute(request->directory);
    local->findings = findings;
    local->done = done;
    local->user = user;
    if (!find(local, request) || make_work(local, &error) < 0) {
        finish(local, false, error);
        return NULL;
    }
    return go_on(local) ? local : NULL;
}

void appliance_local_cancel(struct appliance_local *local)
{
    guest_tool_cancel(local->tool);
}
