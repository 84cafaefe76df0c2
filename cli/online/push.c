/* hookctl appliance push: a VM with its disks in a registry. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/artifact_pack.h"
#include "appliance/containerdisk.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/appliance/push.h"
#include "cli/online/image.h"
#include "cli/online/interrupt.h"
#include "cli/online/registry.h"
#include "cli/online/runs.h"
#include "cli/online/source.h"
#include "oci/layout_tar.h"
#include "oci/push.h"

enum { MAX_MANIFEST = 16 << 20 };

#define TEMPORARY "/var/tmp" /* images are large, and /tmp may be in memory */

struct push {
    const struct cli_arguments *arguments;
    const struct cli_push_options *options;
    struct cli_transfer transfer;
    json_t *config; /* owned; NULL of a containerDisk */
    struct appliance_artifact_input *inputs; /* owned, as are their names and paths */
    size_t count;
    char *work; /* a temporary directory; owned */
    char *layout; /* in it, or what the user wants; owned */
    bool is_packed; /* the layout is complete */
};

static bool is_object(const json_t *value)
{
    const char *kind = text_or(json_get_string(value, "kind"), "");
    return streq(kind, "VirtualMachine") || streq(kind, "VirtualMachineTemplate");
}

/* The only VirtualMachine or template of the file. */
static int read_config(struct push *push, const char *path, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    struct yaml_stream stream = {0};
    const json_t *found = NULL;
    size_t count = 0;
    if (file_read(path, MAX_MANIFEST, &text, &length, err) < 0 ||
        yaml_parse(path, text, length, &stream, err) < 0)
        return -1;
    for (size_t i = 0; i < stream.count; i++) {
        if (!is_object(stream.documents[i].root))
            continue;
        found = stream.documents[i].root;
        count++;
    }
    if (count == 1)
        push->config = appliance_artifact_config(found, err);
    else
        error_set(err, ERROR_INPUT,
            "%s has %zu VirtualMachines and VirtualMachineTemplates: it must be one (of an "
            "appliance, the VirtualMachine that it was published from)",
            path, count);
    yaml_stream_clear(&stream);
    return push->config != NULL ? 0 : -1;
}

static int read_inputs(struct push *push, struct error **err)
{
    const struct pairs *disks = &push->options->disks;
    push->inputs = xcalloc(disks->count, sizeof(*push->inputs));
    for (size_t i = 0; i < disks->count; i++) {
        char *name = push->config != NULL
                         ? appliance_artifact_find_disk(push->config, disks->items[i].name, err)
                         : xstrdup(disks->items[i].name);
        if (name == NULL)
            return -1;
        for (size_t j = 0; j < i; j++) {
            if (streq(push->inputs[j].name, name)) {
                free(name);
                return error_set(
                    err, ERROR_USAGE, "--disk %s: the disk is given twice", disks->items[i].name);
            }
        }
        push->count = i + 1;
        push->inputs[i].name = name;
        push->inputs[i].path = push->config != NULL
                                   ? cli_image_as_raw(disks->items[i].value, push->work, err)
                                   : xstrdup(disks->items[i].value);
        if (push->inputs[i].path == NULL)
            return -1;
    }
    return 0;
}

static void warn_missing(const struct push *push, char *const *names)
{
    const char *claim = appliance_artifact_missing_disk(push->config, names, push->count);
    if (claim != NULL)
        fprintf(stderr, "warning: the artifact has no disk for the claim %s: give --disk %s=PATH\n",
            claim, claim);
}

static int pack(struct push *push, struct error **err)
{
    const struct cli_push_options *options = push->options;
    const struct appliance_artifact_progress progress = cli_transfer_progress(&push->transfer);
    const char *platform = options->registry.platform;
    const char *slash = platform != NULL ? strchr(platform, '/') : NULL;
    const char *architecture = slash != NULL ? slash + 1 : platform;
    auto_free char **names = xcalloc(push->count, sizeof(*names));
    for (size_t i = 0; i < push->count; i++)
        names[i] = (char *)push->inputs[i].name;
    if (push->config != NULL)
        warn_missing(push, names);
    if (architecture == NULL && push->config != NULL)
        architecture = appliance_artifact_architecture(push->config);
    cli_transfer_begin(&push->transfer, "packing", names, push->count);
    int result = push->config != NULL
                     ? appliance_artifact_pack(push->config, architecture, push->inputs,
                           push->count, push->layout, &progress, err)
                     : appliance_containerdisk_pack(push->inputs[0].path, push->inputs[0].name,
                           text_or(architecture, "amd64"), push->layout, &progress, err);
    cli_transfer_end(&push->transfer);
    push->is_packed = result == 0;
    return result;
}

static void on_blob(void *user, const struct oci_descriptor *blob, enum oci_push_state state)
{
    struct cli_transfer *transfer = user;
    const char *title = oci_descriptor_annotation(blob, APPLIANCE_ARTIFACT_DISK_NAME);
    const char *name = title != NULL ? title : "layer";
    if (state == OCI_PUSH_UPLOADING)
        cli_transfer_select(transfer, name, blob->size);
    else if (state == OCI_PUSH_EXISTS)
        cli_transfer_done(transfer, name, "already there");
    else
        cli_transfer_done(transfer, name, state == OCI_PUSH_MOUNTED ? "taken over" : "uploaded");
}

