#include "appliance/local_files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/access_credentials.h"
#include "machine/value.h"

/* What refers to a Secret or ConfigMap. */
static const struct reference {
    const char *pointer; /* in the volume, of the name */
    const char *kind;
    const char *keys[2]; /* the only ones that are wanted; NULL: all */
} references[] = {
    {"/cloudInitNoCloud/secretRef/name", "Secret", {"userdata", "userData"}},
    {"/cloudInitNoCloud/networkDataSecretRef/name", "Secret", {"networkdata", "networkData"}},
    {"/cloudInitConfigDrive/secretRef/name", "Secret", {"userdata", "userData"}},
    {"/cloudInitConfigDrive/networkDataSecretRef/name", "Secret", {"networkdata", "networkData"}},
    {"/configMap/name", "ConfigMap", {NULL, NULL}},
    {"/secret/secretName", "Secret", {NULL, NULL}},
    {"/sysprep/configMap/name", "ConfigMap", {NULL, NULL}},
    {"/sysprep/secret/name", "Secret", {NULL, NULL}},
};

/* Volumes made of files that only a cluster has. */
static const char *const clusters_own[] = {"/downwardAPI", "/serviceAccount"};

struct search {
    struct appliance_local_files *out;
    const json_t *objects;
    struct appliance_local_sources *sources;
    struct findings *findings;
    const char *pointer; /* where errors about it belong */
};

static const json_t *find_object(const json_t *objects, const char *kind, const char *name)
{
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *object = json_array_get(objects, i);
        const char *its_kind = machine_string(object, "/kind");
        const char *its_name = machine_string(object, "/metadata/name");
        if (its_kind != NULL && its_name != NULL && streq(its_kind, kind) && streq(its_name, name))
            return object;
    }
    return NULL;
}

/* The directory with this name, which is added if it is not there. */
static struct appliance_local_directory *directory_of(
    struct appliance_local_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (streq(files->items[i].name, name))
            return &files->items[i];
    }
    files->items = xreallocarray(files->items, files->count + 1, sizeof(*files->items));
    files->items[files->count] = (struct appliance_local_directory){.name = xstrdup(name)};
    return &files->items[files->count++];
}

/* Whether a key of a Secret or ConfigMap may be the name of a file. Source: Kubernetes API
 * reference, Secret, data. */
static bool is_key(const char *key)
{
    static const char valid[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(key);
    return length > 0 && length < NAME_MAX && strspn(key, valid) == length &&
           !text_starts_with(key, "..") && !streq(key, ".");
}

/* Adds a file, or replaces the one with this key. */
static void put(
    struct appliance_local_directory *directory, const char *key, char *take_data, size_t length)
{
    for (size_t i = 0; i < directory->count; i++) {
        struct appliance_local_file *file = &directory->files[i];
        if (!streq(file->key, key))
            continue;
        free_secret(file->data, file->length);
        file->data = take_data;
        file->length = length;
        return;
    }
    directory->files =
        xreallocarray(directory->files, directory->count + 1, sizeof(*directory->files));
    directory->files[directory->count++] =
        (struct appliance_local_file){xstrdup(key), take_data, length};
}

/* Adds the files of one member of an object. */
static void take(const struct search *search, struct appliance_local_directory *directory,
    const json_t *data, bool base64, const struct reference *reference)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach ((json_t *)data, key, value) {
        if (reference->keys[0] != NULL && text_index(key, reference->keys, 2) < 0)
            continue;
        auto_error struct error *error = NULL;
        char *bytes = NULL;
        size_t length = json_string_length(value);
        const char *text = json_string_value(value);
        if (!is_key(key) || text == NULL)
            error_set(&error, ERROR_INPUT, "it is not the name of a file with text");
        else if (!base64)
            bytes = xmemdup(text, length + 1);
        else
            base64_decode(text, length, &bytes, &length, &error);
        if (error == NULL) {
            put(directory, key, bytes, length);
            continue;
        }
        auto_free char *shown = text_printable(key, strlen(key), NAME_MAX);
        findings_error(search->findings, search->pointer, "the key \"%s\" of the %s: %s", shown,
            reference->kind, error->message);
    }
}

