#include "annotations/fields.h"

#include "annotations/mount_check.h"
#include "annotations/names.h"
#include "annotations/sidecar.h"
#include "base/unused.h"
#include "hooks/protocol.h"
#include "hostpath/hostpath.h"

static const char *const pull_policies[] = {"Always", "IfNotPresent", "Never", NULL};
static const char *const downward_values[] = {"pod-info", NULL};
static const char *const failure_policies[] = {"Fail", "Ignore", NULL};

static bool check_image(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    const char *image = json_string_value(value);
    for (const char *byte = image; *byte != '\0'; byte++) {
        if ((unsigned char)*byte <= ' ' || *byte == 0x7F)
            return schema_invalid(field, image, pointer, findings);
    }
    return true;
}

static bool check_dns_name(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *name = json_string_value(value);
    return annotations_name_is_dns_subdomain(name) ||
           schema_invalid(field, name, pointer, findings);
}

static bool check_key(const struct schema_field *field, const json_t *value, const char *pointer,
    struct findings *findings)
{
    const char *key = json_string_value(value);
    return annotations_name_is_config_map_key(key) || schema_invalid(field, key, pointer, findings);
}

static bool check_env_name(const struct schema_field *field, const json_t *value,
    const char *pointer, struct findings *findings)
{
    const char *name = json_string_value(value);
    if (!annotations_name_is_env(name))
        return schema_invalid(field, name, pointer, findings);
    if (!annotations_name_is_reserved_env(name))
        return true;
    findings_error(findings, pointer, "%s is set by the launcher pod: leave it out", name);
    return false;
}

static bool check_host_file(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    return hostpath_check_path(json_string_value(value), pointer, findings);
}

static bool check_mount_path(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    return annotations_mount_check_path(json_string_value(value), pointer, findings);
}

/* jansson keeps what is written of whole numbers only. */
static bool check_written(const struct schema_field *field UNUSED, const json_t *value,
    const char *pointer, struct findings *findings)
{
    if (!json_is_real(value))
        return true;
    findings_error(findings, pointer,
        "must be written as a string, so that no digit is lost: \"%g\"", json_real_value(value));
    return false;
}

#define STRING .kind = SCHEMA_STRING, .type = "string"
#define STRINGS .kind = SCHEMA_STRINGS, .type = "array of strings"
#define INTEGER .kind = SCHEMA_INTEGER, .type = "integer"
#define BOOLEAN .kind = SCHEMA_BOOLEAN, .type = "boolean"
#define QUANTITY                                                                                   \
    .kind = SCHEMA_QUANTITY, .check = check_written, .type = "string or whole number",             \
    .pattern = "^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?$",     \
    .rule =                                                                                        \
        "a Kubernetes quantity such as 2, 0.5, 200m or 64Mi, from 0 to 2^63 - 1, with a "          \
        "suffix (n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei), an exponent (e3) or neither"
#define OBJECT .kind = SCHEMA_OBJECT, .type = "object"
#define OBJECTS .kind = SCHEMA_OBJECTS, .type = "array of objects"

#define DNS_NAME                                                                                   \
    .check = check_dns_name, .pattern = ANNOTATIONS_DNS_SUBDOMAIN_PATTERN,                         \
    .maximum = ANNOTATIONS_NAME_MAX,                                                               \
    .rule =                                                                                        \
        "a DNS-1123 subdomain: lower-case letters, digits, \"-\" and \".\", each part between "    \
        "dots with a letter or digit at both ends, at most 253 bytes"
/* Absolute, no component "..", no control characters; in a container also not "/" and no ":". */
#define HOST_FILE                                                                                  \
    .check = check_host_file, .pattern = "^(?!.*/\\.\\.(/|$))/[^\\u0000-\\u001f\\u007f]*$",        \
    .maximum = HOSTPATH_PATH_MAX, .rule = "an absolute path without \"..\", at most 4096 bytes"
