#include "cli/online/ova.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/ova.h"
#include "appliance/ovf.h"
#include "appliance/ovf_image.h"
#include "appliance/ovf_xml.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml_dump.h"
#include "cli/online/convert_image.h"
#include "cli/online/interrupt.h"
#include "oci/tar.h"

/* An import on its way. */
struct import {
    const char *path;
    const struct cli_import_options *options;
    struct cli_report *report;
    char *directory; /* beside the one that is made; owned */
    char *package; /* in it: the unpacked archive; owned */
    struct appliance_ova ova;
    struct appliance_ovf ovf;
    char **made; /* names of the files, one for each disk; owned */
};

static bool has_end(const char *path, const char *end)
{
    size_t length = strlen(path);
    return length > strlen(end) && strcasecmp(path + length - strlen(end), end) == 0;
}

bool cli_ova_is(const char *path)
{
    const struct oci_tar_limits limits = {.bytes = INT64_MAX, .entries = APPLIANCE_OVA_MAX_FILES};
    struct oci_tar_entry entry;
    if (has_end(path, ".ovf") || has_end(path, ".ova"))
        return true;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    auto_oci_tar struct oci_tar *tar =
        fd >= 0 ? oci_tar_open(fd, path, false, &limits, NULL) : NULL;
    while (tar != NULL && oci_tar_next(tar, &entry, NULL) > 0) {
        if (has_end(entry.path, ".ovf"))
            return true;
    }
    return false;
}

static void warn(struct import *import, const char *format, const char *name)
{
    const struct cli_report_place place = {.file = import->path};
    cli_report_add(import->report, FINDING_WARNING, ERROR_INPUT, &place, format, name);
}

/* Reads the files of the package, and checks their digests. */
static int read_package(struct import *import, struct error **err)
{
    import->ova.is_canceled = cli_online_interrupt_came;
    int result = has_end(import->path, ".ovf")
                     ? appliance_ova_open(&import->ova, import->path, err)
                     : appliance_ova_unpack(&import->ova, import->path, import->package, err);
    if (result < 0 || appliance_ova_verify(&import->ova, err) < 0)
        return -1;
    if (import->ova.manifest == NULL)
        warn(import, "%s has no manifest: its files could not be checked", import->path);
    if (import->ova.certificate != NULL)
        warn(import, "the signature in %s is not checked, only the digests",
            import->ova.certificate->name);
    return 0;
}

/* Reads the descriptor. Returns 0, also when the report has its errors. */
static int read_descriptor(struct import *import, struct error **err)
{
    const struct appliance_ovf_request request = {
        .namespace = import->options->namespace,
        .name = import->options->name,
        .system = import->options->system,
        .networks = &import->options->networks,
    };
    struct findings findings = {0};
    auto_free char *text = NULL;
    size_t length = 0;
    const char *name = import->ova.descriptor->name;
    if (file_read(import->ova.descriptor->path, APPLIANCE_OVF_MAX_BYTES, &text, &length, err) < 0)
        return error_wrap(err, "%s", name);
    appliance_ovf_read(&import->ovf, text, length, &request, &findings);
    const struct cli_report_place place = {.file = import->path};
    for (size_t i = 0; i < findings.count; i++)
        cli_report_add(import->report, findings.items[i].severity, findings.items[i].class, &place,
            "%s: %s", name, findings.items[i].message);
    findings_clear(&findings);
    return 0;
}