/* Finds the files for the directory called name: in the object, or in a directory that is given. */
static void find(const struct search *search, const char *name, const char *object_name,
    const struct reference *reference, bool optional)
{
    const char *const names[] = {name, object_name};
    size_t errors = search->findings->errors;
    const json_t *object = find_object(search->objects, reference->kind, object_name);
    auto_free char *given = appliance_local_source_given(
        search->sources, names, ARRAY_SIZE(names), search->pointer, search->findings);
    struct stat status;
    if (given != NULL && (stat(given, &status) < 0 || !S_ISDIR(status.st_mode))) {
        findings_error(search->findings, search->pointer, "%s is not a directory", given);
    } else if (given != NULL) {
        struct appliance_local_directory *directory = directory_of(search->out, name);
        free(directory->given);
        directory->given = steal(&given);
    } else if (object != NULL) {
        bool secret = streq(reference->kind, "Secret");
        struct appliance_local_directory *directory = directory_of(search->out, name);
        take(search, directory, json_object_get(object, "data"), secret, reference);
        take(search, directory, json_object_get(object, secret ? "stringData" : "binaryData"),
            !secret, reference);
    } else if (!optional && search->findings->errors == errors) {
        auto_free char *shown = text_printable(object_name, strlen(object_name), NAME_MAX);
        findings_error(search->findings, search->pointer,
            "the %s %s is not here: give a directory with its files with --source %s=PATH",
            reference->kind, shown, shown);
    }
}

static bool is_optional(const json_t *volume)
{
    return machine_boolean(volume, "/configMap/optional", false) ||
           machine_boolean(volume, "/secret/optional", false);
}

static void find_volume(const struct search *search, const json_t *volume)
{
    const char *name = machine_string(volume, "/name");
    if (name == NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
        const char *object = machine_string(volume, references[i].pointer);
        if (object != NULL && object[0] != '\0')
            find(search, name, object, &references[i], is_optional(volume));
    }
    for (size_t i = 0; i < ARRAY_SIZE(clusters_own); i++) {
        static const struct reference none = {.kind = "volume"};
        if (machine_value(volume, clusters_own[i]) != NULL)
            find(search, name, name, &none, false);
    }
}

static void find_credential(const struct search *search, const json_t *credential)
{
    static const struct reference all = {.kind = "Secret"};
    auto_free char *name = machine_access_credential_volume(credential);
    const char *secret = machine_string(credential, "/sshPublicKey/source/secret/secretName");
    if (secret == NULL)
        secret = machine_string(credential, "/userPassword/source/secret/secretName");
    if (name != NULL && secret != NULL)
        find(search, name, secret, &all, false);
}

int appliance_local_files_find(struct appliance_local_files *out, const json_t *vmi,
    const json_t *objects, struct appliance_local_sources *sources, struct findings *findings)
{
    size_t errors = findings->errors;
    *out = (struct appliance_local_files){0};
    struct search search = {
        .out = out, .objects = objects, .sources = sources, .findings = findings};
    const json_t *volumes = machine_value(vmi, "/spec/volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        auto_free char *pointer = json_pointer_index("/spec/template/spec/volumes", i);
        search.pointer = pointer;
        find_volume(&search, json_array_get(volumes, i));
    }
    const json_t *credentials = machine_value(vmi, "/spec/accessCredentials");
    for (size_t i = 0; i < json_array_size(credentials); i++) {
        auto_free char *pointer = json_pointer_index("/spec/template/spec/accessCredentials", i);
        search.pointer = pointer;
        find_credential(&search, json_array_get(credentials, i));
    }
    return findings->errors > errors ? -1 : 0;
}

int appliance_local_files_write(
    const struct appliance_local_files *files, const char *directory, struct error **err)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct appliance_local_directory *item = &files->items[i];
        if (item->given != NULL)
            continue;
        auto_free char *path = file_join(directory, item->name);
        if (file_make_directories(path, S_IRWXU, err) < 0)
            return -1;
        for (size_t k = 0; k < item->count; k++) {
            const struct appliance_local_file *file = &item->files[k];
            auto_free char *name = file_join(path, file->key);
            if (file_write(name, file->data, file->length, S_IRUSR | S_IWUSR, err) < 0)
                return -1;
        }
    }
    return 0;
}

void appliance_local_files_clear(struct appliance_local_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct appliance_local_directory *item = &files->items[i];
        for (size_t k = 0; k < item->count; k++) {
            free(item->files[k].key);
            free_secret(item->files[k].data, item->files[k].length);
        }
        free(item->files);
        free(item->name);
        free(item->given);
    }
    free(files->items);
    *files = (struct appliance_local_files){0};
}
