#include "cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

struct cli_report_item {
    size_t index; /* how many were added before it */
    enum finding_severity severity;
    enum error_class class;
    char *file; /* owned, or NULL */
    struct yaml_place place; /* line 0: no place */
    char *path; /* owned, or NULL */
    char *message; /* owned */
    const char *kind; /* static; NULL: the finding is not about an object */
    char *namespace; /* owned, or NULL */
    char *name; /* owned, or NULL */
    bool unreadable; /* the message names the file itself */
};

static char *copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static int compare_places(const void *a, const void *b)
{
    const struct cli_report_item *one = a;
    const struct cli_report_item *other = b;
    if (one->place.line != other->place.line)
        return one->place.line < other->place.line ? -1 : 1;
    if (one->place.column != other->place.column)
        return one->place.column < other->place.column ? -1 : 1;
    return one->index < other->index ? -1 : 1;
}

void cli_report_sort(struct cli_report *report, size_t first)
{
    if (report->count > first)
        qsort(report->items + first, report->count - first, sizeof(*report->items), compare_places);
}

static void add_item(struct cli_report *report, struct cli_report_item item)
{
    report->items = xreallocarray(report->items, report->count + 1, sizeof(*report->items));
    item.index = report->count;
    report->items[report->count++] = item;
    if (item.severity == FINDING_ERROR)
        report->errors++;
    else
        report->warnings++;
}

void cli_report_add(struct cli_report *report, enum finding_severity severity,
    enum error_class class, const struct cli_report_place *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const struct cli_object *object = place->object;
    bool is_object = object != NULL && object->kind != CLI_ANNOTATION;
    add_item(report, (struct cli_report_item){
                         .severity = severity,
                         .class = class,
                         .file = copy(place->file),
                         .place = place->place,
                         .path = copy(place->path),
                         .message = xvasprintf(format, args),
                         .kind = is_object ? cli_kind_name(object->kind) : NULL,
                         .namespace = is_object ? xstrdup(object->namespace) : NULL,
                         .name = is_object ? xstrdup(object->name) : NULL,
                     });
    va_end(args);
}

void cli_report_add_left_out(struct cli_report *report, const struct cli_report_place *place,
    const struct findings *findings)
{
    size_t errors = findings_left_out(findings, FINDING_ERROR);
    size_t warnings = findings_left_out(findings, FINDING_WARNING);
    if (errors > 0) {
        cli_report_add(report, FINDING_ERROR, ERROR_INPUT, place, "and %zu more errors", errors);
        report->errors += errors - 1;
    }
    if (warnings > 0) {
        cli_report_add(
            report, FINDING_WARNING, ERROR_INPUT, place, "and %zu more warnings", warnings);
        report->warnings += warnings - 1;
    }
}

void cli_report_add_unreadable(
    struct cli_report *report, const char *file, struct error *take_error)
{
    add_item(report, (struct cli_report_item){
                         .severity = FINDING_ERROR,
                         .class = take_error->class,
                         .file = copy(file),
                         .message = xstrdup(take_error->message),
                         .unreadable = true,
                     });
    report->unreadable = true;
    error_free(take_error);
}

bool cli_report_colour(int fd)
{
    const char *refusal = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(fd) && (refusal == NULL || refusal[0] == '\0') && terminal != NULL &&
           !streq(terminal, "dumb");
}

/* Writes text with unprintable bytes escaped, coloured unless style is NULL. */
static void put(FILE *stream, const char *style, const char *text)
{
    auto_free char *shown = text_printable(text, strlen(text), SIZE_MAX);
    fprintf(stream, "%s%s%s", style != NULL ? style : "", shown, style != NULL ? "\033[0m" : "");
}

static void print_item(const struct cli_report_item *item, FILE *stream, bool colour)
{
    bool is_error = item->severity == FINDING_ERROR;
    if (item->file != NULL && !item->unreadable) {
        auto_free char *place = item->place.line == 0 ? xasprintf("%s:", item->file)
                                                      : xasprintf("%s:%zu:%zu:", item->file,
                                                            item->place.line, item->place.column);
        put(stream, colour ? "\033[1m" : NULL, place);
        fputc(' ', stream);
    }
    if (!is_error) {
        put(stream, colour ? "\033[33m" : NULL, "warning:");
        fputc(' ', stream);
    }
    if (item->path != NULL) {
        put(stream, colour && is_error ? "\033[31m" : NULL, item->path);
        fputs(": ", stream);
    }
    put(stream, NULL, item->message);
    fputc('\n', stream);
}

void cli_report_print(const struct cli_report *report, FILE *stream, bool colour)
{
    for (size_t i = 0; i < report->count; i++)
        print_item(&report->items[i], stream, colour);
}

static json_t *number_or_null(size_t number)
{
    return number > 0 ? json_integer((json_int_t)number) : json_null();
}

/* Names of files and objects may be any bytes; JSON requires UTF-8. */
static json_t *text_or_null(const char *text)
{
    if (text == NULL)
        return json_null();
    auto_free char *shown = text_printable(text, strlen(text), SIZE_MAX);
    return json_string(shown);
}

json_t *cli_report_json(const struct cli_report *report)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const struct cli_report_item *item = &report->items[i];
        json_array_append_new(findings,
            json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "file",
                text_or_null(item->file), "line", number_or_null(item->place.line), "column",
                number_or_null(item->place.column), "path", text_or_null(item->path), "severity",
                item->severity == FINDING_ERROR ? "error" : "warning", "class",
                error_class_name(item->class), "message", text_or_null(item->message), "kind",
                text_or_null(item->kind), "namespace", text_or_null(item->namespace), "name",
                text_or_null(item->name)));
    }
    return json_pack("{s:o, s:I, s:I}", "findings", findings, "errors", (json_int_t)report->errors,
        "warnings", (json_int_t)report->warnings);
}

/* "no files", "1 file", "2 files" */
static char *counted(size_t count, const char *noun)
{
    if (count == 0)
        return xasprintf("no %ss", noun);
    return xasprintf("%zu %s%s", count, noun, count == 1 ? "" : "s");
}

char *cli_report_summary(const struct cli_report *report)
{
    auto_free char *files = counted(report->files, "file");
    auto_free char *annotations = counted(report->annotations, "annotation");
    auto_free char *errors = counted(report->errors, "error");
    auto_free char *warnings = counted(report->warnings, "warning");
    return xasprintf("%s, %s: %s, %s", files, annotations, errors, warnings);
}

int cli_report_exit_status(const struct cli_report *report)
{
    if (report->unreadable)
        return error_exit_status(ERROR_IO);
    return report->errors > 0 ? error_exit_status(ERROR_INPUT) : 0;
}

void cli_report_clear(struct cli_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct cli_report_item *item = &report->items[i];
        free(item->file);
        free(item->path);
        free(item->message);
        free(item->namespace);
        free(item->name);
    }
    free(report->items);
    *report = (struct cli_report){0};
}
