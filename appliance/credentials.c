#include "appliance/credentials.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/name.h"
#include "appliance/userdata_keys.h"
#include "appliance/userdata_password.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "machine/cloud_init.h"

#define SPEC "/spec/template/spec"
#define VOLUMES SPEC "/volumes"

static const char *const cloud_inits[] = {"cloudInitNoCloud", "cloudInitConfigDrive"};
static const char *const methods[] = {
    "noCloud", "configDrive"}; /* of access credentials, likewise */

/* What was done with the user data of all volumes. */
struct outcome {
    bool has_keys; /* the SSH keys are in one */
    bool has_password; /* the new password is */
    const char *method; /* of access credentials, for the last volume; NULL: there is none */
};

/* The user data of one volume. */
struct seed {
    struct appliance_draft *draft;
    const char *volume; /* its name */
    json_t *source; /* its cloudInitNoCloud or cloudInitConfigDrive */
    char *pointer; /* of the user data in the VM; owned */
    const char *text; /* borrowed from decoded or the source */
    char *decoded; /* owned; NULL: not in Base64 */
    struct appliance_userdata userdata;
    struct appliance_userdata before; /* the same in the boilerplate */
    char *before_text; /* owned */
    json_t *old; /* the passwords that are replaced, as keys; owned */
    bool is_secret; /* it has a password that is this VM's own */
};

/* A password of fewer bytes, or of letters alone, may be in a text by chance. */
enum { TELLING_BYTES = 8 };

static bool is_telling(const char *password)
{
    bool has_other = false;
    for (const char *c = password; *c != '\0'; c++)
        has_other |= !isalpha((unsigned char)*c);
    return has_other && strlen(password) >= TELLING_BYTES;
}

/* The user data of a cloud-init source, owned by the caller; NULL: there is none, or it is not
 * text, which the check reports. *key gets its member. */
static char *text_of(const json_t *source, const char **key)
{
    *key = "userData";
    const char *text = json_get_string(source, "userData");
    if (text != NULL && text[0] != '\0')
        return xstrdup(text);
    *key = "userDataBase64";
    const char *encoded = json_get_string(source, "userDataBase64");
    char *decoded = NULL;
    size_t length = 0;
    if (encoded == NULL || encoded[0] == '\0' ||
        base64_decode(encoded, strlen(encoded), &decoded, &length, NULL) < 0)
        return NULL;
    if (text_is_utf8(decoded, length, NULL) && strlen(decoded) == length)
        return decoded;
    free_secret(decoded, length);
    return NULL;
}

/* The password that replaces literal ones. Borrowed. */
static const char *own_password(struct appliance_draft *draft)
{
    enum { GROUPS = 3, GROUP = 5 };
    struct appliance_completion *out = draft->out;
    if (draft->request->password == APPLIANCE_PASSWORD_GIVEN)
        return text_or(draft->request->given_password, "");
    if (out->password == NULL) {
        char *end = out->password = xcalloc(GROUPS, GROUP + 1);
        for (int i = 0; i < GROUPS; i++) {
            appliance_random_name(&draft->request->random, GROUP, end);
            end += GROUP;
            *end++ = i + 1 < GROUPS ? '-' : '\0';
        }
    }
    return out->password;
}

static void replace(struct seed *seed, const struct appliance_userdata_password *password)
{
    auto_error struct error *error = NULL;
    if (appliance_userdata_set_password(
            &seed->userdata, password, own_password(seed->draft), &error) < 0)
        appliance_draft_say(seed->draft, FINDING_ERROR, seed->pointer,
            "%s (--password keep leaves it)", error->message);
    auto_free char *old = appliance_userdata_old_password(&seed->userdata, password);
    if (old != NULL && is_telling(old) && strstr(own_password(seed->draft), old) == NULL)
        json_object_set_new(seed->old, old, json_true());
    seed->is_secret = true;
}

/* A password that was replaced may be elsewhere in the text, as in a comment or a command. */
static void check_old(const struct seed *seed, const char *text)
{
    const char *old = NULL;
    json_t *value = NULL;
    json_object_foreach (seed->old, old, value) {
        const char *found = strstr(text, old);
        size_t line = 1;
        for (const char *c = text; found != NULL && c < found; c++)
            line += *c == '\n' ? 1 : 0;
        if (found != NULL)
            appliance_draft_say(seed->draft, FINDING_ERROR, seed->pointer,
                "has the password that is replaced once more, in its line %zu: remove it there "
                "(--password keep leaves both)",
                line);
    }
}

