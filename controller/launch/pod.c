#include "controller/launch/pod.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotations/launcher.h"
#include "annotations/minimal_pod.h"
#include "annotations/render.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"
#include "controller/launch/pod_copy.h"
#include "controller/launch/pod_draft.h"
#include "controller/launch/pod_probe.h"
#include "controller/launch/pod_resources.h"
#include "controller/launch/pod_template.h"
#include "controller/launch/pod_volumes.h"
#include "kube/resource.h"
#include "tls/sha256.h"

enum {
    LABEL_MAX = 63, /* Kubernetes: length of a label's value or host name */
    HASH_BYTES = 5,
    ANNOTATIONS_MAX_TOTAL = 256 * 1024, /* Kubernetes: keys and values together */
    GRACE_SECONDS = 30, /* KubeVirt's default of terminationGracePeriodSeconds */
    MORE_GRACE_SECONDS = 30, /* for the Shutdown hooks and cleanup; as KubeVirt adds */
    USER = 107, /* KubeVirt's qemu */
    STARTUP_SECONDS = 24 * 3600, /* hook-launcher gives up earlier */
};

#define READY_FILE "/tmp/ready"
#define TEMPORARY_VOLUME "hookline-tmp"
#define PRIVATE_VOLUME "hookline-private"
#define MACHINE_VOLUME "hookline-vmi"

/* The first hexadecimal digits of SHA-256 over text. */
static void hash_text(const char *text, char digits[2 * HASH_BYTES + 1])
{
    char all[TLS_SHA256_DIGITS + 1];
    tls_sha256(text, strlen(text), all);
    snprintf(digits, 2 * HASH_BYTES + 1, "%.*s", 2 * HASH_BYTES, all);
}

/* prefix, as much of name as fits, a dash and a hash of what: at most LABEL_MAX bytes, without a
 * dash or dot before the last dash. */
static char *hashed_name(const char *prefix, const char *name, const char *what)
{
    char digits[2 * HASH_BYTES + 1];
    hash_text(what, digits);
    size_t room = LABEL_MAX - strlen(prefix) - strlen(digits) - 1;
    size_t length = strlen(name) < room ? strlen(name) : room;
    while (length > 0 && strchr("-.", name[length - 1]) != NULL)
        length--;
    return xasprintf("%s%.*s-%s", prefix, (int)length, name, digits);
}

char *controller_pod_name(const json_t *machine)
{
    return hashed_name("virt-launcher-", kube_name(machine), kube_uid(machine));
}

/* The labels, annotations and owner that KubeVirt gives a launcher pod, under our name. */
static json_t *make_metadata(const json_t *machine)
{
    auto_json json_t *minimal = annotations_minimal_pod(machine, ANNOTATIONS_LAUNCHER_STANDALONE);
    json_t *metadata = json_incref(json_object_get(minimal, "metadata"));
    json_t *labels = json_object_get(metadata, "labels");
    const char *name = kube_name(machine);
    auto_free char *pod_name = controller_pod_name(machine);
    auto_free char *label = strlen(name) <= LABEL_MAX ? xstrdup(name) : hashed_name("", name, name);
    json_object_del(metadata, "generateName");
    /* blocking the VMI's deletion would take an extra permission on some clusters */
    json_object_del(
        json_array_get(json_object_get(metadata, "ownerReferences"), 0), "blockOwnerDeletion");
    json_object_set_new(metadata, "name", json_string(pod_name));
    json_object_set_new(labels, "vm.kubevirt.io/name", json_string(label));
    json_object_set_new(labels, "vmi.kubevirt.io/id", json_string(label));
    json_object_set_new(labels, CONTROLLER_LAUNCH_LABEL, json_string("true"));
    return metadata;
}

/* The VMI as hook-launcher and the hooks get it: the parts that a user wrote, and its uid. Owned by
 * the caller. */
