#include "appliance/types.h"

#include <string.h>
#include <strings.h>

#include "appliance/parameters.h"
#include "appliance/volumes.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/expansion.h"
#include "machine/inference.h"

#define DOMAIN "/spec/template/spec/domain"
#define OWN_MEMORY "/memory/guest" /* of the domain */

/* What is known about a role. */
struct facts {
    const char *member; /* of the VM's spec */
    const char *label; /* of a DataSource, with the name */
    const char *kind_label; /* with its kind */
    const char *option; /* the request's word for it, in messages */
    const char *default_kind;
    enum appliance_kind kinds[2]; /* without and with namespaces */
    enum machine_kind machine_kinds[2]; /* the same */
};

static const struct facts facts[] = {
    [MACHINE_INSTANCETYPE] = {"instancetype", "instancetype.kubevirt.io/default-instancetype",
        "instancetype.kubevirt.io/default-instancetype-kind", "instance type",
        "VirtualMachineClusterInstancetype",
        {APPLIANCE_CLUSTER_INSTANCETYPE, APPLIANCE_INSTANCETYPE},
        {MACHINE_KIND_CLUSTER_INSTANCETYPE, MACHINE_KIND_INSTANCETYPE}},
    [MACHINE_PREFERENCE] = {"preference", "instancetype.kubevirt.io/default-preference",
        "instancetype.kubevirt.io/default-preference-kind", "preference",
        "VirtualMachineClusterPreference", {APPLIANCE_CLUSTER_PREFERENCE, APPLIANCE_PREFERENCE},
        {MACHINE_KIND_CLUSTER_PREFERENCE, MACHINE_KIND_PREFERENCE}},
};

/* One role of a VM, being chosen. */
struct choice {
    struct appliance_draft *draft;
    const struct facts *facts;
    enum machine_role role;
    json_t *spec; /* of the VM; borrowed */
    const char *label; /* the DataSource's; NULL: none */
    const char *label_kind; /* likewise */
};

static bool is_given(const json_t *object, const char *key)
{
    const char *value = json_get_string(object, key);
    return value != NULL && value[0] != '\0';
}

/* Adds a finding at the DataSource's label. */
static void say_label(struct appliance_draft *draft, const struct facts *role,
    enum finding_severity severity, const char *message)
{
    auto_free char *pointer = json_pointer_join("/metadata/labels", role->label);
    findings_add(appliance_report_about(draft->report, draft->source->object, NULL), severity,
        ERROR_INPUT, pointer, "%s", message);
}

/* Adds a finding about the role where it was chosen. pointer is in the boilerplate. */
static void say(struct appliance_draft *draft, enum machine_role role,
    enum appliance_type_origin origin, enum finding_severity severity, const char *pointer,
    const char *message)
{
    if (origin == APPLIANCE_TYPE_LABEL)
        say_label(draft, &facts[role], severity, message);
    else if (origin == APPLIANCE_TYPE_ASKED)
        appliance_draft_say_request(draft, severity, "%s: %s", facts[role].option, message);
    else
        appliance_draft_say(draft, severity, pointer, "%s", message);
}

/* Whether nothing is completed: then it is not known in which namespace. */
static bool is_check(const struct appliance_draft *draft)
{
    return draft->request->namespace == NULL;
}

/* The index in a role's kinds of the kind that a reference names: singular or plural, in any letter
 * case; NULL and "" are the cluster's. -1: neither. */
static int kind_index(const struct facts *role, const char *kind)
{
    for (int i = 0; i < 2; i++) {
        if (kind == NULL || kind[0] == '\0' ||
            strcasecmp(kind, machine_kind_name(role->machine_kinds[i])) == 0 ||
            strcasecmp(kind, machine_kind_plural(role->machine_kinds[i])) == 0)
            return i;
    }
    return -1;
}

/* Whether there may be an object of a role's kind, in the VM's namespace. */
static bool is_there(
    struct appliance_draft *draft, const struct facts *role, int index, const char *name)
{
    const char *namespace = index > 0 ? draft->request->namespace : "";
    enum appliance_kind kind = role->kinds[index];
    if (index > 0 && is_check(draft))
        return true;
    if (appliance_objects_find(draft->objects, kind, namespace, name) != NULL)
        return true;
    if (appliance_objects_is_absent(draft->objects, kind, namespace, name))
        return appliance_objects_why_absent(draft->objects, kind, namespace, name) != NULL;
    return machine_known_find(
               &draft->objects->known, role->machine_kinds[index], namespace, name) != NULL;
}