/* Finds the file of a disk, and checks it. Borrowed; NULL with an error. */
static const struct appliance_ova_file *find_file(struct import *import,
    const struct appliance_ovf_disk *disk, const char **format, struct error **err)
{
    /* with a manifest, the package is what the manifest names */
    if (has_end(import->path, ".ovf") && import->ova.manifest == NULL)
        appliance_ova_add_beside(&import->ova, import->path, disk->href);
    const struct appliance_ova_file *file = appliance_ova_find(&import->ova, disk->href);
    if (file == NULL) {
        error_set(err, ERROR_INPUT, "%s: the file of the disk %s, %s, is not in the package%s",
            import->path, disk->volume, disk->href,
            import->ova.manifest != NULL ? ", whose manifest does not name it" : "");
        return NULL;
    }
    if (disk->size >= 0 && (uint64_t)disk->size != file->size) {
        error_set(err, ERROR_INPUT,
            "%s: %s has %" PRIu64 " bytes; the descriptor says %lld: it is damaged", import->path,
            disk->href, file->size, disk->size);
        return NULL;
    }
    if (appliance_ovf_image_inspect(file->path, disk->href, disk->format, format, err) < 0) {
        error_wrap(err, "%s", import->path);
        return NULL;
    }
    return file;
}

/* Makes the file of a disk: a CD-ROM's as it is, others as qcow2. *name gets its name. */
static int make_disk(
    struct import *import, const struct appliance_ovf_disk *disk, char **name, struct error **err)
{
    const char *format = NULL;
    bool is_cdrom = text_starts_with(disk->volume, "cdrom");
    const struct appliance_ova_file *file = find_file(import, disk, &format, err);
    if (file == NULL)
        return -1;
    *name = xasprintf("%s.%s", disk->claim, is_cdrom ? "iso" : "qcow2");
    auto_free char *path = file_join(import->directory, *name);
    if (cli_online_interrupt_came())
        return error_set(err, ERROR_CANCELED, "it was interrupted");
    return cli_convert_image(file->path, format, path, is_cdrom ? "raw" : "qcow2", err);
}

static int write_vm(const struct import *import, struct error **err)
{
    auto_free char *text = yaml_dump(import->ovf.vm, err);
    auto_free char *path = file_join(import->directory, "vm.yaml");
    return text == NULL ? -1 : file_write(path, text, strlen(text), 0644, err);
}

static int make_directories(struct import *import, struct error **err)
{
    import->directory = xasprintf("%s.XXXXXX", import->options->output);
    if (mkdtemp(import->directory) == NULL) {
        free(import->directory);
        import->directory = NULL;
        return error_set_errno(err, "creating a directory beside %s", import->options->output);
    }
    import->package = file_join(import->directory, "package");
    if (mkdir(import->package, 0700) < 0)
        return error_set_errno(err, "creating %s", import->package);
    return 0;
}

/* Gives the directory its name. */
static int complete(struct import *import, struct error **err)
{
    const char *output = import->options->output;
    if (file_remove_tree(import->package, err) < 0)
        return -1;
    if (chmod(import->directory, 0755) < 0 || rename(import->directory, output) < 0)
        return error_set_errno(err, "creating %s", output);
    free(import->directory);
    import->directory = NULL;
    return 0;
}

static int run(struct import *import, struct error **err)
{
    if (make_directories(import, err) < 0 || read_package(import, err) < 0 ||
        read_descriptor(import, err) < 0)
        return -1;
    if (import->ovf.vm == NULL)
        return 0;
    import->made = xcalloc(import->ovf.disk_count + 1, sizeof(*import->made));
    for (size_t i = 0; i < import->ovf.disk_count; i++) {
        if (make_disk(import, &import->ovf.disks[i], &import->made[i], err) < 0)
            return -1;
    }
    if (write_vm(import, err) < 0 || complete(import, err) < 0)
        return -1;
    printf("%s/vm.yaml\n", import->options->output);
    for (size_t i = 0; i < import->ovf.disk_count; i++)
        printf("%s/%s\n", import->options->output, import->made[i]);
    return 0;
}

int cli_ova_import(const char *path, const struct cli_import_options *options,
    struct cli_report *report, struct error **err)
{
    struct import import = {.path = path, .options = options, .report = report};
    int result = run(&import, err);
    if (import.directory != NULL)
        file_remove_tree(import.directory, NULL);
    for (size_t i = 0; import.made != NULL && i < import.ovf.disk_count; i++)
        free(import.made[i]);
    free(import.made);
    appliance_ovf_clear(&import.ovf);
    appliance_ova_clear(&import.ova);
    free(import.directory);
    free(import.package);
    return result;
}
