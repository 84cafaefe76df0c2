#include "cli/online/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/artifact_pack.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unused.h"
#include "base/yaml_dump.h"
#include "oci/layout_tar.h"

enum { FILE_MODE = 0600 }; /* disks and manifests may have secrets */

int cli_output_begin(
    struct cli_output *output, const char *path, const char *format, struct error **err)
{
    struct stat info;
    auto_free char *trimmed = xstrdup(path);
    for (size_t end = strlen(trimmed); end > 1 && trimmed[end - 1] == '/'; end--)
        trimmed[end - 1] = '\0';
    output->path = path;
    output->is_archive = text_ends_with(path, ".tar");
    if (output->is_archive && !streq(format, "raw"))
        return error_set(err, ERROR_USAGE,
            "--format %s: an archive takes raw disks, and compresses them", format);
    if (lstat(trimmed, &info) == 0)
        return error_set(err, ERROR_INPUT, "%s exists already", trimmed);
    char *scratch = xasprintf("%s.XXXXXX", trimmed);
    if (mkdtemp(scratch) == NULL) {
        free(scratch);
        return error_set_errno(err, "creating a directory beside %s", trimmed);
    }
    output->scratch = scratch;
    return 0;
}

static int finish_directory(struct cli_output *output, const json_t *manifest, struct error **err)
{
    auto_free char *file = file_join(output->scratch, "vm.yaml");
    auto_free char *text = yaml_dump(manifest, err);
    if (text == NULL || file_write(file, text, strlen(text), FILE_MODE, err) < 0)
        return -1;
    if (rename(output->scratch, output->path) < 0)
        return error_set_errno(err, "renaming %s to %s", output->scratch, output->path);
    return 0;
}

static void tell(void *user, const char *disk, uint64_t done, uint64_t size)
{
    const struct cli_verb *verb = user;
    auto_free char *what = xasprintf("packing %s", disk);
    cli_meter_bytes(verb->meter, what, done, size);
}

/* Packing is no event: this asks for signals. */
static bool is_canceled(void *user)
{
    const struct cli_verb *verb = user;
    ev_run(EV_DEFAULT, EVRUN_NOWAIT);
    return verb->is_interrupted;
}

/* Packs the disks into a layout in a directory. */
static int pack(const struct cli_output *output, struct cli_verb *verb, const json_t *manifest,
    const struct appliance_export_links *links, const char *layout, struct error **err)
{
    const struct appliance_artifact_progress progress = {tell, is_canceled, verb};
    auto_free struct appliance_artifact_input *inputs = xcalloc(links->count, sizeof(*inputs));
    auto_free char **owned = xcalloc(2 * links->count, sizeof(*owned));
    int result = 0;
    for (size_t i = 0; i < links->count; i++) {
        auto_free char *file = appliance_export_file(&links->disks[i]);
        owned[2 * i] = appliance_artifact_disk_name(links->disks[i].name);
        owned[2 * i + 1] = file_join(output->scratch, file);
        inputs[i] = (struct appliance_artifact_input){owned[2 * i], owned[2 * i + 1]};
        if (result == 0 && !text_ends_with(file, ".raw"))
            result = error_set(err, ERROR_INPUT,
                "%s: a claim with files, which an archive cannot have: export to a directory",
                links->disks[i].name);
    }
    if (result == 0)
        result = appliance_artifact_pack(manifest, appliance_artifact_architecture(manifest),
            inputs, links->count, layout, &progress, err);
    for (size_t i = 0; i < 2 * links->count; i++)
        free(owned[i]);
    return result;
}

/* An oci_sink's take. */
static int write_piece(void *user, const void *data, size_t length, struct error **err)
{
    const int *fd = user;
    return file_write_all(*fd, data, length, err);
}

static int write_archive(const char *layout, const char *file, struct error **err)
{
    auto_fd int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    const struct oci_sink sink = {write_piece, &fd};
    if (fd < 0)
        return error_set_errno(err, "creating %s", file);
    if (oci_layout_tar_write(layout, &sink, err) < 0)
        return error_wrap(err, "%s", file);
    return fsync(fd) == 0 ? 0 : error_set_errno(err, "writing %s", file);
}

static int finish_archive(struct cli_output *output, struct cli_verb *verb, const json_t *manifest,
    const struct appliance_export_links *links, struct error **err)
{
    auto_free char *layout = file_join(output->scratch, "layout");
    auto_free char *file = file_join(output->scratch, "archive");
    if (pack(output, verb, manifest, links, layout, err) < 0 ||
        write_archive(layout, file, err) < 0)
        return -1;
    if (rename(file, output->path) < 0)
        return error_set_errno(err, "renaming %s to %s", file, output->path);
    return 0;
}

int cli_output_finish(struct cli_output *output, struct cli_verb *verb, const json_t *manifest,
    const struct appliance_export_links *links, struct error **err)
{
    if (output->is_archive)
        return finish_archive(output, verb, manifest, links, err);
    int result = finish_directory(output, manifest, err);
    if (result == 0) {
        free(output->scratch);
        output->scratch = NULL;
    }
    return result;
}

void cli_output_clear(struct cli_output *output)
{
    if (output->scratch != NULL)
        file_remove_tree(output->scratch, NULL);
    free(output->scratch);
    *output = (struct cli_output){0};
}