/* Why a reference cannot be used: `there is no … "x"`; NULL: it can, or it cannot be told. with_hint
 * adds the nearest name. Owned by the caller. */
static char *fault_of(struct appliance_draft *draft, const struct facts *role, const char *kind,
    const char *name, bool with_hint)
{
    int index = kind_index(role, kind);
    auto_free char *shown = machine_known_shown(name);
    if (index < 0) {
        auto_free char *kind_shown = machine_known_shown(kind);
        return xasprintf("the kind must be %s or %s (any letter case, plural too), not \"%s\"",
            machine_kind_name(role->machine_kinds[0]), machine_kind_name(role->machine_kinds[1]),
            kind_shown);
    }
    if (is_there(draft, role, index, name))
        return NULL;
    const char *namespace = draft->request->namespace;
    auto_free char *hint = with_hint ? machine_known_hint(&draft->objects->known,
                                           role->machine_kinds[index], namespace, name)
                                     : xstrdup("");
    if (index == 0)
        return xasprintf("there is no cluster %s \"%s\"%s", role->option, shown, hint);
    return xasprintf(
        "there is no %s \"%s\" in namespace %s%s", role->option, shown, namespace, hint);
}

/* The fields of a domain that say how many processors it has, or how much memory: an instance type
 * says both. */
static const char *const own_resources[] = {"/cpu/sockets", "/cpu/cores", "/cpu/threads",
    OWN_MEMORY, "/resources/requests/cpu", "/resources/requests/memory", "/resources/limits/cpu",
    "/resources/limits/memory"};

static bool has_own(const json_t *domain, const char *pointer)
{
    const json_t *value = domain != NULL ? json_pointer_get(domain, pointer) : NULL;
    bool is_zero = json_is_integer(value) && json_integer_value(value) == 0;
    return value != NULL && !json_is_null(value) && !is_zero;
}

static bool has_own_resources(const struct appliance_draft *draft)
{
    const json_t *domain = appliance_draft_get(draft, DOMAIN);
    for (size_t i = 0; i < ARRAY_SIZE(own_resources); i++) {
        if (has_own(domain, own_resources[i]))
            return true;
    }
    return false;
}

/* An instance type that is asked for, or that the boilerplate refers to, beside those fields. Where
 * nothing need be inferred, the VM's own memory is what holds then. */
static void check_conflicts(struct appliance_draft *draft, enum appliance_type_origin origin)
{
    const char *matcher_pointer = machine_role_pointer(MACHINE_INSTANCETYPE);
    const json_t *matcher = appliance_draft_get(draft, matcher_pointer);
    const json_t *domain = appliance_draft_get(draft, DOMAIN);
    const char *policy = json_get_string(matcher, "inferFromVolumeFailurePolicy");
    bool ignores =
        is_given(matcher, "inferFromVolume") && policy != NULL && streq(policy, "Ignore");
    for (size_t i = 0; i < ARRAY_SIZE(own_resources); i++) {
        if (!has_own(domain, own_resources[i]) || (ignores && streq(own_resources[i], OWN_MEMORY)))
            continue;
        auto_free char *pointer = xasprintf(DOMAIN "%s", own_resources[i]);
        auto_free char *path = finding_path(pointer);
        if (origin == APPLIANCE_TYPE_ASKED)
            appliance_draft_say(draft, FINDING_ERROR, pointer,
                "conflicts with the instance type that is asked for: leave out one of them");
        else
            appliance_draft_say(draft, FINDING_ERROR, matcher_pointer,
                "conflicts with %s: remove one of them", path);
    }
}

/* Sets the VM's reference. kind may be NULL or "": the cluster's. */
static void set(json_t *spec, const struct facts *role, const char *kind, const char *name)
{
    bool has_kind = kind != NULL && kind[0] != '\0';
    json_object_set_new(spec, role->member,
        json_pack("{s:s, s:s}", "kind", has_kind ? kind : role->default_kind, "name", name));
}

/* Warns of a label that is not used, if that is not obvious. reason says why: "the boilerplate
 * names n1.xlarge"; NULL: only if its name is unknown. */