static void show_uploads(struct push *push)
{
    static char layer[] = "layer";
    auto_free char **names = xcalloc(push->count + 1, sizeof(*names));
    for (size_t i = 0; i < push->count; i++)
        names[i] = push->config != NULL ? (char *)push->inputs[i].name : layer;
    cli_transfer_begin(&push->transfer, "uploading", names, push->count);
}

static int upload(struct push *push, struct error **err)
{
    const struct cli_push_options *options = push->options;
    const char *target = push->arguments->operand;
    struct cli_registry registry = {0};
    char digest[OCI_DIGEST_LENGTH + 1];
    int result = cli_registry_open(&registry, target, &options->registry,
        (uint64_t)options->chunk << 20, &push->transfer, err);
    const struct oci_push_options upload = {
        .directory = push->layout,
        .tag = registry.reference.tag,
        .without_index = options->containerdisk,
        .mount_from = options->mount_from,
        .on_blob = on_blob,
        .user = &push->transfer,
    };
    if (result == 0) {
        show_uploads(push);
        result = oci_push_layout(registry.client, &upload, digest, err);
        cli_transfer_end(&push->transfer);
    }
    if (result == 0) {
        auto_free char *text = oci_reference_text(&registry.reference);
        printf("%s@%s\n", text, digest);
    }
    cli_registry_close(&registry);
    return result;
}

static int take(void *user, const void *data, size_t length, struct error **err)
{
    const int *fd = user;
    if (cli_online_interrupt_came())
        return error_set(err, ERROR_CANCELED, "interrupted");
    return file_write_all(*fd, data, length, err);
}

/* Writes the layout as an archive; the file appears when it is complete. */
static int archive(struct push *push, const char *path, struct error **err)
{
    auto_free char *partial = xasprintf("%s.partial-XXXXXX", path);
    auto_fd int fd = mkostemp(partial, O_CLOEXEC);
    const struct oci_sink sink = {take, &fd};
    if (fd < 0)
        return error_set_errno(err, "creating a file beside %s", path);
    int result = oci_layout_tar_write(push->layout, &sink, err);
    if (result == 0 && (fchmod(fd, 0644) < 0 || rename(partial, path) < 0))
        result = error_set_errno(err, "creating %s", path);
    if (result < 0)
        unlink(partial);
    else
        printf("%s\n", path);
    return result;
}

static int check(const struct push *push, struct error **err)
{
    const struct cli_push_options *options = push->options;
    size_t files = options->registry.common.filenames.count;
    const char *target = push->arguments->operand;
    struct oci_reference reference;
    if (options->layout != NULL &&
        (files != 0 || options->disks.count != 0 || options->output != NULL))
        return error_set(err, ERROR_USAGE, "--layout goes without -f, --disk and -o");
    if (options->layout == NULL && options->containerdisk &&
        (files != 0 || options->disks.count != 1))
        return error_set(err, ERROR_USAGE, "--containerdisk takes one --disk NAME=PATH, and no -f");
    if (options->layout == NULL && !options->containerdisk && files != 1)
        return error_set(err, ERROR_USAGE, "give one file with the VirtualMachine, with -f");
    if (options->output != NULL && access(options->output, F_OK) == 0)
        return error_set(err, ERROR_USAGE, "-o: %s is already there", options->output);
    if (text_starts_with(target, CLI_ONLINE_ARCHIVE))
        return 0;
    if (oci_reference_parse(target, &reference, err) < 0)
        return -1;
    bool has_digest = reference.digest != NULL;
    oci_reference_clear(&reference);
    if (has_digest)
        return error_set(err, ERROR_USAGE, "%s: push to a tag; the digest follows from it", target);
    return 0;
}

/* Makes the layout of the manifest and the images. */
static int make_layout(struct push *push, struct error **err)
{
    const struct cli_push_options *options = push->options;
    push->work = file_make_temporary("hookctl-push", err);
    if (push->work == NULL)
        return -1;
    push->layout =
        options->output != NULL ? xstrdup(options->output) : file_join(push->work, "layout");
    if (!options->containerdisk &&
        read_config(push, options->registry.common.filenames.items[0], err) < 0)
        return -1;
    return read_inputs(push, err) < 0 ? -1 : pack(push, err);
}

static int run(struct push *push, struct error **err)
{
    const struct cli_push_options *options = push->options;
    const char *target = push->arguments->operand;
    if (check(push, err) < 0)
        return -1;
    if (options->layout != NULL) {
        push->layout = xstrdup(options->layout);
        push->is_packed = true;
    } else if (make_layout(push, err) < 0) {
        return -1;
    }
    return text_starts_with(target, CLI_ONLINE_ARCHIVE)
               ? archive(push, target + strlen(CLI_ONLINE_ARCHIVE), err)
               : upload(push, err);
}

static void clear(struct push *push)
{
    cli_transfer_end(&push->transfer);
    if (push->work != NULL)
        file_remove_tree(push->work, NULL);
    if (!push->is_packed && push->layout != NULL)
        file_remove_tree(push->layout, NULL);
    for (size_t i = 0; i < push->count; i++) {
        free((char *)push->inputs[i].name);
        free((char *)push->inputs[i].path);
    }
    free(push->inputs);
    json_decref(push->config);
    free(push->work);
    free(push->layout);
}

int cli_online_push(const struct cli_arguments *arguments)
{
    struct push push = {.arguments = arguments, .options = arguments->options};
    struct error *error = NULL;
    cli_online_interrupt_watch();
    setenv("TMPDIR", TEMPORARY, 0);
    int result = run(&push, &error);
    clear(&push);
    return result < 0 ? cli_fail(arguments, error) : 0;
}
