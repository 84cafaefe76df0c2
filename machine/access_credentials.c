#include "machine/access_credentials.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "machine/paths.h"
#include "machine/value.h"

/* The ways of a credential to the guest, the volume that each needs, and where it is written. */
static const struct {
    const char *pointer; /* in the credential */
    const char *volume; /* the kind of volume that carries it; NULL: the guest agent does it */
} methods[] = {
    {"/sshPublicKey/propagationMethod/noCloud", "cloudInitNoCloud"},
    {"/sshPublicKey/propagationMethod/configDrive", "cloudInitConfigDrive"},
    {"/sshPublicKey/propagationMethod/qemuGuestAgent", NULL},
    {"/userPassword/propagationMethod/qemuGuestAgent", NULL},
};

static const char *const kinds[] = {"sshPublicKey", "userPassword"};

static const json_t *credentials_of(const json_t *vmi)
{
    return machine_value(vmi, "/spec/accessCredentials");
}

static const char *secret_of(const json_t *credential)
{
    const char *name = machine_string(credential, "/sshPublicKey/source/secret/secretName");
    if (name == NULL)
        name = machine_string(credential, "/userPassword/source/secret/secretName");
    return name;
}

char *machine_access_credential_volume(const json_t *credential)
{
    const char *secret = secret_of(credential);
    return secret != NULL ? xasprintf("%s-access-cred", secret) : NULL;
}

static bool has_volume(const json_t *vmi, const char *kind)
{
    const json_t *volumes = machine_value(vmi, "/spec/volumes");
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        if (json_is_object(json_object_get(json_array_get(volumes, i), kind)))
            return true;
    }
    return false;
}

/* Checks the way at methods[index], which the credential at place has. */
static void check_method(
    const json_t *vmi, const char *place, size_t index, bool dry_run, struct findings *findings)
{
    auto_free char *pointer = xasprintf("%s%s", place, methods[index].pointer);
    if (methods[index].volume == NULL) {
        findings_add(findings, dry_run ? FINDING_WARNING : FINDING_ERROR, ERROR_INPUT, pointer,
            "is not done by hook-launcher, which does not talk to the QEMU guest agent in the "
            "running guest: %s",
            text_starts_with(methods[index].pointer, "/sshPublicKey")
                ? "use propagationMethod.noCloud or propagationMethod.configDrive"
                : "set the password in cloud-init's user data");
    } else if (!has_volume(vmi, methods[index].volume)) {
        findings_error(
            findings, pointer, "requires a volume with %s, in which it is", methods[index].volume);
    }
}

static void check_credential(const json_t *vmi, const json_t *credential, const char *place,
    bool dry_run, struct findings *findings)
{
    size_t kind_count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        kind_count += json_is_object(json_object_get(credential, kinds[i]));
    if (kind_count != 1) {
        findings_error(findings, place, "must have %s of sshPublicKey and userPassword, not %zu",
            kind_count == 0 ? "one" : "only one", kind_count);
        return;
    }
    size_t method_count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (machine_value(credential, methods[i].pointer) == NULL)
            continue;
        check_method(vmi, place, i, dry_run, findings);
        method_count++;
    }
    const char *kind = kinds[json_object_get(credential, kinds[0]) != NULL ? 0 : 1];
    auto_free char *pointer = xasprintf("%s/%s", place, kind);
    if (method_count != 1)
        findings_error(findings, pointer, "must have one propagationMethod, not %zu", method_count);
    if (secret_of(credential) == NULL)
        findings_error(findings, pointer, "must have a source: secret.secretName");
}

void machine_access_credentials_check(const json_t *vmi, bool dry_run, struct findings *findings)
{
    const json_t *credentials = credentials_of(vmi);
    for (size_t i = 0; i < json_array_size(credentials); i++) {
        auto_free char *place = xasprintf("/spec/accessCredentials/%zu", i);
        check_credential(vmi, json_array_get(credentials, i), place, dry_run, findings);
    }
}

/* Kubernetes' own files in the directory of a Secret begin with "..". */
static int is_key(const struct dirent *entry)
{
    return !text_starts_with(entry->d_name, "..") && !streq(entry->d_name, ".");
}

/* Adds the key in a file of directory; skips what is empty or a directory. */
static int add_key(json_t *keys, const char *directory, const char *name, struct error **err)
{
    auto_free char *path = file_join(directory, name);
    auto_free char *text = NULL;
    size_t length = 0;
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    if (file_read(path, MACHINE_SECRET_MAX_BYTES, &text, &length, err) < 0)
        return -1;
    if (length == 0)
        return 0;
    json_t *key = json_stringn(text, length);
    if (key == NULL)
        return error_set(err, ERROR_INPUT, "%s is not UTF-8 text", path);
    auto_free char *number = xasprintf("%zu", json_object_size(keys));
    json_object_set_new(keys, number, key);
    return 0;
}

static int add_keys(json_t *keys, const char *directory, struct error **err)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_key, alphasort);
    if (count < 0)
        return error_set_errno(err, "reading %s", directory);
    int result = 0;
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = add_key(keys, directory, entries[i]->d_name, err);
        free(entries[i]);
    }
    free((void *)entries);
    return result;
}

json_t *machine_access_credentials_keys(const json_t *vmi, const char *method,
    const struct pairs *directories, bool dry_run, struct findings *findings)
{
    json_t *keys = json_object();
    const json_t *credentials = credentials_of(vmi);
    auto_free char *way = xasprintf("/sshPublicKey/propagationMethod/%s", method);
    for (size_t i = 0; i < json_array_size(credentials); i++) {
        const json_t *credential = json_array_get(credentials, i);
        auto_free char *name = machine_access_credential_volume(credential);
        if (machine_value(credential, way) == NULL || name == NULL)
            continue;
        const char *given = pairs_find(directories, name);
        auto_free char *directory =
            given != NULL ? xstrdup(given) : file_join(MACHINE_SECRET_DIRECTORY, name);
        auto_free char *place =
            xasprintf("/spec/accessCredentials/%zu/sshPublicKey/source/secret", i);
        auto_error struct error *error = NULL;
        if (access(directory, F_OK) < 0) {
            findings_add(findings, dry_run ? FINDING_WARNING : FINDING_ERROR, ERROR_INPUT, place,
                "is not on this machine%s: give the directory of its files with --volume-dir "
                "%s=PATH (the default is %s)",
                dry_run ? ", so its keys are not in the cloud-init data" : "", name, directory);
        } else if (add_keys(keys, directory, &error) < 0) {
            findings_error(findings, place, "its keys: %s", error->message);
        }
    }
    return keys;
}