/* Replaces the literal passwords, or says that they stay. Returns whether there are any. */
static bool settle_passwords(struct seed *seed)
{
    bool keep = seed->draft->request->password == APPLIANCE_PASSWORD_KEEP;
    size_t literal = 0;
    for (size_t i = 0; i < seed->userdata.password_count; i++) {
        const struct appliance_userdata_password *password = &seed->userdata.passwords[i];
        bool is_open =
            !seed->draft->is_whole && appliance_userdata_is_reference(&seed->userdata, password);
        if (is_open || appliance_userdata_is_reference(&seed->before, password)) {
            seed->is_secret |= !keep;
            continue;
        }
        literal++;
        if (!keep)
            replace(seed, password);
    }
    if (literal > 0)
        appliance_draft_say(seed->draft, FINDING_WARNING, seed->pointer,
            "has a literal password, which everyone who may read the DataSource reads: %s",
            keep ? "it is kept" : "replaced (--password keep leaves it)");
    return literal > 0;
}

/* What else makes machines alike, or is not looked for. */
static void say_others(const struct seed *seed)
{
    const struct yaml_document *document = appliance_userdata_document(&seed->userdata);
    if (document != NULL && json_object_get(document->root, "ssh_keys") != NULL)
        appliance_draft_say(seed->draft, FINDING_WARNING, seed->pointer,
            "has ssh_keys: all VMs made of this DataSource have the same host keys");
    if (seed->userdata.is_cloud_config)
        return;
    if (strcasestr(seed->text, "passw") != NULL)
        appliance_draft_say(seed->draft, FINDING_WARNING, seed->pointer,
            "is not a cloud-config: passwords in it are not replaced");
}

/* Puts the user data where it belongs: into the volume, or a Secret. */
static void put(struct seed *seed)
{
    struct appliance_draft *draft = seed->draft;
    char *text = appliance_userdata_write(&seed->userdata);
    size_t length = strlen(text);
    bool is_long = length > MACHINE_CLOUD_INIT_INLINE_MAX_BYTES;
    check_old(seed, text);
    if (!seed->is_secret && is_long)
        appliance_draft_say(draft, FINDING_WARNING, seed->pointer,
            "has %zu bytes: more than %d go to a Secret", length,
            MACHINE_CLOUD_INIT_INLINE_MAX_BYTES);
    if (seed->is_secret || is_long) {
        auto_free char *name = appliance_name_join(draft->request->name, seed->volume);
        json_object_del(seed->source, "userData");
        json_object_del(seed->source, "userDataBase64");
        json_object_set_new(seed->source, "secretRef", json_pack("{s:s}", "name", name));
        appliance_draft_need(draft, "Secret", name,
            json_pack("{s:{s:s}}", "stringData", "userdata", text), seed->pointer);
    } else if (!streq(text, seed->text)) {
        json_object_del(seed->source, "userDataBase64");
        json_object_set_new(seed->source, "userData", json_string(text));
    }
    free_secret(text, length);
}

/* Reads the user data, and that of the boilerplate. Returns 0, or -1 if it cannot be worked on. */
static int read_seed(struct seed *seed)
{
    auto_error struct error *error = NULL;
    const char *key = NULL;
    auto_free char *source = xstrdup(seed->pointer);
    *strrchr(source, '/') = '\0';
    seed->before_text = text_of(json_pointer_get(seed->draft->source->vm, source), &key);
    if (seed->before_text != NULL && !streq(seed->before_text, seed->text))
        appliance_userdata_read(&seed->before, seed->before_text, NULL);
    if (appliance_userdata_read(&seed->userdata, seed->text, &error) == 0)
        return 0;
    bool keep = seed->draft->request->password == APPLIANCE_PASSWORD_KEEP;
    appliance_draft_say(seed->draft, keep ? FINDING_WARNING : FINDING_ERROR, seed->pointer,
        "cannot be read: %s%s", error->message,
        keep ? "" : " (--password keep leaves it as it is)");
    return -1;
}

static void clear_seed(struct seed *seed)
{
    appliance_userdata_clear(&seed->userdata);
    appliance_userdata_clear(&seed->before);
    if (seed->decoded != NULL)
        free_secret(seed->decoded, strlen(seed->decoded));
    json_decref(seed->old);
    free(seed->before_text);
    free(seed->pointer);
}

/* Completes the user data of a cloud-init source. */
static void complete_seed(
    struct appliance_draft *draft, const char *volume, const char *pointer, struct outcome *outcome)
{
    const char *key = NULL;
    struct seed seed = {.draft = draft, .volume = volume, .old = json_object()};
    seed.source = json_pointer_get(draft->vm, pointer);
    seed.text = seed.decoded = text_of(seed.source, &key);
    if (seed.text == NULL) {
        json_decref(seed.old);
        return;
    }
    seed.pointer = json_pointer_join(pointer, key);
    const struct option_texts *keys = draft->request->ssh_keys;
    if (read_seed(&seed) == 0) {
        outcome->has_password |= settle_passwords(&seed);
        say_others(&seed);
        if (keys != NULL && keys->count > 0)
            outcome->has_keys |= appliance_userdata_add_keys(&seed.userdata, keys);
        put(&seed);
    }
    clear_seed(&seed);
}

