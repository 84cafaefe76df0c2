#include "machine/cloud_init.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_go.h"
#include "base/text.h"
#include "machine/access_credentials.h"
#include "machine/paths.h"
#include "machine/uuid.h"
#include "machine/value.h"

enum { MAX_HOSTNAME = 63 };

/* The two data sources: how they are called, and where their files are. */
static const struct data_source {
    enum machine_volume_kind kind;
    const char *volume; /* the member of the volume */
    const char *name; /* in DataSource, and in the propagation method of a key */
    const char *label; /* of the image */
    const char *directory; /* of the files, in the image */
    const char *meta; /* the member of the data */
    const char *user_file, *meta_file, *network_file;
} data_sources[] = {
    {MACHINE_CLOUD_INIT_NO_CLOUD, "cloudInitNoCloud", "noCloud", "cidata", "", "NoCloudMetaData",
        "user-data", "meta-data", "network-config"},
    {MACHINE_CLOUD_INIT_CONFIG_DRIVE, "cloudInitConfigDrive", "configDrive", "config-2",
        "openstack/latest", "ConfigDriveMetaData", "user_data", "meta_data.json",
        "network_data.json"},
};

/* The fields of a volume that may hold one of the two texts. */
struct text_source {
    const char *plain; /* in the volume, plain */
    const char *base64; /* in the volume, encoded */
    const char *secret; /* in the volume: the reference to a secret */
    const char *const *keys; /* in the secret: either key */
};

static const struct text_source user_data = {
    "userData", "userDataBase64", "secretRef", (const char *const[]){"userdata", "userData", NULL}};
static const struct text_source network_data = {"networkData", "networkDataBase64",
    "networkDataSecretRef", (const char *const[]){"networkdata", "networkData", NULL}};

/* The making of the data. */
struct making {
    const json_t *vmi;
    const struct machine_volume *volume;
    const struct data_source *source;
    const json_t *spec; /* the source's object in the volume */
    const char *place; /* its JSON Pointer */
    bool dry_run;
    struct findings *findings;
};

static const struct data_source *source_of(const struct machine_volume *volume)
{
    for (size_t i = 0; i < ARRAY_SIZE(data_sources); i++) {
        if (data_sources[i].kind == volume->kind)
            return &data_sources[i];
    }
    return NULL;
}

/* The JSON Pointer of a volume in the VMI. Owned by the caller. */
static char *place_of(const json_t *vmi, const struct machine_volume *volume)
{
    const json_t *specs = machine_value(vmi, "/spec/volumes");
    size_t i = 0;
    while (i < json_array_size(specs) && json_array_get(specs, i) != volume->spec)
        i++;
    return xasprintf("/spec/volumes/%zu", i);
}

/* The only cloud-init volume; NULL when there is none, or with an error when there are several. */
static const struct machine_volume *find_volume(
    const json_t *vmi, const struct machine_volumes *volumes, struct findings *findings)
{
    const struct machine_volume *found = NULL;
    for (size_t i = 0; i < volumes->count; i++) {
        const struct machine_volume *volume = &volumes->items[i];
        if (source_of(volume) == NULL)
            continue;
        if (found != NULL) {
            auto_free char *place = place_of(vmi, volume);
            findings_error(findings, place,
                "the volumes %s and %s both hold cloud-init data: only one may", found->name,
                volume->name);
            return NULL;
        }
        found = volume;
    }
    return found;
}

static void fail(const struct making *making, const char *field, const char *what)
{
    auto_free char *place = json_pointer_join(making->place, field);
    findings_error(making->findings, place, "%s", what);
}

