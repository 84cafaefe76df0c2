#include "appliance/userdata_keys.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define KEYS "ssh_authorized_keys"

/* The keys that are not in the list, as JSON strings. New reference. */
static json_t *new_keys(const json_t *list, const struct option_texts *keys)
{
    json_t *added = json_array();
    for (size_t i = 0; i < keys->count; i++) {
        size_t j = 0;
        const json_t *old = NULL;
        bool is_there = false;
        auto_json json_t *key = json_string(keys->items[i]);
        json_array_foreach (list, j, old)
            is_there |= json_equal(old, key);
        if (!is_there)
            json_array_append(added, key);
    }
    return added;
}

/* The account that gets the keys: JSON Pointer of its mapping; "": the default one's. Owned by the
 * caller. */
static char *account_of(const json_t *root)
{
    const json_t *users = json_object_get(root, "users");
    size_t i = 0;
    const json_t *user = NULL;
    size_t first = json_array_size(users);
    json_array_foreach (users, i, user) {
        bool is_default = (json_is_string(user) && streq(json_string_value(user), "default")) ||
                          streq(text_or(json_get_string(user, "name"), ""), "default");
        if (is_default)
            return xstrdup("");
        if (json_is_object(user) && first == json_array_size(users))
            first = i;
    }
    return first < json_array_size(users) ? xasprintf("/users/%zu", first) : xstrdup("");
}

/* Where the first thing in a mapping or sequence is; false if nothing is written there, or more than
 * indentation precedes it in its line. */
static bool begin_of(
    const struct appliance_userdata *userdata, const char *pointer, size_t *begin, size_t *column)
{
    struct yaml_span span;
    const char *text = userdata->stream.text;
    if (!yaml_span_of(appliance_userdata_document(userdata), pointer, &span) ||
        text[span.from] == '&' || text[span.from] == '!')
        return false;
    *begin = span.from;
    *column = appliance_userdata_column(text, span.from);
    return text[span.from] == '[' || text[span.from] == '{' || *column != SIZE_MAX;
}

/* The keys in flow style, `"a", "b"`, and a comma if more follows. Owned by the caller. */
static char *flow(const json_t *keys, bool more)
{
    auto_free char *list = json_dumps(keys, 0);
    return xasprintf("%.*s%s", (int)strlen(list) - 2, list + 1, more ? ", " : "");
}

/* The keys as items of a sequence at column, where the first one's place is; what follows them
 * begins there, too, or ends if that is after. Owned by the caller. */
static char *block(const json_t *keys, size_t column, size_t after)
{
    char *text = xstrdup("");
    size_t i = 0;
    const json_t *key = NULL;
    json_array_foreach (keys, i, key) {
        auto_free char *quoted = json_dumps(key, JSON_ENCODE_ANY);
        bool last = i + 1 == json_array_size(keys);
        char *longer = xasprintf("%s- %s\n%*s", text, quoted, (int)(last ? after : column), "");
        free(text);
        text = longer;
    }
    return text;
}

/* Adds to a list that is there. */
static bool add_to_list(struct appliance_userdata *userdata, const char *pointer,
    const json_t *list, const json_t *keys)
{
    size_t begin = 0;
    size_t column = 0;
    const char *text = userdata->stream.text;
    if (!json_is_array(list) || !begin_of(userdata, pointer, &begin, &column))
        return false;
    if (text[begin] == '[')
        appliance_edits_add(
            &userdata->edits, begin + 1, begin + 1, flow(keys, json_array_size(list) > 0));
    else if (text[begin] == '-')
        appliance_edits_add(&userdata->edits, begin, begin, block(keys, column, column));
    else
        return false;
    return true;
}

/* Adds a list to a mapping that has none. */
static bool add_list(struct appliance_userdata *userdata, const char *pointer, const json_t *object,
    const json_t *keys)
{
    size_t begin = 0;
    size_t column = 0;
    if (!json_is_object(object) || !begin_of(userdata, pointer, &begin, &column))
        return false;
    bool is_flow = userdata->stream.text[begin] == '{';
    auto_free char *items = is_flow ? flow(keys, false) : block(keys, column + 2, column);
    char *list = is_flow
                     ? xasprintf(KEYS ": [%s]%s", items, json_object_size(object) > 0 ? ", " : "")
                     : xasprintf(KEYS ":\n%*s  %s", (int)column, "", items);
    begin += is_flow ? 1 : 0;
    appliance_edits_add(&userdata->edits, begin, begin, list);
    return true;
}

bool appliance_userdata_add_keys(
    struct appliance_userdata *userdata, const struct option_texts *keys)
{
    if (!userdata->is_cloud_config)
        return false;
    const struct yaml_document *document = appliance_userdata_document(userdata);
    if (document == NULL) {
        size_t end = strlen(userdata->text);
        auto_json json_t *added = new_keys(NULL, keys);
        auto_free char *items = block(added, 2, 0);
        appliance_edits_add(&userdata->edits, end, end,
            xasprintf(
                "%s" KEYS ":\n  %s", text_ends_with(userdata->text, "\n") ? "" : "\n", items));
        return true;
    }
    auto_free char *account = account_of(document->root);
    auto_free char *pointer = json_pointer_join(account, KEYS);
    const json_t *object = json_pointer_get(document->root, account);
    const json_t *list = json_object_get(object, KEYS);
    auto_json json_t *added = new_keys(list, keys);
    if (json_array_size(added) == 0)
        return true;
    return list != NULL ? add_to_list(userdata, pointer, list, added)
                        : add_list(userdata, account, object, added);
}