static char *machine_text(const json_t *machine, const json_t *pod_annotations)
{
    static const char *const kept[] = {"name", "namespace", "uid", "labels", "annotations"};
    json_t *metadata = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        json_t *value = json_object_get(json_object_get(machine, "metadata"), kept[i]);
        if (value != NULL)
            json_object_set(metadata, kept[i], value);
    }
    auto_json json_t *annotations = json_copy(json_object_get(metadata, "annotations"));
    const char *key = NULL;
    json_t *value = NULL;
    void *next = NULL;
    json_object_foreach_safe (annotations, next, key, value) {
        if (json_object_get(pod_annotations, key) == NULL)
            json_object_del(annotations, key);
    }
    if (annotations != NULL)
        json_object_set(metadata, "annotations", annotations);
    auto_json json_t *text = json_pack("{s:s, s:s, s:o, s:O}", "apiVersion", "kubevirt.io/v1",
        "kind", "VirtualMachineInstance", "metadata", metadata, "spec",
        json_object_get(machine, "spec"));
    return json_write_sorted(text);
}

/* Adds the VMI to the pod, as an annotation that compute sees as a file. */
static void add_machine(struct controller_pod_draft *draft)
{
    json_t *annotations = json_object_get(json_object_get(draft->pod, "metadata"), "annotations");
    auto_free char *text = machine_text(draft->input->machine, annotations);
    json_object_set_new(annotations, CONTROLLER_MACHINE_ANNOTATION, json_string(text));
    json_array_append_new(draft->volumes,
        json_pack("{s:s, s:{s:[{s:s, s:{s:s}}]}}", "name", MACHINE_VOLUME, "downwardAPI", "items",
            "path", CONTROLLER_MACHINE_FILE, "fieldRef", "fieldPath",
            "metadata.annotations['" CONTROLLER_MACHINE_ANNOTATION "']"));
    json_array_append_new(
        draft->mounts, json_pack("{s:s, s:s, s:b}", "name", MACHINE_VOLUME, "mountPath",
                           CONTROLLER_MACHINE_DIRECTORY, "readOnly", true));
}

static void add_empty_dir(struct controller_pod_draft *draft, const char *name, const char *path)
{
    json_array_append_new(draft->volumes, json_pack("{s:s, s:{}}", "name", name, "emptyDir"));
    json_array_append_new(draft->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
}

/* The arguments of hook-launcher. Kubernetes expands the variable, which rendering sets. */
static json_t *make_args(const struct controller_pod_input *input)
{
    json_t *args = json_pack("[s, s, s, s, s, s, s, s]", "--vmi",
        CONTROLLER_MACHINE_DIRECTORY "/" CONTROLLER_MACHINE_FILE, "--sidecars",
        "$(" ANNOTATIONS_COUNT_VARIABLE ")", "--console", "-", "--ready-file", READY_FILE);
    if (input->list != NULL && input->list->count > 0) {
        json_array_append_new(args, json_string("--annotation-file"));
        json_array_append_new(
            args, json_string(ANNOTATIONS_FILE_DIRECTORY "/" ANNOTATIONS_FILE_NAME));
    }
    return args;
}

static json_t *make_environment(void)
{
    return json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "XDG_CACHE_HOME",
        "value", CONTROLLER_PRIVATE_PATH, "name", "XDG_CONFIG_HOME", "value",
        CONTROLLER_PRIVATE_PATH, "name", "XDG_RUNTIME_DIR", "value", "/tmp", "name",
        ANNOTATIONS_COUNT_VARIABLE, "value", "0");
}