/* Returns a string, or NULL with an error if it is not UTF-8, which JSON needs. */
static json_t *text_new(
    const struct making *making, const char *field, const char *data, size_t length)
{
    size_t bad_at = 0;
    json_t *text = json_stringn(data, length);
    if (text != NULL && memchr(data, '\0', length) == NULL)
        return text;
    json_decref(text);
    if (text != NULL || text_is_utf8(data, length, &bad_at)) {
        fail(making, field, "it contains a zero byte");
        return NULL;
    }
    auto_free char *what = xasprintf("it is not UTF-8 text, which hooks need (byte %zu): neither "
                                     "compress it nor use another encoding",
        bad_at + 1);
    fail(making, field, what);
    return NULL;
}

/* Warns of more than KubeVirt lets into the API server. */
static void check_length(
    const struct making *making, const struct text_source *source, const char *field, size_t length)
{
    if (length <= MACHINE_CLOUD_INIT_INLINE_MAX_BYTES)
        return;
    auto_free char *place = json_pointer_join(making->place, field);
    findings_warning(making->findings, place,
        "it has %zu bytes, and KubeVirt's API refuses more than %d in a VMI: put them into a "
        "Secret (%s)",
        length, MACHINE_CLOUD_INIT_INLINE_MAX_BYTES, source->secret);
}

static json_t *read_inline(
    const struct making *making, const struct text_source *source, const char *field)
{
    json_t *given = json_object_get(making->spec, field);
    if (streq(field, source->plain)) {
        check_length(making, source, field, json_string_length(given));
        return json_incref(given);
    }
    auto_free char *data = NULL;
    size_t length = 0;
    auto_error struct error *error = NULL;
    if (base64_decode(json_string_value(given), json_string_length(given), &data, &length, &error) <
        0) {
        fail(making, field, error->message);
        return NULL;
    }
    check_length(making, source, field, length);
    return text_new(making, field, data, length);
}

static json_t *read_secret(const struct making *making, const struct text_source *source)
{
    const char *directory = making->volume->source;
    if (directory == NULL)
        return NULL; /* which is among the findings already */
    if (making->dry_run && access(directory, F_OK) < 0) {
        auto_free char *place = json_pointer_join(making->place, source->secret);
        findings_warning(making->findings, place,
            "its Secret is not on this machine, so hooks get no %s: give the directory of its "
            "files with --volume-dir %s=PATH (the default is %s)",
            source->plain, making->volume->name, directory);
        return json_string("");
    }
    for (const char *const *key = source->keys; *key != NULL; key++) {
        auto_free char *path = file_join(directory, *key);
        auto_free char *data = NULL;
        size_t length = 0;
        auto_error struct error *error = NULL;
        if (access(path, F_OK) < 0)
            continue;
        if (file_read(path, MACHINE_SECRET_MAX_BYTES, &data, &length, &error) == 0)
            return text_new(making, source->secret, data, length);
        fail(making, source->secret, error->message);
        return NULL;
    }
    auto_free char *what = xasprintf("its Secret has neither the key %s nor %s (in %s)",
        source->keys[0], source->keys[1], directory);
    fail(making, source->secret, what);
    return NULL;
}

/* Whether the volume has the field, and it is not empty: a text, or a reference with a name. */
static bool has(const json_t *spec, const char *field)
{
    return json_string_length(json_object_get(spec, field)) > 0 || machine_refers(spec, field);
}

/* Reads one of the two texts; "" when the volume has none. KubeVirt's launcher prefers a Secret, and
 * hands out VMIs that have its text as well. New reference, or NULL with an error. */
static json_t *read_text(const struct making *making, const struct text_source *source)
{
    const char *given = has(making->spec, source->plain)    ? source->plain
                        : has(making->spec, source->base64) ? source->base64
                                                            : NULL;
    if (given == source->plain && has(making->spec, source->base64)) {
        auto_free char *what = xasprintf("cannot be there beside %s: only one may", given);
        fail(making, source->base64, what);
        return NULL;
    }
    bool by_secret = has(making->spec, source->secret);
    if (by_secret && given != NULL) {
        auto_free char *place = json_pointer_join(making->place, source->secret);
        findings_warning(making->findings, place,
            "KubeVirt's API refuses it beside %s; its launcher prefers the Secret", given);
        by_secret = !making->dry_run || access(text_or(making->volume->source, ""), F_OK) == 0;
    }
    if (by_secret)
        return read_secret(making, source);
    return given != NULL ? read_inline(making, source, given) : json_string("");
}

