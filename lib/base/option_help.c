#include "base/option_help.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The option with its argument: "--schema[=FILE]", "--launch[=false]". Owned by the caller. */
static char *synopsis(const struct option_row *row)
{
    auto_free char *argument = option_argument(row);
    if (row->bare != NULL)
        return xasprintf("--%s[=%s]", row->name, argument);
    if (row->value == OPTION_BOOLEAN)
        return xasprintf("--%s%s", row->name, streq(row->initial, "true") ? "[=false]" : "");
    return xasprintf("--%s%s%s", row->name, argument != NULL ? " " : "", text_or(argument, ""));
}

/* The same, indented and after its letter or the space for one. */
static char *left_side(const struct option_row *row, const struct option_help_style *style)
{
    auto_free char *option = synopsis(row);
    if (!style->letters)
        return xasprintf("  %s", option);
    return row->letter != 0 ? xasprintf("  -%c, %s", row->letter, option)
                            : xasprintf("      %s", option);
}

/* An option's help text, with its default if the style has them. Owned by the caller. */
static char *right_side(const struct option_row *row, const struct option_help_style *style)
{
    bool is_off = row->value == OPTION_BOOLEAN && streq(row->initial, "false");
    if (!style->defaults || row->initial == NULL || is_off)
        return xstrdup(row->help);
    return xasprintf("%s (default %s)", row->help, row->initial);
}

/* Writes text with its own line breaks, or wrapped at words if there is a width. The first line is
 * already filled up to the column. */
static void write_text(FILE *out, const char *text, const struct option_help_style *style)
{
    size_t used = style->column;
    const char *separators = style->width != 0 ? " \n" : "\n";
    while (*text != '\0') {
        size_t length = strcspn(text, separators);
        bool starts = used == style->column;
        bool fits = style->width != 0 && used + 1 + length <= style->width;
        if (!starts && !fits) {
            fprintf(out, "\n%*s", (int)style->column, "");
            used = style->column;
            starts = true;
        }
        fprintf(out, "%s%.*s", starts ? "" : " ", (int)length, text);
        used += length + !starts;
        text += length;
        text += strspn(text, separators);
    }
    fputc('\n', out);
}

void option_help_write(
    FILE *out, const struct option_table *table, const struct option_help_style *style)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->help == NULL || !option_has(table, row))
            continue;
        auto_free char *left = left_side(row, style);
        auto_free char *right = right_side(row, style);
        if (row->heading != NULL)
            fprintf(out, "\n%s:\n", row->heading);
        if (strlen(left) < style->column)
            fprintf(out, "%-*s", (int)style->column, left);
        else
            fprintf(out, "%s\n%*s", left, (int)style->column, "");
        write_text(out, right, style);
    }
}

char *option_help_required(const struct option_table *table)
{
    char *words = xstrdup("");
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (row->missing == NULL || !option_has(table, row))
            continue;
        auto_free char *option = synopsis(row);
        auto_free char *before = words;
        words = xasprintf("%s%s ", before, option);
    }
    return words;
}

char *option_help_brief(const struct option_row *row)
{
    size_t length = strcspn(row->help, ";(");
    while (length > 0 && strchr(" \n", row->help[length - 1]) != NULL)
        length--;
    char *brief = xstrndup(row->help, length);
    for (char *newline = brief; (newline = strchr(newline, '\n')) != NULL;)
        *newline = ' ';
    return brief;
}
