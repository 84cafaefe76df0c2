#include "appliance/publish_secrets.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/publish_owned.h"
#include "appliance/references.h"
#include "appliance/userdata_password.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"

#define VOLUMES "/spec/template/spec/volumes"

/* The cloud-init source of a volume, and its key. Borrowed; NULL: it has none. */
static json_t *cloud_init(const json_t *volume, const char **key)
{
    static const char *const keys[] = {"cloudInitNoCloud", "cloudInitConfigDrive"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        json_t *source = json_object_get(volume, keys[i]);
        *key = keys[i];
        if (json_is_object(source))
            return source;
    }
    return NULL;
}

/* Text out of Base64. Owned by the caller; NULL if it is not text. */
static char *decode(const char *encoded)
{
    auto_free char *data = NULL;
    size_t length = 0;
    if (base64_decode(encoded, strlen(encoded), &data, &length, NULL) < 0 ||
        memchr(data, '\0', length) != NULL || !text_is_utf8(data, length, NULL))
        return NULL;
    return steal(&data);
}

/* The user data in a Secret. Owned by the caller; NULL if it has none that is text.
 * Source: KubeVirt 1.9, pkg/cloud-init: the names of the keys. */
static char *secret_text(const json_t *secret)
{
    static const char *const keys[] = {"userdata", "userData"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *text = json_get_string(json_object_get(secret, "stringData"), keys[i]);
        const char *encoded = json_get_string(json_object_get(secret, "data"), keys[i]);
        if (text != NULL)
            return xstrdup(text);
        if (encoded != NULL)
            return decode(encoded);
    }
    return NULL;
}

/* Has the DataSource own an object that the VM refers to by this name. Returns it, or NULL. */
static const struct appliance_object *own(struct appliance_publish_draft *draft,
    enum appliance_kind kind, const char *name, const char *pointer)
{
    const char *namespace = draft->vm_namespace;
    const struct appliance_object *object =
        appliance_objects_find(draft->objects, kind, draft->vm_object->namespace, name);
    if (object != NULL && streq(namespace, draft->request->namespace))
        appliance_publish_own(draft, object);
    else
        findings_warning(draft->findings, pointer,
            "the %s %s of the namespace %s %s: it must be in the namespace of each VM",
            appliance_kind_name(kind), name, namespace,
            object != NULL ? "cannot be owned by a DataSource of another one"
                           : "is not among the files (give its manifest with -f)");
    return object;
}

/* Replaces what the user data is in by the text itself. */
static void write_inline(json_t *source, const char *old, const char *text)
{
    json_object_del(source, old);
    json_object_set_new(source, "userData", json_string(text));
}

static void inline_user_data(
    struct appliance_publish_draft *draft, json_t *source, const char *pointer)
{
    const char *encoded = json_get_string(source, "userDataBase64");
    const char *name = json_get_string(json_object_get(source, "secretRef"), "name");
    auto_free char *place = json_pointer_join(pointer, "secretRef");
    if (encoded != NULL) {
        auto_free char *text = decode(encoded);
        if (text != NULL)
            write_inline(source, "userDataBase64", text);
        return;
    }
    if (name == NULL)
        return;
    const struct appliance_object *secret =
        appliance_objects_find(draft->objects, APPLIANCE_SECRET, draft->vm_object->namespace, name);
    char *text = secret != NULL ? secret_text(secret->value) : NULL;
    if (text != NULL && draft->request->password != APPLIANCE_PUBLISH_KEEP)
        write_inline(source, "secretRef", text);
    else
        own(draft, APPLIANCE_SECRET, name, place);
    if (text != NULL)
        free_secret(text, strlen(text));
}

/* References to objects within a volume. */
static const struct {
    const char *path; /* JSON Pointer of the object with the name */
    const char *key;
    enum appliance_kind kind;
} references[] = {
    {"/secret", "secretName", APPLIANCE_SECRET},
    {"/configMap", "name", APPLIANCE_CONFIG_MAP},
    {"/sysprep/secret", "name", APPLIANCE_SECRET},
    {"/sysprep/configMap", "name", APPLIANCE_CONFIG_MAP},
    {"/cloudInitNoCloud/networkDataSecretRef", "name", APPLIANCE_SECRET},
    {"/cloudInitConfigDrive/networkDataSecretRef", "name", APPLIANCE_SECRET},
};

