#include "base/option_line.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { ID_FIRST = 256 }; /* plus a row's index: what getopt_long(3) returns for a long name */

static int has_argument(const struct option_row *row)
{
    if (row->value == OPTION_BOOLEAN || row->bare != NULL)
        return optional_argument;
    return option_takes_value(row) ? required_argument : no_argument;
}

/* The long names for getopt_long(3). Owned by the caller. */
static struct option *long_names(const struct option_table *table)
{
    struct option *names = xcalloc(table->count + 1, sizeof(*names));
    struct option *end = names;
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (option_has(table, row))
            *end++ = (struct option){
                .name = row->name, .has_arg = has_argument(row), .val = ID_FIRST + (int)i};
    }
    return names;
}

/* The short names for getopt_long(3). Owned by the caller. */
static char *letters(const struct option_table *table)
{
    static const char start[] = "+:";
    char *text = xcalloc(sizeof(start) + 2 * table->count, 1);
    char *end = stpcpy(text, (table->manner & OPTION_STOP) != 0 ? start : start + 1);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->letter == 0 || !option_has(table, row))
            continue;
        *end++ = row->letter;
        if (option_takes_value(row))
            *end++ = ':';
    }
    return text;
}

/* The row for a result of getopt_long(3), or NULL. */
static const struct option_row *row_of(const struct option_table *table, int id)
{
    if (id >= ID_FIRST)
        return &table->rows[id - ID_FIRST];
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (id != 0 && row->letter == id && option_has(table, row))
            return row;
    }
    return NULL;
}

static int refuse_unknown(const struct option_table *table, const char *word, struct error **err)
{
    auto_free char *flag = xstrndup(word, strcspn(word, "="));
    auto_free const char **names = xcalloc(table->count, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (option_has(table, &table->rows[i]))
            names[count++] = table->rows[i].name;
    }
    const char *nearest = suggest_nearest(flag + strspn(flag, "-"), names, count);
    if (table->refuse != NULL)
        return table->refuse(word, nearest, err);
    if (nearest == NULL)
        return error_set(err, ERROR_USAGE, "unknown flag \"%s\"", flag);
    return error_set(
        err, ERROR_USAGE, "unknown flag \"%s\" (did you mean \"--%s\"?)", flag, nearest);
}

/* Sets the error for a missing value; word is the option as it was written. */
static int refuse_missing(const struct option_table *table, const struct option_row *row,
    const char *word, struct error **err)
{
    if ((table->manner & OPTION_SAY_ARGUMENT) == 0)
        return error_set(err, ERROR_USAGE, "%s needs a value", word);
    auto_free char *argument = option_argument(row);
    return error_set(err, ERROR_USAGE, "--%s needs a value: %s", row->name, argument);
}

/* Sets the error for what getopt_long(3) rejected: it returned outcome, and word is what it read
 * last. */
static int refuse(
    const struct option_table *table, int outcome, const char *word, struct error **err)
{
    const struct option_row *row = row_of(table, optopt);
    if (optopt == 0)
        return refuse_unknown(table, word, err);
    if (row == NULL)
        return error_set(err, ERROR_USAGE, "unknown flag \"-%c\"", optopt);
    if (outcome == ':')
        return refuse_missing(table, row, word, err);
    return error_set(err, ERROR_USAGE, "--%s takes no value", row->name);
}

/* Stores a value in its member; an error names the option. */
static int set(const struct option_row *row, const char *value, void *target, struct error **err)
{
    struct error *error = NULL;
    if (option_set(row, value, target, &error) == 0)
        return 0;
    if (row->value == OPTION_CHOICE) {
        error_set(err, error->class, "--%s %s", row->name, error->message);
        error_free(error);
        return -1;
    }
    if (!row->names_itself)
        error_wrap(&error, "--%s", row->name);
    return error_move(err, error);
}

static int take(const struct option_table *table, const struct option_given *given, void *target,
    struct error **err)
{
    if (given->value[0] == '\0' && (table->manner & OPTION_SAY_ARGUMENT) != 0)
        return refuse_missing(table, given->row, given->row->name, err);
    if (given->value[0] == '\0' && (table->manner & OPTION_NO_EMPTY) != 0)
        return error_set(err, ERROR_USAGE, "--%s: the value must not be empty", given->row->name);
    return target != NULL ? set(given->row, given->value, target, err) : 0;
}

int option_line_read(const struct option_table *table, int argc, char **argv, void *target,
    struct option_line *line, struct error **err)
{
    auto_free struct option *long_options = long_names(table);
    auto_free char *short_options = letters(table);
    bool one_dash = (table->manner & OPTION_ONE_DASH) != 0;
    *line = (struct option_line){.given = xcalloc((size_t)argc + 1, sizeof(*line->given))};
    opterr = 0;
    optind = 0;
    for (;;) {
        int id = (one_dash ? getopt_long_only : getopt_long)(
            argc, argv, short_options, long_options, NULL);
        if (id < 0)
            break;
        if (id == '?' || id == ':')
            return refuse(table, id, argv[optind - 1], err);
        const struct option_row *row = row_of(table, id);
        struct option_given *given = &line->given[line->count++];
        *given = (struct option_given){row, text_or(optarg, text_or(row->bare, "true"))};
        if (take(table, given, target, err) < 0)
            return -1;
    }
    line->operands = optind;
    return 0;
}

int option_line_apply(const struct option_table *table, const struct option_line *line,
    void *target, struct error **err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        const char *last = option_line_value(line, row->name);
        for (size_t k = 0; k < line->count; k++) {
            const char *value = line->given[k].value;
            if (line->given[k].row == row && (value == last || option_is_repeatable(row)) &&
                set(row, value, target, err) < 0)
                return -1;
        }
    }
    return 0;
}

const char *option_line_value(const struct option_line *line, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < line->count; i++) {
        if (streq(line->given[i].row->name, name))
            value = line->given[i].value;
    }
    return value;
}

int option_line_require(const struct option_table *table, const struct option_line *line,
    const char *name, struct error **err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->missing == NULL || (name != NULL && !streq(row->name, name)) ||
            !option_has(table, row) || option_line_value(line, row->name) != NULL)
            continue;
        auto_free char *argument = option_argument(row);
        return error_set(err, ERROR_USAGE, "--%s%s%s is missing: %s", row->name,
            argument != NULL ? " " : "", text_or(argument, ""), row->missing);
    }
    return 0;
}

void option_line_clear(struct option_line *line)
{
    free(line->given);
    *line = (struct option_line){0};
}