#define MOUNT_PATH                                                                                 \
    .check = check_mount_path,                                                                     \
    .pattern = "^(?!.*/\\.\\.(/|$))(?!/*(\\./*)*$)/[^:\\u0000-\\u001f\\u007f]*$",                  \
    .maximum = HOSTPATH_PATH_MAX,                                                                  \
    .rule = "an absolute path without \"..\" and \":\", at most 4096 bytes; not \"/\", not at, "   \
            "above or below " HOOKS_SOCKET_DIRECTORY ", and not the path of another mount"

static const struct schema_field fields[] = {
    {
        .path = "image",
        STRING,
        .check = check_image,
        .pattern = "^[^\\s\\u0000-\\u001f\\u007f]*$",
        .fallback = "the configured image of sidecar-shim",
        .rule = "an image reference without spaces",
        .help =
            "The container image of the sidecar. The default image runs sidecar-shim, which "
            "in turn runs the hooks " HOOKS_EXECUTABLES("and") " that it finds in $PATH. A "
                                                               "policy may restrict the images.",
        .example = "\"registry.example/hooks/smbios:1.4\"",
    },
    {
        .path = "imagePullPolicy",
        STRING,
        .values = pull_policies,
        .fallback = "Kubernetes' default: Always for the tag latest, else IfNotPresent",
        .rule = "Always, IfNotPresent or Never",
        .help = "When the node pulls the image.",
        .example = "\"IfNotPresent\"",
    },
    {
        .path = "command",
        STRINGS,
        .fallback = "the entrypoint of the image",
        .rule = "an array of strings",
        .help = "The program, which replaces the image's entrypoint (/sidecar-shim in the default "
                "image), and its first arguments.",
        .example = "[\"/usr/bin/create-cow.sh\"]",
    },
    {
        .path = "args",
        STRINGS,
        .fallback = "the arguments of the image",
        .rule = "an array of strings; the default image requires --version",
        .help = "Arguments of the program. With the default image, --version names the version of "
                "the hook protocol: " HOOKS_VERSIONS_ALL ".",
        .example = "[\"--version\", \"" HOOKS_VERSION_NEWEST "\"]",
    },
    {
        .path = "configMap",
        OBJECT,
        .fallback = "none",
        .rule = "an object with name, key and hookPath",
        .help = "A hook in a ConfigMap in the VM's namespace. It is mounted as an executable file "
                "where sidecar-shim looks for it.",
        .example = "{\"name\": \"my-hooks\", \"key\": \"smbios.sh\", "
                   "\"hookPath\": \"" HOOKS_EXECUTABLE_FIRST "\"}",
    },
    {
        .path = "configMap.name",
        STRING,
        .required = true,
        DNS_NAME,
        .help = "The name of the ConfigMap.",
        .example = "\"my-hooks\"",
    },
    {
        .path = "configMap.key",
        STRING,
        .required = true,
        .check = check_key,
        .pattern = ANNOTATIONS_CONFIG_MAP_KEY_PATTERN,
        .maximum = ANNOTATIONS_NAME_MAX,
        .rule =
            "a string of letters, digits, \"-\", \"_\" and \".\" that is not \".\" and does not "
            "begin with \"..\", at most 253 bytes",
        .help = "The key of the ConfigMap whose value is the hook.",
        .example = "\"smbios.sh\"",
    },
    {
        .path = "configMap.hookPath",
        STRING,
        .required = true,
        .values = hooks_executable_paths,
        .rule = HOOKS_EXECUTABLE_PATHS("or"),
        .help = "Where the hook is mounted in the sidecar, and so which hook it is.",
        .example = "\"" HOOKS_EXECUTABLE_FIRST "\"",
    },
    {
        .path = "pvc",
        OBJECT,
        .fallback = "none",
        .rule = "an object with name and volumePath",
        .help =
            "A PersistentVolumeClaim in the VM's namespace. The sidecar mounts it and, on request, "
            "so does the compute container, where QEMU runs.",
        .example = "{\"name\": \"overlays\", \"volumePath\": \"/overlays\", "
                   "\"sharedComputePath\": \"/var/run/overlays\"}",
    },
    {
        .path = "pvc.name",
        STRING,
        .required = true,
        DNS_NAME,
        .help = "The name of the PersistentVolumeClaim.",
        .example = "\"overlays\"",
    },
    {
        .path = "pvc.volumePath",
        STRING,
        .required = true,
        MOUNT_PATH,
        .help = "Where the sidecar sees the volume.",
        .example = "\"/overlays\"",
    },
    {
        .path = "pvc.sharedComputePath",
        STRING,
        MOUNT_PATH,
        .fallback = "not mounted into compute",
        .help =
            "Where the compute container sees the same volume. No two sidecars may give the same "
            "path.",
        .example = "\"/var/run/overlays\"",
    },
    {
        .path = "hostPath",
        OBJECT,
        .fallback = "none",
        .rule = "an object with path and volumePath",
        .help = "A file, directory, socket or device on the node that is mounted into the sidecar. "
                "A policy may restrict the paths and types.",
        .ours = true,
        .example = "{\"path\": \"/var/lib/kubevirt/images\", \"volumePath\": \"/images\", "
                   "\"type\": \"Directory\", \"readOnly\": true}",
    },
    {
        .path = "hostPath.path",
        STRING,
        .required = true,
        .ours = true,
        HOST_FILE,
        .help = "What is mounted: a path on the node.",
        .example = "\"/var/lib/kubevirt/images\"",
    },
    {
        .path = "hostPath.volumePath",
        STRING,
        .required = true,
        .ours = true,
        MOUNT_PATH,
        .help = "Where the sidecar sees it.",
        .example = "\"/images\"",
    },
    {
        .path = "hostPath.type",
        STRING,
        .ours = true,
        .values = hostpath_type_names,
        .fallback = "Directory",
        .rule = "Directory, DirectoryOrCreate, File, FileOrCreate, Socket, CharDevice or "
                "BlockDevice",
        .help = "What must exist at path on the node before the sidecar starts; DirectoryOrCreate "
                "and FileOrCreate create it if nothing is there.",
        .example = "\"Directory\"",
    },
    {
        .path = "hostPath.readOnly",
        BOOLEAN,
        .ours = true,
        .fallback = "false",
        .rule = "true or false",
        .help = "Whether the volume is mounted read-only. A policy may require it.",
        .example = "true",
    },
    {
        .path = "resources",
        OBJECT,
        .ours = true,
        .fallback = "none, or 200m and 64M if the VM has the QoS class Guaranteed",
        .rule = "an object with requests and limits",
        .help = "Compute resources of the sidecar's container.",
        .example = "{\"requests\": {\"cpu\": \"50m\", \"memory\": \"32Mi\"}, "
                   "\"limits\": {\"memory\": \"64Mi\"}}",
    },
    {
        .path = "resources.requests",
        OBJECT,
        .ours = true,
        .fallback = "none",
        .rule = "an object with cpu, memory and ephemeral-storage, none above its limit",
        .help = "What is reserved for the sidecar.",
        .example = "{\"cpu\": \"50m\", \"memory\": \"32Mi\"}",
    },
    {
        .path = "resources.requests.cpu",
        QUANTITY,
        .ours = true,
        .fallback = "the limit, if there is one",
        .help = "Processor time in cores; \"50m\" is a twentieth of one.",
        .example = "\"50m\"",
    },
    {
        .path = "resources.requests.memory",
        QUANTITY,
        .ours = true,
        .fallback = "the limit, if there is one",
        .help = "Memory in bytes.",
        .example = "\"32Mi\"",
    },
    {
        .path = "resources.requests.ephemeral-storage",
        QUANTITY,
        .ours = true,
        .fallback = "the limit, if there is one",
        .help = "Local disk space in bytes, for the container's own files and its log.",
        .example = "\"100Mi\"",
    },
    {
        .path = "resources.limits",
        OBJECT,
        .ours = true,
        .fallback = "none",
        .rule = "an object with cpu, memory and ephemeral-storage, none below its request",
        .help = "What the sidecar cannot exceed.",
        .example = "{\"memory\": \"64Mi\"}",
    },
    {
        .path = "resources.limits.cpu",
        QUANTITY,
        .ours = true,
        .fallback = "none",
        .help = "Processor time in cores; beyond it the sidecar is throttled.",
        .example = "\"200m\"",
    },
    {
        .path = "resources.limits.memory",
        QUANTITY,
        .ours = true,
        .fallback = "none",
        .help = "Memory in bytes; beyond it the sidecar is killed.",
        .example = "\"64Mi\"",
    },
    {
        .path = "resources.limits.ephemeral-storage",
        QUANTITY,
        .ours = true,
        .fallback = "none",
        .help = "Local disk space in bytes; beyond it the whole pod is evicted.",
        .example = "\"200Mi\"",
    },
    {
        .path = "env",
        OBJECTS,
        .ours = true,
        .fallback = "none",
        .rule = "an array of objects with name and value; each name only once",
        .help = "Environment variables of the sidecar and its hooks.",
        .example = "[{\"name\": \"LOG_LEVEL\", \"value\": \"debug\"}]",
    },
    {
        .path = "env[].name",
        STRING,
        .required = true,
        .ours = true,
        .check = check_env_name,
        .pattern = ANNOTATIONS_ENV_NAME_PATTERN,
        .rule =
            "a string of letters, digits, \"-\", \"_\" and \".\" that is not \".\" and does not "
            "begin with a digit or \"..\"; not CONTAINER_NAME, NETWORK_BINDING_PLUGIN_NAME, "
            "XDG_CACHE_HOME, XDG_CONFIG_HOME or XDG_RUNTIME_DIR, which the launcher pod sets",
        .help = "The name of the variable.",
        .example = "\"LOG_LEVEL\"",
    },
    {
        .path = "env[].value",
        STRING,
        .ours = true,
        .fallback = "empty",
        .rule = "a string; Kubernetes expands $(NAME) in it, and $$ is one dollar sign",
        .help = "The value of the variable.",
        .example = "\"debug\"",
    },
    {
        .path = "downwardAPI",
        STRINGS,
        .ours = true,
        .values = downward_values,
        .fallback = "none",
        .rule = "an array; the only value is \"pod-info\"",
        .help =
            "Information about its own pod that the sidecar can read. pod-info: the pod's labels "
            "and annotations, as files below " ANNOTATIONS_POD_INFO_PATH ".",
        .example = "[\"pod-info\"]",
    },
    {
        .path = "timeoutSeconds",
        INTEGER,
        .ours = true,
        .minimum = 1,
        .maximum = ANNOTATIONS_TIMEOUT_MAX,
        .fallback = "60",
        .rule = "a whole number from 1 to 3600",
        .help =
            "How long hook-manager waits for one call of one of the sidecar's hooks. KubeVirt's "
            "own manager waits 60 seconds, whatever is set here.",
        .example = "15",
    },
    {
        .path = "failurePolicy",
        STRING,
        .ours = true,
        .values = failure_policies,
        .fallback = "Fail",
        .rule = "Fail or Ignore",
        .help =
            "What hook-manager does when a hook fails or takes too long: Fail aborts the launch, "
            "Ignore continues with the document from before the hook. KubeVirt's own manager "
            "always aborts.",
        .example = "\"Ignore\"",
    },
    {.path = NULL},
};

const struct schema annotations_schema = {
    .fields = fields, .any_case = true, .zero_is_absent = true, .lenient = true};