/* The guest's host name: spec.hostname, or else the VMI's name up to the first dot. Owned by the
 * caller. */
static char *hostname_of(const json_t *vmi)
{
    const char *given = machine_string(vmi, "/spec/hostname");
    if (given != NULL)
        return xstrdup(given);
    const char *name = text_or(machine_string(vmi, "/metadata/name"), "");
    size_t length = strcspn(name, ".");
    return xstrndup(name, length < MAX_HOSTNAME ? length : MAX_HOSTNAME);
}

/* The name of the instance type that was applied, or NULL. Borrowed. */
static const char *instance_type_of(const json_t *vmi)
{
    const json_t *annotations = machine_value(vmi, "/metadata/annotations");
    const char *cluster = json_get_string(annotations, "kubevirt.io/cluster-instancetype-name");
    const char *name = cluster != NULL && cluster[0] != '\0'
                           ? cluster
                           : json_get_string(annotations, "kubevirt.io/instancetype-name");
    return name != NULL && name[0] != '\0' ? name : NULL;
}

/* The least of meta data: what instance the guest is. New reference. */
static json_t *identity_of(const json_t *vmi, const struct data_source *source)
{
    auto_free char *uuid = machine_uuid(vmi);
    const char *type = instance_type_of(vmi);
    if (source->kind == MACHINE_CLOUD_INIT_NO_CLOUD)
        return json_pack("{s:s*, s:s}", "instance-type", type, "instance-id", uuid);
    auto_free char *id = xasprintf("%s.%s", text_or(machine_string(vmi, "/metadata/name"), ""),
        text_or(machine_string(vmi, "/metadata/namespace"), "default"));
    return json_pack("{s:s*, s:s}", "instance_type", type, "instance_id", id);
}

/* The meta data of either data source. take_keys are the guest's SSH keys. New reference. */
static json_t *meta_data(const struct making *making, json_t *take_keys)
{
    json_t *meta = identity_of(making->vmi, making->source);
    auto_free char *hostname = hostname_of(making->vmi);
    bool drive = making->source->kind == MACHINE_CLOUD_INIT_CONFIG_DRIVE;
    json_object_set_new(meta, drive ? "hostname" : "local-hostname", json_string(hostname));
    if (drive) {
        auto_free char *uuid = machine_uuid(making->vmi);
        json_object_set_new(meta, "uuid", json_string(uuid));
    }
    if (json_object_size(take_keys) > 0)
        json_object_set(meta, drive ? "public_keys" : "public-keys", take_keys);
    json_decref(take_keys);
    return meta;
}

/* The data of the volume. New reference, or NULL with errors. */
static json_t *make_data(const struct making *making, const struct pairs *directories)
{
    size_t errors = making->findings->errors;
    auto_json json_t *user = read_text(making, &user_data);
    auto_json json_t *network = read_text(making, &network_data);
    json_t *keys = machine_access_credentials_keys(
        making->vmi, making->source->name, directories, making->dry_run, making->findings);
    auto_json json_t *meta = meta_data(making, keys);
    bool by_secret = has(making->spec, user_data.secret) || has(making->spec, network_data.secret);
    if (user != NULL && network != NULL && !(making->dry_run && by_secret) &&
        json_string_length(user) == 0 && json_string_length(network) == 0) {
        findings_error(making->findings, making->place,
            "has neither user data nor network data: set userData, networkData, or one of their "
            "other forms (%s, %s, %s, %s)",
            user_data.base64, user_data.secret, network_data.base64, network_data.secret);
    }
    if (user == NULL || network == NULL || making->findings->errors > errors)
        return NULL;
    json_t *data = json_pack("{s:s}", "DataSource", making->source->name);
    for (size_t i = 0; i < ARRAY_SIZE(data_sources); i++)
        json_object_set(
            data, data_sources[i].meta, making->source == &data_sources[i] ? meta : json_null());
    json_object_set(data, "UserData", user);
    json_object_set(data, "NetworkData", network);
    json_object_set_new(data, "DevicesData", json_null());
    json_object_set_new(data, "VolumeName", json_string(making->volume->name));
    return data;
}

