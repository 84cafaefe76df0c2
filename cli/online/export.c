/* The run of hookctl appliance export. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/export.h"
#include "appliance/name.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/online/download.h"
#include "cli/online/output.h"
#include "cli/online/resources.h"
#include "cli/online/runs.h"
#include "cli/online/verb.h"
#include "http/url.h"

enum { LIFE_MS = 24 * 3600 * 1000 /* of an export that this process could not remove */ };

static const char token_header[] = "x-kubevirt-export-token";

/* An export that is made, downloaded and removed. */
struct job {
    struct cli_verb *verb;
    const struct cli_export_options *options;
    struct cli_output output;
    json_t *vm; /* the manifest's; owned */
    json_t *export; /* as the cluster made it; owned */
    json_t *secret; /* ours, with the token; owned */
    json_t *secret_made; /* as the cluster made it; owned */
    struct appliance_export_links links;
    char *since; /* when the export became ready; owned */
};

/* Reads the VM of a snapshot, from its content. */
static int read_snapshot_vm(struct job *job, struct error **err)
{
    const char *name = job->options->snapshot;
    auto_json json_t *snapshot = NULL;
    auto_json json_t *content = NULL;
    if (cli_verb_get(job->verb, &cli_snapshots, name, &snapshot, err) < 0)
        return -1;
    const char *source = json_get_string(json_pointer_get(snapshot, "/spec/source"), "name");
    const char *inside =
        json_get_string(json_object_get(snapshot, "status"), "virtualMachineSnapshotContentName");
    if (snapshot == NULL || source == NULL || !streq(source, job->verb->name))
        return error_set(err, ERROR_INPUT, "there is no VirtualMachineSnapshot %s/%s of %s",
            job->verb->namespace, name, job->verb->name);
    if (inside == NULL)
        return error_set(err, ERROR_INPUT, "VirtualMachineSnapshot %s/%s is not ready to use",
            job->verb->namespace, name);
    if (cli_verb_get(job->verb, &cli_snapshot_contents, inside, &content, err) < 0)
        return -1;
    job->vm = json_incref(json_pointer_get(content, "/spec/source/virtualMachine"));
    if (job->vm == NULL)
        return error_set(err, ERROR_REMOTE, "VirtualMachineSnapshotContent %s/%s has no VM",
            job->verb->namespace, inside);
    return 0;
}

static int read_vm(struct job *job, struct error **err)
{
    struct cli_verb *verb = job->verb;
    if (job->options->snapshot != NULL)
        return read_snapshot_vm(job, err);
    if (cli_verb_get(verb, cli_cluster_resource(APPLIANCE_VM), verb->name, &job->vm, err) < 0)
        return -1;
    if (job->vm == NULL)
        return error_set(
            err, ERROR_INPUT, "there is no VirtualMachine %s/%s", verb->namespace, verb->name);
    if (appliance_status_is_running(job->vm))
        return error_set(err, ERROR_POLICY,
            "VirtualMachine %s/%s is running: stop it (virtctl stop %s -n %s), or export a "
            "snapshot of it (hookctl appliance snapshot %s/%s, then --snapshot)",
            verb->namespace, verb->name, verb->name, verb->namespace, verb->namespace, verb->name);
    return 0;
}

/* Makes an object. Of one that may have been made, because the request was interrupted or its answer
 * lost, *made is our own: it has no UID, and is removed by its name, which nobody else has. */
static int create_one(struct job *job, const struct kube_resource *resource, json_t *object,
    json_t **made, struct error **err)
{
    struct error *error = NULL;
    if (cli_verb_create(job->verb, resource, object, NULL, made, &error) >= 0)
        return 0;
    if (error->class == ERROR_CANCELED || error->class == ERROR_REMOTE)
        *made = json_incref(object);
    return error_move(err, error);
}

static int create(struct job *job, struct error **err)
{
    const struct cli_verb *verb = job->verb;
    const struct appliance_random random = {0};
    auto_free char *name = appliance_name_generate(verb->name, &random);
    const struct appliance_export export = {
        .namespace = verb->namespace,
        .name = name,
        .vm = verb->name,
        .snapshot = job->options->snapshot,
        .life_ms = LIFE_MS,
    };
    auto_json json_t *object = appliance_export_new(&export);
    if (create_one(job, &cli_exports, object, &job->export, err) < 0)
        return -1;
    job->secret = appliance_export_secret(job->export, &random);
    return create_one(
        job, cli_cluster_resource(APPLIANCE_SECRET), job->secret, &job->secret_made, err);
}

/* Says how a port gets to where --server looks for it. */
static void tell_service(struct job *job, const json_t *ready)
{
    const char *service = appliance_status_text(ready, "serviceName");
    const char *port = job->options->server != NULL ? strrchr(job->options->server, ':') : NULL;
    if (port != NULL && service[0] != '\0')
        cli_verb_tell(job->verb,
            "in another terminal, if nothing listens there yet: kubectl port-forward -n %s "
            "service/%s %s:443",
            job->verb->namespace, service, port + 1);
}

