/* The run of hookctl appliance upload. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotations/quantity.h"
#include "appliance/image.h"
#include "appliance/operation.h"
#include "appliance/upload.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/online/resources.h"
#include "cli/online/runs.h"
#include "cli/online/send.h"
#include "cli/online/verb.h"

enum { MAX_CERTIFICATES = 1 << 20, PER_UNIT = 1000000000 };

/* An upload. */
struct job {
    struct cli_verb *verb;
    const struct cli_upload_options *options;
    const char *file;
    int fd; /* of the file */
    uint64_t bytes; /* of the file */
    struct appliance_upload upload;
    char *fingerprint; /* of the file; owned */
    bool is_ours; /* this run made the DataVolume */
    json_t *volume; /* as the cluster has it; owned */
    char *proxy; /* owned */
    char *certificates; /* of the proxy; NULL: the system's; owned */
};

/* The size of the disk: --size, or what the image says. */
static int find_size(struct job *job, const struct appliance_image *image, struct error **err)
{
    annotations_quantity size = 0;
    const char *text = job->options->size;
    if (text == NULL && image->disk_bytes == 0)
        return error_set(err, ERROR_USAGE,
            "%s: a file of format %s does not say how large its disk is: give --size", job->file,
            image->format);
    job->upload.disk_bytes = image->disk_bytes;
    if (text == NULL)
        return 0;
    if (!annotations_quantity_parse(text, &size) || size < PER_UNIT)
        return error_set(
            err, ERROR_USAGE, "--size: \"%s\" is not a size (use 10Gi or 500Mi)", text);
    job->upload.disk_bytes = (uint64_t)(size / PER_UNIT);
    if (job->upload.disk_bytes < image->disk_bytes)
        return error_set(err, ERROR_USAGE,
            "--size: %s is less than the disk in %s, which has %llu bytes", text, job->file,
            (unsigned long long)image->disk_bytes);
    return 0;
}

/* Opens the file, and tells what it is. */
static int open_file(struct job *job, struct error **err)
{
    struct stat info;
    struct appliance_image image;
    auto_free unsigned char *head = xmalloc(APPLIANCE_IMAGE_HEAD);
    job->fd = open(job->file, O_RDONLY | O_CLOEXEC);
    if (job->fd < 0 || fstat(job->fd, &info) < 0)
        return error_set_errno(err, "opening %s", job->file);
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERROR_INPUT, "%s: it is not a file", job->file);
    ssize_t length = pread(job->fd, head, APPLIANCE_IMAGE_HEAD, 0);
    if (length < 0)
        return error_set_errno(err, "reading %s", job->file);
    job->bytes = (uint64_t)info.st_size;
    if (appliance_image_detect(head, (size_t)length, job->bytes, job->options->raw, &image, err) <
        0)
        return error_wrap(err, "%s", job->file);
    job->fingerprint = appliance_upload_fingerprint(head, (size_t)length, job->bytes);
    job->upload.fingerprint = job->fingerprint;
    auto_free char *size = cli_meter_size(job->bytes);
    cli_verb_tell(job->verb, "%s: %s, %s", job->file, image.format, size);
    return find_size(job, &image, err);
}

/* Says what there is of the DataVolume already. Returns 0 if it is of the same file, else -1 with an
 * error. */
static int meet(struct job *job, const json_t *ours, const json_t *source, struct error **err)
{
    const struct appliance_upload *upload = &job->upload;
    auto_free char *what = appliance_upload_describe(job->volume);
    if (appliance_upload_same(job->volume, ours)) {
        cli_verb_tell(job->verb, "DataVolume %s/%s is of the same file already (%s)",
            upload->namespace, upload->name, what);
        return 0;
    }
    return error_set(err, ERROR_INPUT,
        "DataVolume %s/%s exists already, of another file or size (%s), and %s: choose another "
        "name, or remove it",
        upload->namespace, upload->name, what,
        source != NULL ? "so does the DataSource" : "has no DataSource");
}