static void say_unused(const struct choice *choice, const char *reason)
{
    if (choice->label == NULL || choice->label[0] == '\0')
        return;
    auto_free char *fault =
        fault_of(choice->draft, choice->facts, choice->label_kind, choice->label, false);
    if (fault == NULL && (reason == NULL || is_check(choice->draft)))
        return;
    auto_free char *shown = machine_known_shown(choice->label);
    auto_free char *message =
        xasprintf("\"%s\" is not used%s%s%s%s", shown, reason != NULL ? ": " : "",
            text_or(reason, ""), fault != NULL ? "; and " : "", text_or(fault, ""));
    say_label(choice->draft, choice->facts, FINDING_WARNING, message);
}

/* Takes KIND/NAME, or NAME, of the request. */
static enum appliance_type_origin take_asked(const struct choice *choice, const char *asked)
{
    const char *slash = strrchr(asked, '/');
    const char *name = slash != NULL ? slash + 1 : asked;
    auto_free char *kind = slash != NULL ? xstrndup(asked, (size_t)(slash - asked)) : NULL;
    set(choice->spec, choice->facts, kind, name);
    auto_free char *fault = fault_of(choice->draft, choice->facts, kind, name, true);
    if (fault != NULL)
        say(choice->draft, choice->role, APPLIANCE_TYPE_ASKED, FINDING_ERROR, "", fault);
    if (choice->label != NULL && !streq(choice->label, name))
        say_unused(choice, NULL);
    return APPLIANCE_TYPE_ASKED;
}

static enum appliance_type_origin take_boilerplate(
    const struct choice *choice, const json_t *matcher)
{
    const char *name = json_get_string(matcher, "name");
    const char *kind = json_get_string(matcher, "kind");
    /* a wrong kind, and a name beside inferFromVolume, are reported by the check */
    if (name == NULL || kind_index(choice->facts, kind) < 0 ||
        is_given(matcher, "inferFromVolume") ||
        (!choice->draft->is_whole && appliance_parameters_refers(name, true)))
        return APPLIANCE_TYPE_BOILERPLATE;
    auto_free char *fault = fault_of(choice->draft, choice->facts, kind, name, true);
    auto_free char *pointer = xasprintf("%s/name", machine_role_pointer(choice->role));
    if (fault != NULL)
        appliance_draft_say(choice->draft, FINDING_ERROR, pointer, "%s", fault);
    auto_free char *shown = machine_known_shown(name);
    auto_free char *reason = xasprintf("the boilerplate names %s", shown);
    if (choice->label != NULL && !streq(choice->label, name))
        say_unused(choice, reason);
    return APPLIANCE_TYPE_BOILERPLATE;
}

static enum appliance_type_origin take_label(const struct choice *choice)
{
    if (choice->label == NULL || choice->label[0] == '\0')
        return APPLIANCE_TYPE_NONE;
    if (choice->role == MACHINE_INSTANCETYPE && has_own_resources(choice->draft)) {
        say_unused(choice, "the boilerplate sets processors or memory itself");
        return APPLIANCE_TYPE_NONE;
    }
    set(choice->spec, choice->facts, choice->label_kind, choice->label);
    auto_free char *fault =
        fault_of(choice->draft, choice->facts, choice->label_kind, choice->label, true);
    if (fault != NULL) /* who creates may ask for another one */
        say_label(choice->draft, choice->facts,
            is_check(choice->draft) ? FINDING_WARNING : FINDING_ERROR, fault);
    return APPLIANCE_TYPE_LABEL;
}

static enum appliance_type_origin choose(const struct choice *choice, const char *asked)
{
    const json_t *matcher = json_object_get(choice->spec, choice->facts->member);
    if (asked != NULL)
        return take_asked(choice, asked);
    bool is_empty = matcher == NULL || json_is_null(matcher) ||
                    (json_is_object(matcher) && json_object_size(matcher) == 0);
    if (!is_empty)
        return take_boilerplate(choice, matcher);
    json_object_del(choice->spec, choice->facts->member);
    return take_label(choice);
}

void appliance_types_choose(struct appliance_draft *draft, struct appliance_types *out)
{
    const json_t *labels = json_pointer_get(draft->source->object->value, "/metadata/labels");
    const char *const asked[] = {draft->request->instancetype, draft->request->preference};
    json_t *spec = appliance_draft_get(draft, "/spec");
    *out = (struct appliance_types){0};
    for (enum machine_role role = MACHINE_INSTANCETYPE; role <= MACHINE_PREFERENCE; role++) {
        struct choice choice = {
            .draft = draft,
            .facts = &facts[role],
            .role = role,
            .spec = spec,
            .label = json_get_string(labels, facts[role].label),
            .label_kind = json_get_string(labels, facts[role].kind_label),
        };
        out->origins[role] = choose(&choice, asked[role]);
    }
    enum appliance_type_origin origin = out->origins[MACHINE_INSTANCETYPE];
    if (origin == APPLIANCE_TYPE_ASKED || origin == APPLIANCE_TYPE_BOILERPLATE)
        check_conflicts(draft, origin);
}

