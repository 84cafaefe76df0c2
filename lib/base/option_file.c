#include "base/option_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/finding.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

enum { FILE_LIMIT = 1024 * 1024 }; /* bytes of a configuration file */

/* The file that is being read. */
struct source {
    const struct option_table *table;
    const struct option_file_kind *kind;
    const char *path;
    const struct yaml_document *document;
};

char *option_file_key(const struct option_row *row)
{
    char *key = xcalloc(strlen(row->name) + 1, 1);
    char *end = key;
    bool upper = false;
    for (const char *c = row->name; *c != '\0'; c++) {
        if (*c != '-')
            *end++ = upper ? (char)toupper((unsigned char)*c) : *c;
        upper = *c == '-';
    }
    return key;
}

/* The option that a key sets, or NULL with ` (did you mean "KEY"?)` or "" in *hint, owned by the
 * caller. */
static const struct option_row *row_of_key(
    const struct option_table *table, const char *key, char **hint)
{
    const struct option_row *found = NULL;
    auto_free char **keys = xcalloc(table->count, sizeof(*keys));
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].no_key)
            continue;
        keys[count] = option_file_key(&table->rows[i]);
        if (streq(key, keys[count++]))
            found = &table->rows[i];
    }
    *hint = found == NULL ? suggest_hint(key, (const char *const *)keys, count) : NULL;
    for (size_t i = 0; i < count; i++)
        free(keys[i]);
    return found;
}

static int fault_at(const struct source *source, const char *key, struct error **err,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An input error about the value of a key. */
static int fault_at(
    const struct source *source, const char *key, struct error **err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    auto_free char *message = xvasprintf(format, args);
    va_end(args);
    auto_free char *pointer = key[0] != '\0' ? json_pointer_join("", key) : xstrdup("");
    auto_free char *shown = finding_path(pointer);
    struct yaml_place place = yaml_place_of(source->document, pointer);
    return error_set(err, ERROR_INPUT, "%s:%zu:%zu: %s%s%s", source->path, place.line, place.column,
        shown, shown[0] != '\0' ? ": " : "", message);
}

static bool is_number(const struct option_row *row)
{
    return row->value == OPTION_COUNT || row->value == OPTION_SIZE || row->value == OPTION_RATE;
}

static bool is_bool(const struct option_row *row)
{
    return row->value == OPTION_SWITCH || row->value == OPTION_BOOLEAN;
}

/* A value as the command line would spell it, or NULL if its type is wrong for the option. Owned by
 * the caller. */
static char *text_of(const struct option_row *row, const json_t *value)
{
    if (is_bool(row))
        return json_is_boolean(value) ? xstrdup(json_is_true(value) ? "true" : "false") : NULL;
    if (json_is_number(value) && (is_number(row) || row->value == OPTION_DURATION))
        return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    return json_is_string(value) && !is_number(row) ? xstrdup(json_string_value(value)) : NULL;
}

static const char *type_of(const struct option_row *row)
{
    if (is_bool(row))
        return "true or false";
    if (is_number(row))
        return "a whole number";
    return row->value == OPTION_DURATION ? "a duration such as 30s" : "a string";
}

/* Sets the member for one key of the file. */
static int set_key(const struct source *source, const char *key, const json_t *value, void *target,
    struct error **err)
{
    auto_free char *hint = NULL;
    const struct option_row *row = row_of_key(source->table, key, &hint);
    if (row == NULL)
        return fault_at(source, key, err, "is not a known key%s", hint);
    auto_free char *text = text_of(row, value);
    if (text == NULL)
        return fault_at(source, key, err, "must be %s, not %s", type_of(row), json_kind(value));
    auto_error struct error *error = NULL;
    if (option_set(row, text, target, &error) < 0)
        return fault_at(source, key, err, "%s", error->message);
    return 0;
}

/* Checks the file's apiVersion or kind. */
static int check_head(
    const struct source *source, const char *key, const char *wanted, struct error **err)
{
    const char *value = json_get_string(source->document->root, key);
    if (value != NULL && streq(value, wanted))
        return 0;
    if (value == NULL)
        return fault_at(source, "", err, "%s must be %s", key, wanted);
    return fault_at(source, key, err, "must be %s", wanted);
}

static int take_document(const struct source *source, void *target, struct error **err)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_t *root = source->document->root;
    if (!json_is_object(root))
        return fault_at(source, "", err, "must be an object, not %s", json_kind(root));
    if (check_head(source, "apiVersion", source->kind->api_version, err) < 0 ||
        check_head(source, "kind", source->kind->kind, err) < 0)
        return -1;
    json_object_foreach (root, key, value) {
        if (!streq(key, "apiVersion") && !streq(key, "kind") &&
            set_key(source, key, value, target, err) < 0)
            return -1;
    }
    return 0;
}

int option_file_read(const struct option_table *table, const struct option_file_kind *kind,
    const char *path, void *target, struct error **err)
{
    auto_free char *text = NULL;
    size_t length = 0;
    struct yaml_stream stream;
    if (file_read(path, FILE_LIMIT, &text, &length, err) < 0 ||
        yaml_parse(path, text, length, &stream, err) < 0)
        return -1;
    int result = -1;
    if (stream.count == 1)
        result =
            take_document(&(struct source){table, kind, path, &stream.documents[0]}, target, err);
    else
        error_set(err, ERROR_INPUT, "%s: must be one document of kind %s, not %zu", path,
            kind->kind, stream.count);
    yaml_stream_clear(&stream);
    return result;
}