/* Checks what exists before anything is made or sent. */
static int look_around(struct job *job, const json_t *ours, struct error **err)
{
    struct cli_verb *verb = job->verb;
    const char *name = job->upload.name;
    auto_json json_t *source = NULL;
    auto_json json_t *wanted = appliance_upload_source(&job->upload);
    if (cli_verb_get(verb, cli_cluster_resource(APPLIANCE_DATA_VOLUME), name, &job->volume, err) <
            0 ||
        cli_verb_get(verb, cli_cluster_resource(APPLIANCE_DATA_SOURCE), name, &source, err) < 0)
        return -1;
    if (job->volume != NULL && meet(job, ours, source, err) < 0)
        return -1;
    if (source != NULL && job->options->data_source && !appliance_operation_same(source, wanted))
        return error_set(err, ERROR_INPUT,
            "DataSource %s/%s exists already, with another source: choose another name, or remove "
            "it",
            job->upload.namespace, name);
    return 0;
}

static int create(struct job *job, struct error **err)
{
    const struct kube_resource *resource = cli_cluster_resource(APPLIANCE_DATA_VOLUME);
    auto_json json_t *ours = appliance_upload_volume(&job->upload);
    if (look_around(job, ours, err) < 0)
        return -1;
    if (job->volume != NULL)
        return 0;
    if (cli_verb_create(job->verb, resource, ours, NULL, &job->volume, err) < 0)
        return -1;
    job->is_ours = true;
    return 0;
}

/* The proxy's URL and certificates, of the options or of CDI's configuration. */
static int find_proxy(struct job *job, struct error **err)
{
    const struct cli_upload_options *options = job->options;
    auto_json json_t *config = NULL;
    size_t length;
    if (options->proxy_ca != NULL &&
        file_read(options->proxy_ca, MAX_CERTIFICATES, &job->certificates, &length, err) < 0)
        return -1;
    if (options->proxy == NULL &&
        cli_verb_get(job->verb, &cli_cdi_configs, "config", &config, err) < 0)
        return error_wrap(err, "no upload proxy is given with --proxy");
    const char *url =
        options->proxy != NULL ? options->proxy : appliance_status_text(config, "uploadProxyURL");
    const char *certificates = appliance_status_text(config, "uploadProxyCA");
    if (url[0] == '\0')
        return error_set(err, ERROR_INPUT,
            "CDI has no upload proxy that can be reached from outside: give --proxy, such as "
            "https://127.0.0.1:8443 with kubectl port-forward -n cdi service/cdi-uploadproxy "
            "8443:443 in another terminal, and --proxy-name cdi-uploadproxy with --proxy-ca, or "
            "--insecure");
    job->proxy = strstr(url, "://") != NULL ? xstrdup(url) : xasprintf("https://%s", url);
    if (!text_starts_with(job->proxy, "https://"))
        return error_set(err, ERROR_USAGE, "the upload proxy \"%s\" is not an HTTPS URL", url);
    if (job->certificates == NULL && certificates[0] != '\0')
        job->certificates = xstrdup(certificates);
    return 0;
}

/* A token for the upload, for cli_send: it is valid for minutes. */
static char *get_token(void *user, struct error **err)
{
    struct job *job = user;
    auto_json json_t *answer = NULL;
    auto_json json_t *body = appliance_upload_token_request(&job->upload);
    const struct kube_request request = {
        .verb = KUBE_CREATE,
        .resource = &cli_upload_tokens,
        .namespace = job->upload.namespace,
        .body = body,
    };
    if (cli_cluster_call(job->verb->cluster, &request, &answer, NULL, err) < 0)
        return NULL;
    const char *token = appliance_status_text(answer, "token");
    if (token[0] == '\0') {
        error_set(err, ERROR_REMOTE, "UploadTokenRequest %s/%s: the answer has no token",
            job->upload.namespace, job->upload.name);
        return NULL;
    }
    return xstrdup(token);
}

/* Whether the disk is made already; what cannot be read is not. */
static bool is_taken(void *user)
{
    struct job *job = user;
    auto_json json_t *volume = NULL;
    auto_error struct error *error = NULL;
    return cli_verb_get(job->verb, cli_cluster_resource(APPLIANCE_DATA_VOLUME), job->upload.name,
               &volume, &error) == 0 &&
           streq(appliance_status_text(volume, "phase"), "Succeeded");
}