/* Looks for what KubeVirt's inference reads, so that what is missing is wanted. spec is that of a
 * DataVolume or its template, or of a DataSource. */
static void want_source(
    struct appliance_objects *objects, const json_t *spec, const char *namespace, bool follow)
{
    static const struct {
        const char *pointer;
        enum appliance_kind kind;
    } rows[] = {{"/source/pvc", APPLIANCE_CLAIM}, {"/source/snapshot", APPLIANCE_SNAPSHOT},
        {"/sourceRef", APPLIANCE_DATA_SOURCE}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const json_t *of = json_pointer_get(spec, rows[i].pointer);
        const char *name = json_get_string(of, "name");
        const char *in = text_or(json_get_string(of, "namespace"), namespace);
        if (name == NULL)
            continue;
        const struct appliance_object *found =
            appliance_objects_find(objects, rows[i].kind, in, name);
        if (found != NULL && follow && rows[i].kind == APPLIANCE_DATA_SOURCE)
            want_source(objects, json_object_get(found->value, "spec"), in, false);
    }
}

static void want_inferred(const struct appliance_draft *draft, const char *volume_name)
{
    const char *key = NULL;
    const char *namespace = draft->request->namespace;
    json_t *volumes = appliance_draft_get(draft, "/spec/template/spec/volumes");
    json_t *volume = json_item_named(volumes, volume_name, NULL);
    const char *name = json_get_string(appliance_volumes_claim(volume, &key), key);
    if (name == NULL)
        return;
    const json_t *template = appliance_volumes_template(draft, name);
    if (template != NULL)
        want_source(draft->objects, json_object_get(template, "spec"), namespace, true);
    else if (appliance_objects_find(draft->objects, APPLIANCE_DATA_VOLUME, namespace, name) == NULL)
        appliance_objects_find(draft->objects, APPLIANCE_CLAIM, namespace, name);
}

/* Infers what one reference says; ignore: that nothing can be inferred is no error. */
static void infer(
    struct appliance_draft *draft, enum machine_role role, const char *volume, bool ignore)
{
    struct machine_inferred inferred;
    json_t *spec = appliance_draft_get(draft, "/spec");
    auto_free char *pointer = xasprintf("%s/inferFromVolume", machine_role_pointer(role));
    want_inferred(draft, volume);
    enum machine_inference result = machine_infer(draft->vm, draft->request->namespace, volume,
        facts[role].label, &draft->objects->known, &inferred);
    if (result == MACHINE_INFERRED) {
        auto_free char *fault = fault_of(draft, &facts[role], inferred.kind, inferred.name, true);
        if (fault != NULL)
            appliance_draft_say(draft, FINDING_ERROR, pointer, "%s; it is inferred from %s", fault,
                inferred.source);
        set(spec, &facts[role], inferred.kind, inferred.name);
        /* KubeVirt takes such a VM's memory to be what holds when nothing can be inferred */
        if (ignore && role == MACHINE_INSTANCETYPE)
            json_object_del(appliance_draft_get(draft, DOMAIN), "memory");
    } else if (result == MACHINE_NOT_INFERRED && ignore) {
        appliance_draft_say(draft, FINDING_WARNING, pointer, "no %s is used: %s",
            facts[role].option, inferred.message);
        json_object_del(spec, facts[role].member);
    } else {
        appliance_draft_say(draft, FINDING_ERROR, pointer, "%s", inferred.message);
    }
    machine_inferred_clear(&inferred);
}

void appliance_types_infer(struct appliance_draft *draft)
{
    for (enum machine_role role = MACHINE_INSTANCETYPE; role <= MACHINE_PREFERENCE; role++) {
        json_t *matcher = appliance_draft_get(draft, machine_role_pointer(role));
        const char *volume = json_get_string(matcher, "inferFromVolume");
        const char *policy = json_get_string(matcher, "inferFromVolumeFailurePolicy");
        if (volume == NULL || volume[0] == '\0')
            continue;
        auto_free char *name = xstrdup(volume);
        infer(draft, role, name, policy != NULL && streq(policy, "Ignore"));
    }
}