static void own_references(
    struct appliance_publish_draft *draft, const json_t *volume, const char *pointer)
{
    for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
        const char *name =
            json_get_string(json_pointer_get(volume, references[i].path), references[i].key);
        auto_free char *place =
            xasprintf("%s%s/%s", pointer, references[i].path, references[i].key);
        if (name != NULL)
            own(draft, references[i].kind, name, place);
    }
}

static void own_credentials(struct appliance_publish_draft *draft)
{
    static const char *const paths[] = {
        "/sshPublicKey/source/secret", "/userPassword/source/secret"};
    size_t index = 0;
    json_t *credential = NULL;
    json_array_foreach (
        json_pointer_get(draft->vm, "/spec/template/spec/accessCredentials"), index, credential) {
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
            const char *name =
                json_get_string(json_pointer_get(credential, paths[i]), "secretName");
            auto_free char *pointer = xasprintf(
                "/spec/template/spec/accessCredentials/%zu%s/secretName", index, paths[i]);
            if (name != NULL)
                own(draft, APPLIANCE_SECRET, name, pointer);
        }
    }
}

void appliance_publish_secrets(struct appliance_publish_draft *draft)
{
    size_t index = 0;
    json_t *volume = NULL;
    json_array_foreach (json_pointer_get(draft->vm, VOLUMES), index, volume) {
        const char *key = NULL;
        json_t *source = cloud_init(volume, &key);
        auto_free char *pointer = xasprintf(VOLUMES "/%zu", index);
        auto_free char *place = json_pointer_join(pointer, key);
        if (source != NULL)
            inline_user_data(draft, source, place);
        own_references(draft, volume, pointer);
    }
    own_credentials(draft);
}

/* A parameter that generates passwords: its name, which is declared then. Owned by the caller. */
static char *password_parameter(struct appliance_publish_draft *draft)
{
    enum { MOST = 10 };
    for (int i = 1; i <= MOST; i++) {
        auto_free char *name = i == 1 ? xstrdup("PASSWORD") : xasprintf("PASSWORD_%d", i);
        const json_t *declared = appliance_references_declaration(draft->parameters, name);
        if (declared == NULL)
            json_array_append_new(draft->parameters,
                json_pack("{s:s, s:s, s:s, s:s}", "name", name, "description",
                    "of the account that the user data sets up", "generate", "expression", "from",
                    "[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}"));
        if (declared == NULL || json_object_get(declared, "generate") != NULL)
            return steal(&name);
    }
    return xstrdup("PASSWORD");
}

/* Replaces those of a text that are literal. Returns the new text, owned by the caller, or NULL. */
static char *replace(
    struct appliance_publish_draft *draft, struct appliance_userdata *userdata, const char *pointer)
{
    bool is_changed = false;
    for (size_t i = 0; i < userdata->password_count; i++) {
        const struct appliance_userdata_password *password = &userdata->passwords[i];
        auto_error struct error *error = NULL;
        if (appliance_userdata_is_reference(userdata, password))
            continue;
        if (draft->request->password == APPLIANCE_PUBLISH_KEEP) {
            findings_warning(draft->findings, pointer,
                "has a literal password, which everyone who may read the DataSource reads");
            return NULL;
        }
        auto_free char *name = password_parameter(draft);
        auto_free char *reference = xasprintf("${%s}", name);
        if (appliance_userdata_set_password(userdata, password, reference, &error) < 0)
            findings_error(draft->findings, pointer,
                "the password cannot be replaced (%s): "
                "replace it, or use --password keep",
                error->message);
        is_changed = true;
    }
    return is_changed ? appliance_userdata_write(userdata) : NULL;
}

void appliance_publish_passwords(struct appliance_publish_draft *draft)
{
    size_t index = 0;
    json_t *volume = NULL;
    json_array_foreach (json_pointer_get(draft->vm, VOLUMES), index, volume) {
        struct appliance_userdata userdata;
        auto_error struct error *error = NULL;
        const char *key = NULL;
        json_t *source = cloud_init(volume, &key);
        const char *text = json_get_string(source, "userData");
        auto_free char *pointer = xasprintf(VOLUMES "/%zu/%s/userData", index, key);
        if (text == NULL)
            continue;
        if (appliance_userdata_read(&userdata, text, &error) < 0)
            findings_warning(draft->findings, pointer,
                "cannot be read, and so may have passwords: %s", error->message);
        auto_free char *replaced = replace(draft, &userdata, pointer);
        appliance_userdata_clear(&userdata);
        if (replaced != NULL)
            json_object_set_new(source, "userData", json_string(replaced));
    }
}
