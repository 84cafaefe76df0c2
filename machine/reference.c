#include "machine/reference.h"

#include <stdlib.h>
#include <strings.h>

#include "base/json.h"
#include "base/schema.h"
#include "base/text.h"
#include "machine/inference.h"
#include "machine/instancetype_fields.h"
#include "machine/preference_fields.h"
#include "machine/topology.h"
#include "machine/value.h"

#define VERSION "instancetype.kubevirt.io/v1beta1"

/* What is known about a role. */
struct facts {
    const char *name;
    const char *pointer; /* of the reference in the VM */
    const char *member; /* of the VM's spec */
    const char *label; /* of what a volume is made from */
    const char *status; /* what the cluster used when the VM was stored */
    enum machine_kind kinds[2]; /* without and with namespaces */
    const struct schema *schema;
};

static const struct facts facts[] = {
    [MACHINE_INSTANCETYPE] = {"instance type", "/spec/instancetype", "instancetype",
        "instancetype.kubevirt.io/default-instancetype",
        "/status/instancetypeRef/controllerRevisionRef/name",
        {MACHINE_KIND_CLUSTER_INSTANCETYPE, MACHINE_KIND_INSTANCETYPE},
        &machine_instancetype_schema},
    [MACHINE_PREFERENCE] = {"preference", "/spec/preference", "preference",
        "instancetype.kubevirt.io/default-preference",
        "/status/preferenceRef/controllerRevisionRef/name",
        {MACHINE_KIND_CLUSTER_PREFERENCE, MACHINE_KIND_PREFERENCE}, &machine_preference_schema},
};

static const char *const policies[] = {"Ignore", "Reject", NULL};

#define STRING SCHEMA_STRING, .type = "string"

static const struct schema_field matcher_fields[] = {
    {"name", STRING},
    {"kind", STRING},
    {"revisionName", STRING},
    {"inferFromVolume", STRING},
    {"inferFromVolumeFailurePolicy", STRING, .values = policies},
    {.path = NULL},
};

static const struct schema matcher_schema = {.fields = matcher_fields, .zero_is_absent = true};

/* A search under way. */
struct search {
    json_t *vm;
    const struct facts *facts;
    enum machine_role role;
    struct machine_known *known;
    struct findings *findings;
    json_t *matcher; /* the reference, without what is absent; owned */
    struct machine_inferred inferred; /* its source is NULL: the reference has a name itself */
    const char *namespace; /* of the VM */
};

const char *machine_role_name(enum machine_role role)
{
    return facts[role].name;
}

const char *machine_role_pointer(enum machine_role role)
{
    return facts[role].pointer;
}

char *machine_reference_say(const struct machine_reference *reference, const char *from)
{
    auto_free char *pointer = xasprintf("%s%s", reference->base, from);
    auto_free char *place = machine_known_place(reference->object, pointer);
    auto_free char *shown = machine_known_shown(reference->name);
    return xasprintf("the %s \"%s\" (%s)", facts[reference->role].name, shown, place);
}

/* Adds an error about a member of the reference; member is "" for the whole. An error about what
 * was inferred is one about the volume, and says what it was inferred from. Returns -1. */
static int refuse(const struct search *search, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const struct search *search, const char *member, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    const char *source = search->inferred.source;
    auto_free char *pointer =
        xasprintf("%s%s", search->facts->pointer, source != NULL ? "/inferFromVolume" : member);
    if (source != NULL)
        findings_error(search->findings, pointer, "%s; it is inferred from %s", message, source);
    else
        findings_error(search->findings, pointer, "%s", message);
    return -1;
}

/* Replaces the reference in the VM by one with what was inferred. */
static void set_inferred(struct search *search)
{
    bool ignore = machine_string(search->matcher, "/inferFromVolumeFailurePolicy") != NULL &&
                  streq(machine_string(search->matcher, "/inferFromVolumeFailurePolicy"), "Ignore");
    json_t *matcher =
        json_pack("{s:s, s:s*}", "name", search->inferred.name, "kind", search->inferred.kind);
    json_object_set(json_object_get(search->vm, "spec"), search->facts->member, matcher);
    json_decref(search->matcher);
    search->matcher = matcher;
    /* KubeVirt takes the memory of such a VM to be what holds when nothing can be inferred */
    if (ignore && search->role == MACHINE_INSTANCETYPE)
        json_object_del(json_pointer_get(search->vm, "/spec/template/spec/domain"), "memory");
}

/* Returns 1 if there is a reference now, 0 if there is none, or -1 with an error. */
static int infer(struct search *search, const char *volume)
{
    const char *policy = machine_string(search->matcher, "/inferFromVolumeFailurePolicy");
    enum machine_inference result = machine_infer(search->vm, search->namespace, volume,
        search->facts->label, search->known, &search->inferred);
    const char *message = search->inferred.message;
    auto_free char *pointer = xasprintf("%s/inferFromVolume", search->facts->pointer);
    if (result == MACHINE_INFERRED) {
        set_inferred(search);
        return 1;
    }
    if (result == MACHINE_INFERENCE_FAILED || policy == NULL || !streq(policy, "Ignore")) {
        findings_error(search->findings, pointer, "%s", message);
        return -1;
    }
    findings_warning(
        search->findings, pointer, "no %s is applied: %s", search->facts->name, message);
    json_object_del(json_object_get(search->vm, "spec"), search->facts->member);
    return 0;
}