/* Gives the VM access credentials with the keys. method: of cloud-init. */
static void add_access_credentials(struct appliance_draft *draft, const char *method)
{
    json_t *spec = appliance_draft_get(draft, SPEC);
    json_t *credentials = json_object_get(spec, "accessCredentials");
    const struct option_texts *keys = draft->request->ssh_keys;
    auto_free char *name = appliance_name_join(draft->request->name, "ssh-keys");
    json_t *data = json_object();
    for (size_t i = 0; i < keys->count; i++) {
        auto_free char *key = xasprintf("key%zu", i + 1);
        json_object_set_new(data, key, json_string(keys->items[i]));
    }
    appliance_draft_need(
        draft, "Secret", name, json_pack("{s:o}", "stringData", data), SPEC "/accessCredentials");
    if (!json_is_array(credentials)) {
        credentials = json_array();
        json_object_set_new(spec, "accessCredentials", credentials);
    }
    json_array_append_new(
        credentials, json_pack("{s:{s:{s:{s:s}}, s:{s:{}}}}", "sshPublicKey", "source", "secret",
                         "secretName", name, "propagationMethod", method));
}

/* Adds a cloud-init volume with the keys. */
static void add_volume(struct appliance_draft *draft)
{
    json_t *spec = appliance_draft_get(draft, SPEC);
    json_t *volumes = json_object_get(spec, "volumes");
    auto_free char *name = xstrdup("cloudinitdisk");
    for (int i = 2; json_item_named(volumes, name, NULL) != NULL; i++) {
        free(name);
        name = xasprintf("cloudinitdisk-%d", i);
    }
    if (!json_is_array(volumes)) {
        volumes = json_array();
        json_object_set_new(spec, "volumes", volumes);
    }
    auto_free char *pointer = xasprintf(VOLUMES "/%zu/cloudInitNoCloud", json_array_size(volumes));
    json_array_append_new(volumes, json_pack("{s:s, s:{s:s}}", "name", name, "cloudInitNoCloud",
                                       "userData", "#cloud-config\n"));
    complete_seed(draft, name, pointer, &(struct outcome){0});
}

/* A sysprep volume's answer file may have passwords, too. */
static void say_sysprep(struct appliance_draft *draft, size_t index, const json_t *volume)
{
    auto_free char *pointer = xasprintf(VOLUMES "/%zu/sysprep", index);
    if (json_is_object(json_object_get(volume, "sysprep")))
        appliance_draft_say(draft, FINDING_WARNING, pointer,
            "is used as it is: passwords in its answer file are not looked for");
}

/* What was asked for, where it cannot be done. Returns whether it can. */
static bool check_request(struct appliance_draft *draft)
{
    const struct appliance_request *request = draft->request;
    size_t errors = appliance_report_errors(draft->report);
    if (request->password == APPLIANCE_PASSWORD_GIVEN &&
        !appliance_userdata_is_password(text_or(request->given_password, "")))
        appliance_draft_say_request(draft, FINDING_ERROR,
            "the password must be one line of printable text, of at most 256 bytes");
    for (size_t i = 0; request->ssh_keys != NULL && i < request->ssh_keys->count; i++) {
        const char *key = request->ssh_keys->items[i];
        if (key[0] == '\0' || strpbrk(key, "\r\n") != NULL || !text_is_utf8(key, strlen(key), NULL))
            appliance_draft_say_request(draft, FINDING_ERROR,
                "an SSH key must be one line, as in authorized_keys: \"ssh-ed25519 AAAA… name\"");
    }
    return appliance_report_errors(draft->report) == errors;
}

/* Completes the cloud-init sources of a volume. */
static void complete_volume(
    struct appliance_draft *draft, size_t index, const json_t *volume, struct outcome *outcome)
{
    const char *name = json_get_string(volume, "name");
    for (size_t i = 0; name != NULL && i < ARRAY_SIZE(cloud_inits); i++) {
        if (!json_is_object(json_object_get(volume, cloud_inits[i])))
            continue;
        auto_free char *pointer = xasprintf(VOLUMES "/%zu/%s", index, cloud_inits[i]);
        outcome->method = methods[i];
        complete_seed(draft, name, pointer, outcome);
    }
}

void appliance_credentials_complete(struct appliance_draft *draft)
{
    const struct option_texts *keys = draft->request->ssh_keys;
    struct outcome outcome = {.has_keys = keys == NULL || keys->count == 0};
    if (!check_request(draft))
        return;
    const json_t *volumes = appliance_draft_get(draft, VOLUMES);
    size_t count = json_array_size(volumes);
    for (size_t i = 0; i < count; i++) {
        say_sysprep(draft, i, json_array_get(volumes, i));
        complete_volume(draft, i, json_array_get(volumes, i), &outcome);
    }
    if (draft->request->password == APPLIANCE_PASSWORD_GIVEN && !outcome.has_password)
        appliance_draft_say_request(draft, FINDING_WARNING,
            "the password is not used: no user data has a literal password to replace");
    if (!outcome.has_keys && outcome.method != NULL)
        add_access_credentials(draft, outcome.method);
    else if (!outcome.has_keys)
        add_volume(draft);
}
