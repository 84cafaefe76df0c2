#include "base/option.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/pairs.h"
#include "base/text.h"

enum { LONGEST_WAIT_MS = 24 * 3600 * 1000 };

bool option_has(const struct option_table *table, const struct option_row *row)
{
    return row->sets == 0 || (row->sets & table->set) != 0;
}

bool option_takes_value(const struct option_row *row)
{
    return row->value != OPTION_SWITCH && row->value != OPTION_BOOLEAN;
}

bool option_is_repeatable(const struct option_row *row)
{
    return row->value == OPTION_TEXTS || row->value == OPTION_PAIRS;
}

char *option_choices(const struct option_row *row, const char *separator)
{
    char *choices = xstrdup("");
    for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++) {
        char *longer = xasprintf("%s%s%s", choices, i > 0 ? separator : "", row->choices[i]);
        free(choices);
        choices = longer;
    }
    return choices;
}

char *option_argument(const struct option_row *row)
{
    if (row->choices != NULL)
        return option_choices(row, "|");
    return row->argument != NULL ? xstrdup(row->argument) : NULL;
}

void option_set_defaults(const struct option_table *table, void *target)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        const char *variable = row->variable != NULL ? getenv(row->variable) : NULL;
        const char *text = variable != NULL && variable[0] != '\0' ? variable : row->initial;
        if (text != NULL && option_has(table, row))
            option_set(row, text, target, NULL);
    }
}

static int set_bool(const char *text, bool *member, struct error **err)
{
    *member = streq(text, "true");
    if (*member || streq(text, "false"))
        return 0;
    return error_set(err, ERROR_USAGE, "must be true or false, not \"%s\"", text);
}

static int set_text(
    const struct option_row *row, const char *text, char **member, struct error **err)
{
    if (text[0] == '\0' && row->value == OPTION_TEXT)
        return error_set(err, ERROR_USAGE, "must not be empty");
    if (row->check != NULL && row->check(text, err) < 0)
        return -1;
    xstrset(member, text);
    return 0;
}

static int set_choice(
    const struct option_row *row, const char *text, char **member, struct error **err)
{
    size_t count = 0;
    while (row->choices[count] != NULL)
        count++;
    if (text_index(text, row->choices, count) >= 0) {
        xstrset(member, text);
        return 0;
    }
    auto_free char *known = text_list(row->choices, count);
    auto_free char *hint = suggest_hint(text, row->choices, count);
    return error_set(err, ERROR_USAGE, "cannot be \"%s\": use %s%s", text, known, hint);
}

static int add_text(const char *text, struct option_texts *texts)
{
    texts->items = xreallocarray(texts->items, texts->count + 1, sizeof(*texts->items));
    texts->items[texts->count++] = xstrdup(text);
    return 0;
}

static int set_number(
    const struct option_row *row, const char *text, void *member, struct error **err)
{
    long least = row->value == OPTION_RATE ? 1 : (long)row->least;
    long most = row->most != 0 ? (long)row->most : INT_MAX;
    long number = 0;
    if (!text_parse_int(text, least, most, &number))
        return error_set(err, ERROR_USAGE,
            row->value == OPTION_SIZE ? "\"%3$s\" is not a number from %1$ld to %2$ld"
                                      : "must be a whole number from %1$ld to %2$ld, not \"%3$s\"",
            least, most, text);
    if (row->value == OPTION_COUNT)
        *(int *)member = (int)number;
    else if (row->value == OPTION_SIZE)
        *(size_t *)member = (size_t)number;
    else
        *(double *)member = (double)number;
    return 0;
}

/* A duration in the largest unit that divides it. Owned by the caller. */
static char *duration_text(int64_t milliseconds)
{
    static const struct {
        int64_t milliseconds;
        const char *name;
    } units[] = {{3600 * 1000, "h"}, {60 * 1000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t unit = 0;
    while (milliseconds % units[unit].milliseconds != 0)
        unit++;
    return xasprintf(
        "%lld%s", (long long)(milliseconds / units[unit].milliseconds), units[unit].name);
}

static int set_duration(
    const struct option_row *row, const char *text, int64_t *member, struct error **err)
{
    int64_t least = row->most != 0 ? row->least : 1;
    int64_t most = row->most != 0 ? row->most : LONGEST_WAIT_MS;
    if (text_parse_duration_within(text, least, most, member))
        return 0;
    auto_free char *shortest = duration_text(least);
    auto_free char *longest = duration_text(most);
    return error_set(err, ERROR_USAGE, "\"%s\" is not a duration from %s to %s (use %s)", text,
        shortest, longest, text_or(row->example, "30s, 250ms or 2m"));
}

int option_set(const struct option_row *row, const char *text, void *target, struct error **err)
{
    void *member = (char *)target + row->member;
    switch (row->value) {
    case OPTION_SWITCH:
    case OPTION_BOOLEAN:
        return set_bool(text, member, err);
    case OPTION_TEXT:
    case OPTION_TEXT_OR_EMPTY:
        return set_text(row, text, member, err);
    case OPTION_CHOICE:
        return set_choice(row, text, member, err);
    case OPTION_TEXTS:
        return add_text(text, member);
    case OPTION_PAIRS:
        return pairs_add(member, text, row->argument, err);
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_RATE:
        return set_number(row, text, member, err);
    case OPTION_DURATION:
        return set_duration(row, text, member, err);
    case OPTION_PARSED:
        return row->parse(text, member, err);
    }
    return 0;
}

static void clear_texts(struct option_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct option_texts){0};
}

void option_clear(const struct option_table *table, void *target)
{
    for (size_t i = 0; i < table->count; i++) {
        void *member = (char *)target + table->rows[i].member;
        switch (table->rows[i].value) {
        case OPTION_TEXT:
        case OPTION_TEXT_OR_EMPTY:
        case OPTION_CHOICE:
            xstrset(member, NULL);
            break;
        case OPTION_TEXTS:
            clear_texts(member);
            break;
        case OPTION_PAIRS:
            pairs_clear(member);
            break;
        default:
            break;
        }
    }
}

int option_parse_log_format(const char *text, void *member, struct error **err)
{
    return log_format_parse(text, member, err);
}

int option_parse_log_level(const char *text, void *member, struct error **err)
{
    return log_level_parse(text, member, err);
}