/* Checks the members of the reference, and infers what it does not name. Returns as infer does. */
static int settle(struct search *search)
{
    const json_t *given = machine_value(search->vm, search->facts->pointer);
    if (given == NULL)
        return 0;
    if (!json_is_object(given))
        return refuse(search, "", "must be an object, not %s", json_kind(given));
    size_t errors = search->findings->errors;
    search->matcher =
        schema_check(&matcher_schema, given, search->facts->pointer, search->findings);
    const char *volume = machine_string(search->matcher, "/inferFromVolume");
    bool has_name = machine_value(search->matcher, "/name") != NULL;
    if (volume != NULL && has_name)
        refuse(search, "/name", "is given beside inferFromVolume: leave out one of them");
    if (volume != NULL && machine_value(search->matcher, "/kind") != NULL)
        refuse(search, "/kind", "is given beside inferFromVolume: leave out one of them");
    if (volume == NULL && !has_name)
        refuse(search, "", "has neither name nor inferFromVolume");
    if (search->findings->errors > errors)
        return -1;
    return volume != NULL ? infer(search, volume) : 1;
}

/* The kind that the reference names; KubeVirt takes singular and plural, in any letter case. */
static int kind_of(const struct search *search, enum machine_kind *out)
{
    const char *given = machine_string(search->matcher, "/kind");
    const enum machine_kind *kinds = search->facts->kinds;
    for (size_t i = 0; i < ARRAY_SIZE(search->facts->kinds); i++) {
        *out = kinds[i];
        if (given == NULL || strcasecmp(given, machine_kind_name(kinds[i])) == 0 ||
            strcasecmp(given, machine_kind_plural(kinds[i])) == 0)
            return 0;
    }
    auto_free char *shown = machine_known_shown(given);
    return refuse(search, "/kind", "%smust be %s (the default) or %s, not \"%s\"",
        search->inferred.source != NULL ? "the kind " : "", machine_kind_name(kinds[0]),
        machine_kind_name(kinds[1]), shown);
}

/* Sets *out to what a ControllerRevision has a copy of. The error is about the value at pointer in
 * the VM, which names it. */
static int take_revision(const struct search *search, const struct machine_known_object *object,
    const char *pointer, struct machine_reference *out)
{
    const json_t *value = machine_known_value(object);
    const char *kind = machine_string(value, "/data/kind");
    const enum machine_kind *kinds = search->facts->kinds;
    if (kind == NULL ||
        (!streq(kind, machine_kind_name(kinds[0])) && !streq(kind, machine_kind_name(kinds[1])))) {
        auto_free char *place = machine_known_place(object, "/data");
        findings_error(search->findings, pointer,
            "the ControllerRevision has neither a %s nor a %s in it (%s)",
            machine_kind_name(kinds[0]), machine_kind_name(kinds[1]), place);
        return -1;
    }
    out->object = object;
    out->base = "/data/spec";
    return 0;
}

static int find_revision(
    const struct search *search, const char *name, struct machine_reference *out)
{
    const struct machine_known_object *object =
        machine_known_find(search->known, MACHINE_KIND_REVISION, search->namespace, name);
    auto_free char *pointer = xasprintf("%s/revisionName", search->facts->pointer);
    if (object != NULL)
        return take_revision(search, object, pointer, out);
    auto_free char *shown = machine_known_shown(name);
    auto_free char *namespace = machine_known_shown(search->namespace);
    return refuse(search, "/revisionName",
        "the ControllerRevision \"%s\" of namespace %s is not in the files (add what \"kubectl get "
        "controllerrevisions %s -n %s -o yaml\" prints, or leave out revisionName)",
        shown, namespace, shown, namespace);
}

/* Takes the revision that the VM's status names, which counts if it is of the same name. Returns 1
 * if there is one in the files, 0 if not, or -1 with an error. */
static int find_stored(const struct search *search, struct machine_reference *out)
{
    const char *pointer = search->facts->status;
    const char *name = machine_string(search->vm, pointer);
    if (name == NULL)
        return 0;
    const struct machine_known_object *object =
        machine_known_find(search->known, MACHINE_KIND_REVISION, search->namespace, name);
    if (object == NULL) {
        auto_free char *shown = machine_known_shown(name);
        findings_warning(search->findings, pointer,
            "the ControllerRevision \"%s\", which the cluster applies, is not in the files: the %s "
            "of the name is applied",
            shown, search->facts->name);
        return 0;
    }
    const json_t *labels = machine_value(machine_known_value(object), "/metadata/labels");
    const char *of = json_get_string(labels, "instancetype.kubevirt.io/object-name");
    if (of == NULL || !streq(of, out->name))
        return 0;
    return take_revision(search, object, pointer, out) < 0 ? -1 : 1;
}

