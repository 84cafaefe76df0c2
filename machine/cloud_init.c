#include "machine/cloud_init.h"

#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

enum {
    MAX_HOSTNAME = 63,
    SECRET_MAX_BYTES = 4 << 20, /* of a file; Kubernetes limits a Secret to 1 MiB */
};

static const char no_cloud[] = "noCloud";
static const char config_drive[] = "configDrive";

/* The fields of a volume that may hold one of the two texts. */
struct source {
    const char *plain; /* in the volume, plain */
    const char *base64; /* in the volume, encoded */
    const char *secret; /* in the volume: the reference to a secret */
    const char *const *keys; /* in the secret: either key */
};

static const struct source user_data = {
    "userData", "userDataBase64", "secretRef", (const char *const[]){"userdata", "userData", NULL}};
static const struct source network_data = {"networkData", "networkDataBase64",
    "networkDataSecretRef", (const char *const[]){"networkdata", "networkData", NULL}};

static bool is_cloud_init(const struct machine_volume *volume)
{
    return volume->kind == MACHINE_CLOUD_INIT_NO_CLOUD ||
           volume->kind == MACHINE_CLOUD_INIT_CONFIG_DRIVE;
}

/* The cloud-init volume, or NULL when there is none. */
static const struct machine_volume *find_volume(const struct machine_volumes *volumes)
{
    for (size_t i = 0; i < volumes->count; i++) {
        if (is_cloud_init(&volumes->items[i]))
            return &volumes->items[i];
    }
    return NULL;
}

/* Returns a string, or NULL with an input error if it is not UTF-8, which JSON needs. */
static json_t *text_new(const char *data, size_t length, struct error **err)
{
    json_t *text = json_stringn(data, length);
    if (text == NULL)
        error_set(err, ERROR_INPUT, "it is not UTF-8 text, which hooks need");
    return text;
}

static json_t *decode(const char *encoded, struct error **err)
{
    size_t size = strlen(encoded) / 4 * 3 + 3;
    auto_free char *data = xmalloc(size);
    int length = b64_pton(encoded, (unsigned char *)data, size);
    if (length < 0) {
        error_set(err, ERROR_INPUT, "it is not base64");
        return NULL;
    }
    return text_new(data, (size_t)length, err);
}

static json_t *read_secret(const char *directory, const char *const *keys, struct error **err)
{
    if (access(directory, F_OK) < 0)
        return json_string("");
    for (const char *const *key = keys; *key != NULL; key++) {
        auto_free char *path = file_join(directory, *key);
        auto_free char *data = NULL;
        size_t length = 0;
        if (access(path, F_OK) < 0)
            continue;
        if (file_read(path, SECRET_MAX_BYTES, &data, &length, err) < 0)
            return NULL;
        return text_new(data, length, err);
    }
    error_set(err, ERROR_INPUT, "%s has neither %s nor %s", directory, keys[0], keys[1]);
    return NULL;
}

/* Reads one of the two texts; "" when the volume has none. New reference, or NULL with an error. */
static json_t *read_text(const struct machine_volume *volume, const json_t *spec,
    const struct source *source, struct error **err)
{
    const char *plain = json_get_string(spec, source->plain);
    const char *encoded = json_get_string(spec, source->base64);
    json_t *text = NULL;
    const char *where = source->plain;
    if (plain != NULL && plain[0] != '\0') {
        text = json_string(plain);
    } else if (encoded != NULL && encoded[0] != '\0') {
        where = source->base64;
        text = decode(encoded, err);
    } else if (json_is_object(json_object_get(spec, source->secret)) && volume->source != NULL) {
        where = source->secret;
        text = read_secret(volume->source, source->keys, err);
    } else {
        text = json_string("");
    }
    if (text == NULL)
        error_wrap(err, "volume %s: %s", volume->name, where);
    return text;
}

/* The guest's host name: spec.hostname, or else the VMI's name, up to the first dot. Owned by the
 * caller. */
static char *hostname_of(const json_t *vmi, const char *name)
{
    const char *given = json_get_string(json_object_get(vmi, "spec"), "hostname");
    const char *hostname = given != NULL && given[0] != '\0' ? given : name;
    size_t length = strcspn(hostname, ".");
    return xstrndup(hostname, length < MAX_HOSTNAME ? length : MAX_HOSTNAME);
}

