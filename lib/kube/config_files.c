#include "kube/config_files.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kube/config_entry.h"

enum section { CLUSTERS, USERS, CONTEXTS, SECTIONS };

/* The names of a section and of its entries in the file. */
static const struct {
    const char *list, *value;
} names[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

struct kube_config_files {
    /* by name: {"file": the path, "value": the entry's own object} */
    json_t *entries[SECTIONS];
    char *current_context;
    char *first_path; /* of the files that were added, or NULL */
};

struct kube_config_files *kube_config_files_new(void)
{
    struct kube_config_files *files = xcalloc(1, sizeof(*files));
    for (int i = 0; i < SECTIONS; i++)
        files->entries[i] = json_object();
    return files;
}

void kube_config_files_free(struct kube_config_files *files)
{
    if (files == NULL)
        return;
    for (int i = 0; i < SECTIONS; i++)
        json_decref(files->entries[i]);
    free(files->current_context);
    free(files->first_path);
    free(files);
}

/* Parses the text. The error names the place, but quotes nothing of the text. */
static int parse(const char *path, const char *text, size_t length, struct yaml_stream *stream,
    struct error **err)
{
    auto_error struct error *reason = NULL;
    if (yaml_parse(path, text, length, stream, &reason) == 0)
        return 0;
    const char *place = reason->message + strlen(path);
    bool has_place = text_starts_with(reason->message, path) && place[0] == ':';
    return error_set(err, ERROR_INPUT, "%s%.*s: not valid YAML or JSON", path,
        has_place ? (int)strcspn(place, " ") - 1 : 0, place);
}

static int add_entry(struct kube_config_files *files, const char *path, enum section section,
    json_t *seen, const json_t *item, struct error **err)
{
    const char *list = names[section].list;
    const char *name = json_get_string(item, "name");
    json_t *value = json_object_get(item, names[section].value);
    if (name == NULL)
        return error_set(err, ERROR_INPUT, "%s: an entry of %s has no name", path, list);
    if (value != NULL && !json_is_object(value) && !json_is_null(value))
        return error_set(err, ERROR_INPUT, "%s: %s \"%s\": %s must be an object, not %s", path,
            list, name, names[section].value, json_kind(value));
    if (json_object_get(seen, name) != NULL)
        return error_set(err, ERROR_INPUT, "%s: %s has two entries \"%s\"", path, list, name);
    json_object_set_new(seen, name, json_true());
    if (json_object_get(files->entries[section], name) == NULL)
        json_object_set_new(files->entries[section], name,
            json_pack("{s:s, s:o}", "file", path, "value",
                json_is_object(value) ? json_incref(value) : json_object()));
    return 0;
}

static int add_section(struct kube_config_files *files, const char *path, enum section section,
    const json_t *root, struct error **err)
{
    const json_t *list = json_object_get(root, names[section].list);
    if (list == NULL || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return error_set(err, ERROR_INPUT, "%s: %s must be an array, not %s", path,
            names[section].list, json_kind(list));
    auto_json json_t *seen = json_object();
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach (list, index, item) {
        if (add_entry(files, path, section, seen, item, err) < 0)
            return -1;
    }
    return 0;
}

static int add_root(
    struct kube_config_files *files, const char *path, const json_t *root, struct error **err)
{
    if (!json_is_object(root))
        return error_set(err, ERROR_INPUT,
            "%s: a kubeconfig is an object with clusters, users and contexts, not %s", path,
            json_kind(root));
    for (enum section section = CLUSTERS; section < SECTIONS; section++) {
        if (add_section(files, path, section, root, err) < 0)
            return -1;
    }
    const char *current = json_get_string(root, "current-context");
    if (files->current_context == NULL && current != NULL && current[0] != '\0')
        files->current_context = xstrdup(current);
    return 0;
}

int kube_config_files_add(struct kube_config_files *files, const char *path, const char *text,
    size_t length, struct error **err)
{
    struct yaml_stream stream;
    if (files->first_path == NULL)
        files->first_path = xstrdup(path);
    if (parse(path, text, length, &stream, err) < 0)
        return -1;
    int result = stream.count == 0 ? 0 : add_root(files, path, stream.documents[0].root, err);
    if (stream.count > 1 && result == 0)
        result = error_set(err, ERROR_INPUT, "%s: more than one YAML document", path);
    explicit_bzero(stream.text, strlen(stream.text));
    yaml_stream_clear(&stream);
    return result;
}

/* Finds an entry; the error lists the existing names. by is what names it: "context \"a\"", or
 * NULL. */
static int find(const struct kube_config_files *files, enum section section, const char *name,
    const char *by, struct kube_config_entry *entry, struct error **err)
{
    const json_t *found = json_object_get(files->entries[section], name);
    if (found != NULL) {
        *entry = (struct kube_config_entry){
            .file = json_get_string(found, "file"),
            .kind = names[section].value,
            .name = json_object_iter_key(json_object_iter_at(files->entries[section], name)),
            .value = json_object_get(found, "value"),
        };
        return 0;
    }
    size_t count = json_object_size(files->entries[section]);
    auto_free const char **known = xcalloc(count, sizeof(*known));
    size_t used = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (files->entries[section], key, value)
        known[used++] = key;
    auto_free char *list = text_list(known, used);
    auto_free char *hint = suggest_hint(name, known, used);
    return error_set(err, ERROR_INPUT, "%s%s%s: there is no %s \"%s\"%s; %s: %s",
        text_or(files->first_path, "kubeconfig"), by != NULL ? ": " : "", text_or(by, ""),
        names[section].value, name, hint, names[section].list, used > 0 ? list : "none");
}

/* Finds the entry that the context names. If it names none, *entry is unchanged. */
static int find_of_context(const struct kube_config_files *files, enum section section,
    const struct kube_config_entry *context, struct kube_config_entry *entry, struct error **err)
{
    auto_free char *name = NULL;
    if (kube_config_entry_string(context, names[section].value, &name, err) < 0)
        return -1;
    auto_free char *by = xasprintf("context \"%s\"", context->name);
    return name == NULL ? 0 : find(files, section, name, by, entry, err);
}

struct kube_config *kube_config_files_choose(
    const struct kube_config_files *files, const char *context_name, struct error **err)
{
    struct kube_config_entry context = {0};
    struct kube_config_entry cluster = {0};
    struct kube_config_entry user = {0};
    const char *name = context_name != NULL ? context_name : files->current_context;
    if (name == NULL) {
        error_set(err, ERROR_INPUT,
            "%s: no context is chosen: set current-context, or use --context",
            text_or(files->first_path, "kubeconfig"));
        return NULL;
    }
    auto_kube_config struct kube_config *config = xcalloc(1, sizeof(*config));
    if (find(files, CONTEXTS, name, NULL, &context, err) < 0 ||
        find_of_context(files, CLUSTERS, &context, &cluster, err) < 0 ||
        find_of_context(files, USERS, &context, &user, err) < 0 ||
        kube_config_entry_string(&context, "namespace", &config->namespace, err) < 0 ||
        kube_config_entry_user(&user, config, err) < 0)
        return NULL;
    if (cluster.value == NULL) {
        kube_config_entry_error(&context, "cluster", err, "is missing");
        return NULL;
    }
    if (kube_config_entry_cluster(&cluster, config, err) < 0)
        return NULL;
    if (config->exec != NULL && config->exec->provide_cluster_info)
        config->exec->cluster_config = kube_config_entry_exec_extension(&cluster);
    config->origin = xasprintf("context \"%s\" in %s", name, context.file);
    return steal(&config);
}