/* Passes on a finding of the expanded VM, to where the role that it is about was chosen. */
static void pass_on(struct appliance_draft *draft, const struct appliance_types *types,
    const struct finding *finding)
{
    for (enum machine_role role = MACHINE_INSTANCETYPE; role <= MACHINE_PREFERENCE; role++) {
        if (text_starts_with(finding->pointer, machine_role_pointer(role))) {
            say(draft, role, types->origins[role], finding->severity, finding->pointer,
                finding->message);
            return;
        }
    }
    appliance_draft_say(draft, finding->severity, finding->pointer, "%s", finding->message);
}

/* Whether the VM's reference can be applied; there may be none. One that may not be read cannot,
 * which is said. */
static bool is_known(
    struct appliance_draft *draft, const struct appliance_types *types, enum machine_role role)
{
    const json_t *matcher = appliance_draft_get(draft, machine_role_pointer(role));
    const char *name = json_get_string(matcher, "name");
    int index = kind_index(&facts[role], json_get_string(matcher, "kind"));
    if (name == NULL || index < 0)
        return matcher == NULL;
    const char *namespace = draft->request->namespace;
    const char *why =
        appliance_objects_why_absent(draft->objects, facts[role].kinds[index], namespace, name);
    if (why != NULL) {
        auto_free char *message = xasprintf("is not checked: %s", why);
        say(draft, role, types->origins[role], FINDING_WARNING, machine_role_pointer(role),
            message);
        return false;
    }
    return machine_known_find(
               &draft->objects->known, facts[role].machine_kinds[index], namespace, name) != NULL;
}

bool appliance_types_check_memory(struct appliance_draft *draft)
{
    static const char *const pointers[] = {OWN_MEMORY, "/memory/hugepages/pageSize",
        "/resources/requests/memory", "/resources/limits/memory"};
    const json_t *domain = appliance_draft_get(draft, DOMAIN);
    if (appliance_draft_get(draft, machine_role_pointer(MACHINE_INSTANCETYPE)) != NULL)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
        if (has_own(domain, pointers[i]))
            return true;
    }
    appliance_draft_say(draft, FINDING_ERROR, DOMAIN,
        "has no memory: neither the request, the boilerplate nor the DataSource's label %s names "
        "an instance type, and memory.guest is not set",
        facts[MACHINE_INSTANCETYPE].label);
    return false;
}

/* Those parts of the VM that decide whether its instance type and preference fit: devices that
 * these would only change are left out, as there may be many. New reference. */
static json_t *make_outline(const struct appliance_draft *draft)
{
    static const char *const kept[] = {"gpus", "hostDevices"};
    json_t *spec = appliance_draft_get(draft, "/spec");
    json_t *domain = json_copy(appliance_draft_get(draft, DOMAIN));
    json_t *devices = json_pack("{s:b}", "autoattachPodInterface", 0);
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        json_object_set(
            devices, kept[i], json_object_get(json_object_get(domain, "devices"), kept[i]));
    json_object_set_new(domain, "devices", devices);
    json_t *template = json_copy(json_object_get(spec, "template"));
    json_t *template_spec = json_copy(json_object_get(template, "spec"));
    json_object_set_new(template_spec, "domain", domain);
    json_object_del(template_spec, "volumes");
    json_object_del(template_spec, "networks");
    json_object_set_new(template, "spec", template_spec);
    json_t *outline = json_pack("{s:{}, s:{s:o}}", "metadata", "spec", "template", template);
    json_t *outline_spec = json_object_get(outline, "spec");
    for (enum machine_role role = MACHINE_INSTANCETYPE; role <= MACHINE_PREFERENCE; role++)
        json_object_set(
            outline_spec, facts[role].member, json_object_get(spec, facts[role].member));
    return outline;
}

void appliance_types_check(struct appliance_draft *draft, const struct appliance_types *types)
{
    if (!appliance_types_check_memory(draft) || !is_known(draft, types, MACHINE_INSTANCETYPE) ||
        !is_known(draft, types, MACHINE_PREFERENCE))
        return;
    struct findings findings = {0};
    struct machine_expansion expansion;
    auto_json json_t *outline = make_outline(draft);
    machine_expand(outline, draft->request->namespace, MACHINE_FOR_PRINT, &draft->objects->known,
        &expansion, &findings);
    for (size_t i = 0; i < findings.count; i++)
        pass_on(draft, types, &findings.items[i]);
    machine_expansion_clear(&expansion);
    findings_clear(&findings);
}
