#include "controller/launch/pod_copy.h"

#include "base/json.h"
#include "base/text.h"

/* Where the init containers that run disk images have busybox. */
#define TOOLS_VOLUME "hookline-tools"
#define TOOLS_PATH "/hookline"
#define BUSYBOX TOOLS_PATH "/busybox"

#define DISKS_VOLUME "hookline-disks"

/* $0 is busybox, $1 the file to write, $2 the file to read, or "" for the only one in /disk, as in
 * KubeVirt. */
static const char copy_script[] =
    "to=$1 from=$2\n"
    "if [ -z \"$from\" ]; then\n"
    "    set -- /disk/*\n"
    "    from=$1\n"
    "    [ $# -eq 1 ] || { echo \"/disk of the image has $# files; set path\" >&2; exit 1; }\n"
    "fi\n"
    "[ -f \"$from\" ] || { echo \"the image has no file $from\" >&2; exit 1; }\n"
    "\"$0\" mkdir -p \"${to%/*}\" && exec \"$0\" cp \"$from\" \"$to\"\n";

static json_t *security_context(void)
{
    return json_pack("{s:b, s:{s:[s]}, s:b}", "allowPrivilegeEscalation", false, "capabilities",
        "drop", "ALL", "readOnlyRootFilesystem", true);
}

/* Adds what all copies share: the volumes, and the container that copies busybox to one. */
static void require_tools(struct controller_pod_draft *draft)
{
    if (json_array_size(draft->init_containers) > 0)
        return;
    json_array_append_new(
        draft->volumes, json_pack("{s:s, s:{}}", "name", TOOLS_VOLUME, "emptyDir"));
    json_array_append_new(
        draft->volumes, json_pack("{s:s, s:{}}", "name", DISKS_VOLUME, "emptyDir"));
    json_array_append_new(draft->mounts, json_pack("{s:s, s:s, s:b}", "name", DISKS_VOLUME,
                                             "mountPath", CONTROLLER_DISKS_PATH, "readOnly", true));
    json_array_append_new(draft->init_containers,
        json_pack("{s:s, s:[s, s, s, s], s:o, s:s, s:[{s:s, s:s}]}", "name",
            CONTROLLER_TOOLS_CONTAINER, "command", CONTROLLER_BUSYBOX, "cp", CONTROLLER_BUSYBOX,
            BUSYBOX, "securityContext", security_context(), "terminationMessagePolicy",
            "FallbackToLogsOnError", "volumeMounts", "name", TOOLS_VOLUME, "mountPath",
            TOOLS_PATH));
}

static void require_pull_secret(struct controller_pod_draft *draft, const char *secret)
{
    json_t *secrets = json_object_get(draft->spec, "imagePullSecrets");
    size_t index = 0;
    json_t *item = NULL;
    if (secrets == NULL) {
        secrets = json_array();
        json_object_set_new(draft->spec, "imagePullSecrets", secrets);
    }
    json_array_foreach (secrets, index, item) {
        if (streq(json_get_string(item, "name"), secret))
            return;
    }
    json_array_append_new(secrets, json_pack("{s:s}", "name", secret));
}

void controller_pod_add_copy(struct controller_pod_draft *draft, const char *name,
    const json_t *source, const char *from, const char *to)
{
    require_tools(draft);
    const char *secret = json_get_string(source, "imagePullSecret");
    if (secret != NULL && secret[0] != '\0')
        require_pull_secret(draft, secret);
    json_t *container =
        json_pack("{s:s, s:O, s:O*}", "name", name, "image", json_object_get(source, "image"),
            "imagePullPolicy", json_object_get(source, "imagePullPolicy"));
    json_object_set_new(container, "command",
        json_pack("[s, s, s, s, s, s, s]", BUSYBOX, "sh", "-c", copy_script, BUSYBOX, to,
            text_or(from, "")));
    json_object_set_new(container, "securityContext", security_context());
    json_object_set_new(
        container, "terminationMessagePolicy", json_string("FallbackToLogsOnError"));
    json_object_set_new(container, "volumeMounts",
        json_pack("[{s:s, s:s, s:b}, {s:s, s:s}]", "name", TOOLS_VOLUME, "mountPath", TOOLS_PATH,
            "readOnly", true, "name", DISKS_VOLUME, "mountPath", CONTROLLER_DISKS_PATH));
    json_array_append_new(draft->init_containers, container);
}