/* The meta-data of either data source. New reference. */
static json_t *meta_data(const json_t *vmi, bool drive)
{
    const json_t *metadata = json_object_get(vmi, "metadata");
    const char *name = json_get_string(metadata, "name");
    const char *namespace = json_get_string(metadata, "namespace");
    const char *uid = json_get_string(metadata, "uid");
    name = name != NULL ? name : "";
    auto_free char *id = xasprintf("%s.%s", name, namespace != NULL ? namespace : "default");
    auto_free char *hostname = hostname_of(vmi, name);
    if (!drive)
        return json_pack("{s:s, s:s}", "instance-id", id, "local-hostname", hostname);
    json_t *data = json_pack(
        "{s:s, s:s, s:s}", "instance_id", id, "local_hostname", hostname, "hostname", hostname);
    if (uid != NULL)
        json_object_set_new(data, "uuid", json_string(uid));
    return data;
}

json_t *machine_cloud_init_data(
    const json_t *vmi, const struct machine_volumes *volumes, struct error **err)
{
    const struct machine_volume *volume = find_volume(volumes);
    if (volume == NULL)
        return NULL;
    for (const struct machine_volume *other = volume + 1; other < volumes->items + volumes->count;
         other++) {
        if (is_cloud_init(other)) {
            error_set(err, ERROR_INPUT,
                "the volumes %s and %s both hold cloud-init data: only one may", volume->name,
                other->name);
            return NULL;
        }
    }
    bool drive = volume->kind == MACHINE_CLOUD_INIT_CONFIG_DRIVE;
    const json_t *spec =
        json_object_get(volume->spec, drive ? "cloudInitConfigDrive" : "cloudInitNoCloud");
    auto_json json_t *user = read_text(volume, spec, &user_data, err);
    auto_json json_t *network = user != NULL ? read_text(volume, spec, &network_data, err) : NULL;
    if (network == NULL)
        return NULL;
    return json_pack("{s:s, s:o, s:o, s:O, s:O, s:n, s:s}", "DataSource",
        drive ? config_drive : no_cloud, "NoCloudMetaData",
        drive ? json_null() : meta_data(vmi, false), "ConfigDriveMetaData",
        drive ? meta_data(vmi, true) : json_null(), "UserData", user, "NetworkData", network,
        "DevicesData", "VolumeName", volume->name);
}

static int write_file(
    const char *directory, const char *name, const char *data, size_t length, struct error **err)
{
    auto_free char *path = file_join(directory, name);
    return file_write(path, data, length, 0600, err);
}

/* Writes a text of the data; skips an empty one if optional is set. */
static int write_text(const json_t *data, const char *key, const char *directory, const char *name,
    bool optional, struct error **err)
{
    const json_t *text = json_object_get(data, key);
    size_t length = json_string_length(text);
    if (length == 0 && optional)
        return 0;
    return write_file(directory, name, length > 0 ? json_string_value(text) : "", length, err);
}

static int write_meta_data(const json_t *data, const char *key, const char *directory,
    const char *name, struct error **err)
{
    const json_t *meta = json_object_get(data, key);
    auto_free char *text = json_dumps(json_is_object(meta) ? meta : NULL, JSON_COMPACT);
    if (text == NULL)
        return error_set(err, ERROR_INPUT, "the cloud-init data has no %s", key);
    return write_file(directory, name, text, strlen(text), err);
}

int machine_cloud_init_write(
    const json_t *data, const char *directory, const char **label, struct error **err)
{
    const char *source = json_get_string(data, "DataSource");
    bool drive = source != NULL && streq(source, config_drive);
    if (!drive && (source == NULL || !streq(source, no_cloud)))
        return error_set(err, ERROR_INPUT,
            "the cloud-init data has the DataSource \"%s\": it must be %s or %s",
            source != NULL ? source : "", no_cloud, config_drive);
    *label = drive ? "config-2" : "cidata";
    auto_free char *latest = drive ? file_join(directory, "openstack/latest") : xstrdup(directory);
    if (file_make_directories(latest, 0700, err) < 0 ||
        write_text(data, "UserData", latest, drive ? "user_data" : "user-data", false, err) < 0 ||
        write_meta_data(data, drive ? "ConfigDriveMetaData" : "NoCloudMetaData", latest,
            drive ? "meta_data.json" : "meta-data", err) < 0)
        return -1;
    return write_text(
        data, "NetworkData", latest, drive ? "network_data.json" : "network-config", true, err);
}
