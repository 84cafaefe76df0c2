#include "annotations/flag.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* The position of a flag. */
struct flag_place {
    const char *list; /* "args" or "command" */
    size_t index; /* of the argument that holds the value; past the end if it is missing */
    bool joined; /* the argument is "--flag=value" */
};

static bool find_flag(const json_t *container, const char *flag, struct flag_place *place)
{
    static const char *const lists[] = {"args", "command"};
    size_t length = strlen(flag);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const json_t *list = json_object_get(container, lists[i]);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *word = json_string_value(json_array_get(list, k));
            if (word == NULL || strncmp(word, flag, length) != 0)
                continue;
            bool joined = word[length] == '=';
            if (!joined && word[length] != '\0')
                continue;
            *place = (struct flag_place){lists[i], joined ? k : k + 1, joined};
            return true;
        }
    }
    return false;
}

const char *annotations_flag_get(const json_t *container, const char *flag)
{
    struct flag_place place;
    if (!find_flag(container, flag, &place))
        return NULL;
    const json_t *list = json_object_get(container, place.list);
    const char *word = json_string_value(json_array_get(list, place.index));
    if (word == NULL)
        return "";
    return place.joined ? word + strlen(flag) + 1 : word;
}

void annotations_flag_set(
    struct annotations_draft *draft, json_t *container, const char *flag, size_t value)
{
    struct flag_place place = {.list = "args"};
    const char *old = annotations_flag_get(container, flag);
    auto_free char *text = xasprintf("%zu", value);
    if (old != NULL && streq(old, text))
        return;
    bool there = find_flag(container, flag, &place);
    json_t *list = annotations_draft_list(draft, container, place.list);
    if (list == NULL)
        return;
    if (!there) {
        json_array_append_new(list, json_string(flag));
        place.index = json_array_size(list);
    }
    json_t *word = place.joined ? json_sprintf("%s=%zu", flag, value) : json_string_nocheck(text);
    if (place.index < json_array_size(list))
        json_array_set_new(list, place.index, word);
    else
        json_array_append_new(list, word);
}