json_t *machine_cloud_init_data(const json_t *vmi, const struct machine_volumes *volumes,
    const struct machine_volume_options *options, struct findings *findings)
{
    const struct machine_volume *volume = find_volume(vmi, volumes, findings);
    if (volume == NULL)
        return NULL;
    const struct data_source *source = source_of(volume);
    auto_free char *outer = place_of(vmi, volume);
    auto_free char *place = json_pointer_join(outer, source->volume);
    const struct making making = {
        .vmi = vmi,
        .volume = volume,
        .source = source,
        .spec = json_object_get(volume->spec, source->volume),
        .place = place,
        .dry_run = options->dry_run,
        .findings = findings,
    };
    return make_data(&making, &options->directories);
}

static int write_file(
    const char *directory, const char *name, const char *data, size_t length, struct error **err)
{
    auto_free char *path = file_join(directory, name);
    return file_write(path, data, length, 0600, err);
}

/* Writes a text, which may be NULL. */
static int write_text(
    const char *directory, const char *name, const json_t *text, struct error **err)
{
    size_t length = json_string_length(text);
    return write_file(directory, name, length > 0 ? json_string_value(text) : "", length, err);
}

/* Writes the meta data; for a config drive, with the data's devices. */
static int write_meta_data(const json_t *data, const json_t *vmi, const struct data_source *source,
    const char *directory, struct error **err)
{
    const json_t *given = json_object_get(data, source->meta);
    const json_t *devices = json_object_get(data, "DevicesData");
    auto_json json_t *meta =
        json_is_object(given) ? json_copy((json_t *)given) : identity_of(vmi, source);
    if (source->kind == MACHINE_CLOUD_INIT_CONFIG_DRIVE) {
        if (!json_is_object(given)) {
            auto_free char *uuid = machine_uuid(vmi);
            json_object_set_new(meta, "uuid", json_string(uuid));
        }
        if (json_is_array(devices))
            json_object_set(meta, "devices", (json_t *)devices);
    }
    auto_free char *text = json_go_text(meta);
    return write_file(directory, source->meta_file, text, strlen(text), err);
}

static const struct data_source *source_named(const char *name, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(data_sources); i++) {
        if (name != NULL && streq(name, data_sources[i].name))
            return &data_sources[i];
    }
    auto_free char *shown =
        name != NULL ? text_printable(name, strlen(name), MAX_HOSTNAME) : xstrdup("");
    error_set(err, ERROR_INPUT,
        "the cloud-init data has the DataSource \"%s\": it must be %s or %s", shown,
        data_sources[0].name, data_sources[1].name);
    return NULL;
}

int machine_cloud_init_write(const json_t *data, const json_t *vmi, const char *directory,
    const char **label, struct error **err)
{
    const struct data_source *source = source_named(json_get_string(data, "DataSource"), err);
    if (source == NULL)
        return -1;
    const json_t *user = json_object_get(data, "UserData");
    const json_t *network = json_object_get(data, "NetworkData");
    if (json_string_length(user) == 0 && json_string_length(network) == 0)
        return error_set(
            err, ERROR_INPUT, "the cloud-init data has neither UserData nor NetworkData");
    *label = source->label;
    auto_free char *below = file_join(directory, source->directory);
    if (file_make_directories(below, 0700, err) < 0 ||
        write_text(below, source->user_file, user, err) < 0 ||
        write_meta_data(data, vmi, source, below, err) < 0)
        return -1;
    return json_string_length(network) > 0 ? write_text(below, source->network_file, network, err)
                                           : 0;
}