static int find_named(const struct search *search, struct machine_reference *out)
{
    out->base = "/spec";
    out->object = machine_known_find(search->known, out->kind, search->namespace, out->name);
    if (out->object != NULL)
        return 0;
    bool has_namespace = out->kind == search->facts->kinds[1];
    auto_free char *shown = machine_known_shown(out->name);
    auto_free char *namespace = machine_known_shown(search->namespace);
    auto_free char *hint =
        machine_known_hint(search->known, out->kind, search->namespace, out->name);
    auto_free char *in = has_namespace ? xasprintf(" -n %s", namespace) : xstrdup("");
    auto_free char *remedy = xasprintf(" (add what \"kubectl get %s %s%s -o yaml\" prints)",
        machine_kind_plural(out->kind), shown, in);
    return refuse(search, "/name", "there is no %s \"%s\" in the files%s%s",
        machine_kind_name(out->kind), shown, has_namespace ? "" : " or among KubeVirt 1.9's own",
        hint[0] != '\0' ? hint : remedy);
}

/* What several fields of the spec say together. */
static void check_together(enum machine_role role, const json_t *spec, struct findings *faults)
{
    struct machine_topology topology = machine_topology_of(spec);
    if (role == MACHINE_PREFERENCE && !machine_topology_is_valid(&topology))
        findings_error(faults, "/cpu/spreadOptions",
            "needs the ratio 2 where vCPUs are spread across cores and threads");
    if (role == MACHINE_INSTANCETYPE && machine_value(spec, "/memory/hugepages") != NULL &&
        machine_integer(spec, "/memory/overcommitPercent", 0) != 0)
        findings_error(faults, "/memory/overcommitPercent", "cannot be used with hugepages");
}

/* Adds everything that is wrong with the object; pointers are relative to its spec. */
static void find_faults(
    const struct search *search, const struct machine_reference *found, struct findings *faults)
{
    const json_t *value = machine_known_value(found->object);
    bool is_revision = streq(found->base, "/data/spec");
    const char *version = machine_string(value, is_revision ? "/data/apiVersion" : "/apiVersion");
    if (version != NULL && !streq(version, VERSION)) {
        findings_error(faults, "", "has the version %s, not " VERSION, version);
    } else if (!json_is_object(found->spec)) {
        findings_error(faults, "", "must be an object, not %s",
            found->spec != NULL ? json_kind(found->spec) : "null");
    } else {
        json_decref(schema_check(search->facts->schema, found->spec, "", faults));
        check_together(search->role, found->spec, faults);
    }
    if (faults->errors == 0 && !machine_known_charge(search->known, found->object))
        findings_error(faults, "",
            "cannot be applied again: instance types and preferences of %d MiB in all have been",
            MACHINE_APPLIED_MAX_BYTES >> 20);
}

/* Reports each fault of the object as one of the reference, with both places. */
static int check_object(const struct search *search, struct machine_reference *out)
{
    struct findings faults = {0};
    out->spec = machine_value(machine_known_value(out->object), out->base);
    find_faults(search, out, &faults);
    for (size_t i = 0; i < faults.count; i++) {
        auto_free char *said = machine_reference_say(out, faults.items[i].pointer);
        refuse(search, "", "%s %s", said, faults.items[i].message);
    }
    int result = faults.errors > 0 ? -1 : 0;
    findings_clear(&faults);
    return result;
}

static int find(const struct search *search, struct machine_reference *out)
{
    const char *revision = machine_string(search->matcher, "/revisionName");
    if (kind_of(search, &out->kind) < 0)
        return -1;
    const json_t *given = machine_value(search->vm, search->facts->pointer);
    xstrset(&out->name, machine_string(given, "/name"));
    if (revision != NULL)
        return find_revision(search, revision, out);
    int stored = find_stored(search, out);
    return stored != 0 ? (stored < 0 ? -1 : 0) : find_named(search, out);
}

int machine_reference_find(json_t *vm, enum machine_role role, const char *namespace,
    struct machine_known *known, struct machine_reference *out, struct findings *findings)
{
    *out = (struct machine_reference){.role = role};
    struct search search = {
        .vm = vm,
        .facts = &facts[role],
        .role = role,
        .known = known,
        .findings = findings,
        .namespace = namespace,
    };
    int result = settle(&search);
    if (result == 1)
        result = find(&search, out) < 0 || check_object(&search, out) < 0 ? -1 : 0;
    if (result < 0)
        out->object = NULL;
    json_decref(search.matcher);
    machine_inferred_clear(&search.inferred);
    return result;
}

void machine_reference_clear(struct machine_reference *reference)
{
    free(reference->name);
    *reference = (struct machine_reference){0};
}