/* The ports of the VMI's interfaces, for services that name them. */
static json_t *make_ports(const json_t *domain)
{
    static const char *const kept[] = {"name", "protocol"};
    json_t *ports = json_array();
    const json_t *interfaces = json_pointer_get(domain, "/devices/interfaces");
    for (size_t i = 0; i < json_array_size(interfaces); i++) {
        size_t index = 0;
        json_t *port = NULL;
        json_array_foreach (json_object_get(json_array_get(interfaces, i), "ports"), index, port) {
            json_t *number = json_object_get(port, "port");
            if (!json_is_integer(number))
                continue;
            json_t *item = json_pack("{s:O}", "containerPort", number);
            for (size_t k = 0; k < ARRAY_SIZE(kept); k++) {
                const char *value = json_get_string(port, kept[k]);
                if (value != NULL && value[0] != '\0')
                    json_object_set_new(item, kept[k], json_string(value));
            }
            json_array_append_new(ports, item);
        }
    }
    return ports;
}

/* compute counts as started, and the VMI as Running, once the guest has started. */
static json_t *make_startup_probe(void)
{
    return json_pack("{s:{s:[s, s, s, s]}, s:i, s:i}", "exec", "command", CONTROLLER_BUSYBOX,
        "test", "-f", READY_FILE, "periodSeconds", 1, "failureThreshold", STARTUP_SECONDS);
}

static void add_compute(struct controller_pod_draft *draft, json_t *containers)
{
    const struct controller_pod_input *input = draft->input;
    draft->mounts = json_array();
    draft->compute = json_pack(
        "{s:s, s:s*, s:[s], s:o, s:o, s:o, s:{s:b, s:{s:[s]}, s:b}, s:o, s:s, s:o}", "name",
        "compute", "image", input->settings->launcher_image, "command", "hook-launcher", "args",
        make_args(input), "env", make_environment(), "resources", controller_pod_resources(draft),
        "securityContext", "allowPrivilegeEscalation", false, "capabilities", "drop", "ALL",
        "readOnlyRootFilesystem", true, "startupProbe", make_startup_probe(),
        "terminationMessagePolicy", "FallbackToLogsOnError", "volumeMounts", draft->mounts);
    auto_json json_t *ports = make_ports(draft->domain);
    if (json_array_size(ports) > 0)
        json_object_set(draft->compute, "ports", ports);
    json_array_append_new(containers, draft->compute);
}

/* Copies the members that a VMI and a pod have in common. */
static void copy_scheduling(struct controller_pod_draft *draft)
{
    static const char *const members[] = {"affinity", "dnsConfig", "dnsPolicy", "nodeSelector",
        "priorityClassName", "schedulerName", "serviceAccountName", "subdomain", "tolerations",
        "topologySpreadConstraints"};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const json_t *value = json_object_get(draft->machine_spec, members[i]);
        if (value != NULL && !json_is_null(value))
            json_object_set_new(draft->spec, members[i], json_deep_copy(value));
    }
    const char *architecture = json_get_string(draft->machine_spec, "architecture");
    if (architecture == NULL || architecture[0] == '\0')
        return;
    json_t *selector = json_object_get(draft->spec, "nodeSelector");
    if (!json_is_object(selector)) {
        selector = json_object();
        json_object_set_new(draft->spec, "nodeSelector", selector);
    }
    json_object_set_new(selector, "kubernetes.io/arch", json_string(architecture));
}

/* As in KubeVirt: spec.hostname, else the VMI's name, up to the first dot. */
static json_t *make_hostname(const struct controller_pod_draft *draft)
{
    const char *given = json_get_string(draft->machine_spec, "hostname");
    const char *name = given != NULL && given[0] != '\0' ? given : kube_name(draft->input->machine);
    size_t length = strcspn(name, ".");
    length = length < LABEL_MAX ? length : LABEL_MAX;
    while (length > 0 && name[length - 1] == '-')
        length--;
    return json_stringn(name, length);
}

static json_int_t grace_seconds(const json_t *machine_spec)
{
    enum { MOST = 7 * 24 * 3600 };
    const json_t *value = json_object_get(machine_spec, "terminationGracePeriodSeconds");
    json_int_t grace = json_is_integer(value) ? json_integer_value(value) : GRACE_SECONDS;
    if (grace < 0)
        grace = 0;
    return (grace > MOST ? MOST : grace) + MORE_GRACE_SECONDS;
}