static int send_file(struct job *job, struct error **err)
{
    const struct http_target target = {
        .url = job->proxy,
        .tls_server_name = job->options->proxy_name,
        .insecure = job->options->insecure,
        .ca_data = job->options->insecure ? NULL : job->certificates,
    };
    struct http_client *client = http_client_new(&target, "hookctl/" HOOKLINE_VERSION, err);
    if (client == NULL)
        return error_wrap(err, "%s", job->proxy);
    const struct cli_send send = {
        .client = client,
        .fd = job->fd,
        .length = job->bytes,
        .what = job->file,
        .meter = job->verb->meter,
        .token = get_token,
        .is_taken = is_taken,
        .user = job,
        .timeout_ms = job->verb->options->timeout_ms,
    };
    int result = cli_send_run(&send, err);
    http_client_free(client);
    return result < 0 ? error_wrap(err, "uploading to %s", job->proxy) : 0;
}

/* How to wait for a volume again. Owned by the caller. */
static char *again(const struct job *job)
{
    return xasprintf(
        "hookctl appliance upload %s %s/%s", job->file, job->upload.namespace, job->upload.name);
}

static int make_source(struct job *job, struct error **err)
{
    struct cli_verb *verb = job->verb;
    const struct kube_resource *resource = cli_cluster_resource(APPLIANCE_DATA_SOURCE);
    auto_json json_t *source = appliance_upload_source(&job->upload);
    if (cli_verb_create(verb, resource, source, appliance_operation_same, NULL, err) < 0)
        return -1;
    if (verb->options->dry_run || !verb->options->wait)
        return 0;
    auto_free char *command = again(job);
    if (cli_verb_wait(
            verb, resource, job->upload.name, appliance_upload_look_source, command, NULL, err) < 0)
        return -1;
    printf("DataSource %s/%s is ready\n", job->upload.namespace, job->upload.name);
    return 0;
}

/* Sends the file once the DataVolume takes it. What was sent already by an earlier run, which is then
 * being processed, is not sent again. */
static int fill(struct job *job, struct error **err)
{
    struct cli_verb *verb = job->verb;
    const struct kube_resource *resource = cli_cluster_resource(APPLIANCE_DATA_VOLUME);
    auto_json json_t *ready = NULL;
    auto_free char *command = again(job);
    if (cli_verb_wait(verb, resource, job->upload.name, appliance_upload_look_ready, command,
            &ready, err) < 0)
        return -1;
    if (streq(appliance_status_text(ready, "phase"), "Succeeded"))
        return 0;
    if (send_file(job, err) < 0)
        return -1;
    cli_verb_tell(verb, "%s is sent; CDI makes the disk", job->file);
    if (!verb->options->wait)
        return 0;
    return cli_verb_wait(
        verb, resource, job->upload.name, appliance_upload_look_done, command, NULL, err);
}

static int run(struct job *job, struct error **err)
{
    const struct cli_upload_options *options = job->options;
    job->upload = (struct appliance_upload){
        .namespace = job->verb->namespace,
        .name = job->verb->name,
        .storage_class = options->storage_class,
        .access_mode = options->access_mode,
        .volume_mode = options->volume_mode,
        .instancetype = options->instancetype,
        .preference = options->preference,
    };
    if (open_file(job, err) < 0 || (!options->verb.dry_run && find_proxy(job, err) < 0) ||
        create(job, err) < 0)
        return -1;
    if (!options->verb.dry_run && fill(job, err) < 0)
        return -1;
    if (options->data_source)
        return make_source(job, err);
    if (!options->verb.dry_run && options->verb.wait)
        printf("DataVolume %s/%s is complete\n", job->upload.namespace, job->upload.name);
    return 0;
}

/* Removes a DataVolume that this run made and could not fill; one that an interrupted run may still
 * fill stays. */
static void clean(struct job *job, const struct error *error)
{
    bool stays = error == NULL || error->class == ERROR_CANCELED || error->class == ERROR_TIMEOUT;
    if (!stays && job->is_ours)
        cli_verb_remove(job->verb, cli_cluster_resource(APPLIANCE_DATA_VOLUME), job->volume);
    if (job->fd >= 0)
        close(job->fd);
    json_decref(job->volume);
    free(job->fingerprint);
    free(job->proxy);
    free(job->certificates);
}

int cli_online_upload(const struct cli_arguments *arguments)
{
    struct cli_verb verb;
    struct error *error = NULL;
    if (cli_verb_open(&verb, arguments, arguments->operands[1], &error) == 0) {
        struct job job = {
            .verb = &verb, .options = arguments->options, .file = arguments->operand, .fd = -1};
        run(&job, &error);
        clean(&job, error);
    }
    return cli_verb_close(&verb, error);
}