/* Waits until the export is ready, and reads its links. */
static int await_links(struct job *job, struct error **err)
{
    auto_json json_t *ready = NULL;
    const struct cli_export_options *options = job->options;
    bool internal = options->internal || options->server != NULL;
    if (cli_verb_wait(job->verb, &cli_exports, kube_name(job->export), appliance_export_look, NULL,
            &ready, err) < 0)
        return -1;
    job->since = xstrdup(appliance_export_since(ready));
    tell_service(job, ready);
    if (appliance_export_links_read(&job->links, ready, internal, options->format, err) == 0)
        return 0;
    error_wrap(err, "VirtualMachineExport %s/%s", job->verb->namespace, kube_name(job->export));
    if (json_pointer_get(ready, "/status/links/internal") != NULL && !internal)
        error_wrap(err,
            "there is no way in from outside the cluster: inside it, give --internal; elsewhere, "
            "--server 127.0.0.1:8443, and this says which port to forward");
    return -1;
}

/* cli_download's check: the export is still ready since the same time. When its VM starts, KubeVirt
 * ends the server, and the disks change. */
static int check_export(void *user, struct error **err)
{
    struct job *job = user;
    auto_json json_t *now = NULL;
    const char *name = kube_name(job->export);
    if (cli_verb_get(job->verb, &cli_exports, name, &now, err) < 0)
        return -1;
    if (now != NULL && streq(appliance_export_since(now), job->since) &&
        appliance_status_is_true(now, "Ready"))
        return 0;
    auto_free char *all = appliance_status_all(now);
    return error_set(err, ERROR_REMOTE,
        "VirtualMachineExport %s/%s was interrupted, so that the disk may have changed: %s",
        job->verb->namespace, name, all[0] != '\0' ? all : "it is gone");
}

/* The server of a link: its origin, or that of --server with the link's name in its certificate. */
static int find_server(const struct job *job, const struct http_url *url,
    struct http_target *target, char **origin, struct error **err)
{
    const char *server = job->options->server;
    target->ca_data = job->links.certificates;
    *origin = server != NULL ? xasprintf("https://%s", server) : xstrdup(url->origin);
    target->url = *origin;
    if (server == NULL)
        return 0;
    target->tls_server_name = url->host;
    return strchr(server, '/') == NULL
               ? 0
               : error_set(err, ERROR_USAGE, "--server: \"%s\" must be HOST:PORT", server);
}

static int download(struct job *job, const struct appliance_export_disk *disk,
    const struct http_url *url, struct error **err)
{
    struct http_target target = {0};
    auto_free char *origin = NULL;
    auto_free char *name = appliance_export_file(disk);
    auto_free char *file = file_join(job->output.scratch, name);
    if (find_server(job, url, &target, &origin, err) < 0)
        return -1;
    struct http_client *client = http_client_new(&target, "hookctl/" HOOKLINE_VERSION, err);
    if (client == NULL)
        return -1;
    char *header = xasprintf("%s: %s", token_header, appliance_export_token(job->secret));
    const struct cli_download download = {
        .client = client,
        .path = url->path,
        .header = header,
        .file = file,
        .what = name,
        .can_resume = streq(disk->format, "raw"),
        .can_wait = job->options->server != NULL,
        .meter = job->verb->meter,
        .check = check_export,
        .user = job,
    };
    int result = cli_download_run(&download, err);
    free_secret(header, strlen(header));
    http_client_free(client);
    return result;
}

static int download_all(struct job *job, struct error **err)
{
    for (size_t i = 0; i < job->links.count; i++) {
        struct http_url url = {0};
        const struct appliance_export_disk *disk = &job->links.disks[i];
        if (http_url_split(disk->url, &url) < 0)
            return error_set(err, ERROR_REMOTE, "%s: \"%s\" is not a URL", disk->name, disk->url);
        int result = download(job, disk, &url, err);
        http_url_clear(&url);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* Puts the disks together with the manifest. */
static int finish(struct job *job, struct error **err)
{
    auto_json json_t *manifest =
        appliance_export_manifest(job->vm, job->options->with_identity, err);
    if (manifest == NULL ||
        cli_output_finish(&job->output, job->verb, manifest, &job->links, err) < 0)
        return -1;
    printf("VirtualMachine %s/%s with %zu disk%s is in %s\n", job->verb->namespace, job->verb->name,
        job->links.count, job->links.count == 1 ? "" : "s", job->options->output);
    return 0;
}

static int run(struct job *job, struct error **err)
{
    bool is_real = !job->options->verb.dry_run;
    if (!job->options->verb.wait)
        return error_set(err, ERROR_USAGE, "--wait=false: an export lasts while it is downloaded");
    if (read_vm(job, err) < 0 ||
        (is_real &&
            cli_output_begin(&job->output, job->options->output, job->options->format, err) < 0) ||
        create(job, err) < 0)
        return -1;
    if (!is_real)
        return 0;
    if (await_links(job, err) < 0 || download_all(job, err) < 0)
        return -1;
    return finish(job, err);
}

static void job_clear(struct job *job)
{
    cli_verb_remove(job->verb, &cli_exports, job->export);
    cli_verb_remove(job->verb, cli_cluster_resource(APPLIANCE_SECRET), job->secret_made);
    cli_output_clear(&job->output);
    appliance_export_links_clear(&job->links);
    json_decref(job->vm);
    json_decref(job->export);
    json_decref(job->secret);
    json_decref(job->secret_made);
    free(job->since);
}

int cli_online_export(const struct cli_arguments *arguments)
{
    struct cli_verb verb;
    struct error *error = NULL;
    if (cli_verb_open(&verb, arguments, arguments->operand, &error) == 0) {
        struct job job = {.verb = &verb, .options = arguments->options};
        run(&job, &error);
        job_clear(&job);
    }
    return cli_verb_close(&verb, error);
}