/* The pod without template and sidecars. */
static void make_pod(struct controller_pod_draft *draft)
{
    json_t *containers = json_array();
    draft->volumes = json_array();
    draft->init_containers = json_array();
    draft->spec =
        json_pack("{s:b, s:b, s:s, s:I, s:o, s:{s:i, s:i, s:b, s:i, s:{s:s}}, s:o, s:o, s:o}",
            "automountServiceAccountToken", false, "enableServiceLinks", false, "restartPolicy",
            "Never", "terminationGracePeriodSeconds", grace_seconds(draft->machine_spec),
            "hostname", make_hostname(draft), "securityContext", "runAsUser", USER, "runAsGroup",
            USER, "runAsNonRoot", true, "fsGroup", USER, "seccompProfile", "type", "RuntimeDefault",
            "initContainers", draft->init_containers, "containers", containers, "volumes",
            draft->volumes);
    draft->pod = json_pack("{s:s, s:s, s:o, s:o}", "apiVersion", "v1", "kind", "Pod", "metadata",
        make_metadata(draft->input->machine), "spec", draft->spec);
    add_compute(draft, containers);
    add_empty_dir(draft, TEMPORARY_VOLUME, "/tmp");
    add_empty_dir(draft, PRIVATE_VOLUME, CONTROLLER_PRIVATE_PATH);
    add_machine(draft);
    controller_pod_add_volumes(draft);
    controller_pod_add_kernel(draft);
    controller_pod_add_probes(draft);
    copy_scheduling(draft);
}

/* Only the CPU and memory of compute's resources. New reference. */
static json_t *share_resources(const json_t *compute)
{
    static const char *const kinds[] = {"limits", "requests"};
    static const char *const amounts[] = {"cpu", "memory"};
    const json_t *given = json_object_get(compute, "resources");
    json_t *resources = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        auto_json json_t *quantities = json_object();
        for (size_t k = 0; k < ARRAY_SIZE(amounts); k++) {
            json_t *quantity = json_object_get(json_object_get(given, kinds[i]), amounts[k]);
            if (quantity != NULL)
                json_object_set(quantities, amounts[k], quantity);
        }
        if (json_object_size(quantities) > 0)
            json_object_set(resources, kinds[i], quantities);
    }
    return resources;
}

/* Gives the init containers that copy files, unless already set, what compute has after the
 * template was applied: its image to the one that has busybox, and its resources to all. These cost
 * nothing, because init containers run one after another before compute. */
static void finish_copies(struct controller_pod_draft *draft)
{
    auto_json json_t *resources = share_resources(draft->compute);
    auto_json json_t *image =
        json_pack("{s:O*, s:O*}", "image", json_object_get(draft->compute, "image"),
            "imagePullPolicy", json_object_get(draft->compute, "imagePullPolicy"));
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach (draft->init_containers, index, container) {
        const char *name = text_or(json_get_string(container, "name"), "");
        if (streq(name, CONTROLLER_TOOLS_CONTAINER))
            json_object_update_missing(container, image);
        if (text_starts_with(name, CONTROLLER_COPY_PREFIX) &&
            json_object_get(container, "resources") == NULL)
            json_object_set(container, "resources", resources);
    }
    if (json_array_size(draft->init_containers) == 0)
        json_object_del(draft->spec, "initContainers");
}

/* Adds findings of a rendering: faults of the annotation with their place in the VMI, and faults of
 * the pod as faults of the template, because our own pods are right. */
static void add_render_findings(
    struct controller_pod_draft *draft, const struct findings *rendering)
{
    const struct controller_settings *settings = draft->input->settings;
    const json_t *metadata = json_object_get(draft->input->machine, "metadata");
    struct findings ignored = {0};
    const char *key = NULL;
    annotations_find(
        json_object_get(metadata, "annotations"), settings->annotation_key, &key, &ignored);
    findings_clear(&ignored);
    auto_free char *place =
        json_pointer_join("/metadata/annotations", text_or(key, ANNOTATIONS_KEY_KUBEVIRT));
    for (size_t i = 0; i < rendering->count; i++) {
        const struct finding *finding = &rendering->items[i];
        bool of_pod = streq(finding->pointer, "/pod");
        auto_free char *pointer =
            of_pod ? xstrdup("/template") : xasprintf("%s%s", place, finding->pointer);
        findings_add(
            draft->findings, finding->severity, finding->class, pointer, "%s", finding->message);
    }
}

/* The pod with its sidecars. New reference, or NULL with findings. */
static json_t *render(struct controller_pod_draft *draft)
{
    const struct controller_settings *settings = draft->input->settings;
    const struct annotations_render_options options = {
        .shim_image = settings->shim_image,
        .manager_image = settings->manager_image,
        .annotation_key = settings->annotation_key,
    };
    if (draft->input->list == NULL)
        return json_incref(draft->pod);
    struct findings rendering = {0};
    json_t *pod = annotations_render(draft->pod, draft->input->list, &options, &rendering);
    add_render_findings(draft, &rendering);
    findings_clear(&rendering);
    return pod;
}

/* Kubernetes refuses a pod with more annotations.
 * Source: Kubernetes, apimachinery, ValidateAnnotationsSize. */
static void check_annotations(const struct controller_pod_draft *draft)
{
    json_t *annotations = json_object_get(json_object_get(draft->pod, "metadata"), "annotations");
    const char *key = NULL;
    json_t *value = NULL;
    size_t total = 0;
    json_object_foreach (annotations, key, value)
        total += strlen(key) + json_string_length(value);
    if (total <= ANNOTATIONS_MAX_TOTAL)
        return;
    findings_error(draft->findings, "",
        "is too large for its pod, which carries the VMI in an annotation "
        "(" CONTROLLER_MACHINE_ANNOTATION
        ", %zu bytes) and would have %zu bytes of annotations; Kubernetes allows %d. Move long "
        "data, such as cloud-init data, to a Secret (secretRef)",
        json_string_length(json_object_get(annotations, CONTROLLER_MACHINE_ANNOTATION)), total,
        ANNOTATIONS_MAX_TOTAL);
}

static bool check_machine(const json_t *machine, struct findings *findings)
{
    static const char *const required[] = {"name", "namespace", "uid"};
    const json_t *metadata = json_object_get(machine, "metadata");
    size_t errors = findings->errors;
    for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
        auto_free char *pointer = json_pointer_join("/metadata", required[i]);
        if (text_or(json_get_string(metadata, required[i]), "")[0] == '\0')
            findings_error(findings, pointer, "is missing");
    }
    if (!json_is_object(json_pointer_get(machine, "/spec/domain")))
        findings_error(findings, "/spec/domain", "must be an object: the machine");
    return findings->errors == errors;
}

json_t *controller_pod_make(const struct controller_pod_input *input, struct findings *findings)
{
    size_t errors = findings->errors;
    struct controller_pod_draft draft = {
        .input = input,
        .namespace = kube_namespace(input->machine),
        .machine_spec = json_object_get(input->machine, "spec"),
        .domain = json_pointer_get(input->machine, "/spec/domain"),
        .findings = findings,
    };
    if (!check_machine(input->machine, findings))
        return NULL;
    make_pod(&draft);
    if (input->template_ != NULL)
        controller_pod_template_apply(draft.pod, input->template_);
    if (json_get_string(draft.compute, "image") == NULL) {
        findings_error(findings, "/template/spec/containers",
            "have no image for compute, and the controller was not given one (launcherImage)");
    }
    finish_copies(&draft);
    check_annotations(&draft);
    json_t *pod = render(&draft);
    json_decref(draft.pod);
    if (findings->errors == errors)
        return pod;
    json_decref(pod);
    return NULL;
}
