#include "base/finding.h"

#include <stdlib.h>
#include <string.h>
#include <utstring.h>

#include "base/text.h"

enum { LONGEST_KEY = 256 };

/* How many were found. */
static size_t found(const struct findings *findings, enum finding_severity severity)
{
    return severity == FINDING_ERROR ? findings->errors : findings->warnings;
}

static void note(struct findings *findings, enum finding_severity severity)
{
    if (severity == FINDING_ERROR)
        findings->errors++;
    else
        findings->warnings++;
}

bool findings_is_full(const struct findings *findings, enum finding_severity severity)
{
    return found(findings, severity) >= FINDINGS_KEPT_MAX;
}

size_t findings_left_out(const struct findings *findings, enum finding_severity severity)
{
    size_t all = found(findings, severity);
    return all > FINDINGS_KEPT_MAX ? all - FINDINGS_KEPT_MAX : 0;
}

void findings_add(struct findings *findings, enum finding_severity severity, enum error_class class,
    const char *pointer, const char *format, ...)
{
    if (findings_is_full(findings, severity)) {
        note(findings, severity);
        return;
    }
    note(findings, severity);
    size_t kept = findings->count;
    if ((kept & (kept - 1)) == 0) /* room for twice as many at each power of two */
        findings->items =
            xreallocarray(findings->items, kept > 0 ? 2 * kept : 1, sizeof(*findings->items));
    va_list args;
    va_start(args, format);
    findings->items[findings->count++] = (struct finding){
        .severity = severity,
        .class = class,
        .pointer = xstrdup(pointer),
        .message = xvasprintf(format, args),
    };
    va_end(args);
}

void findings_add_fault(struct findings *findings, const char *pointer,
    const struct json_fault *fault, struct error *take_error)
{
    bool kept = !findings_is_full(findings, FINDING_ERROR);
    findings_error(findings, pointer, "%s", take_error->message);
    if (kept)
        findings->items[findings->count - 1].fault = *fault;
    error_free(take_error);
}

bool findings_has_error_at(const struct findings *findings, size_t first, const char *pointer)
{
    size_t length = strlen(pointer);
    if (findings_left_out(findings, FINDING_ERROR) > 0)
        return true;
    for (size_t i = first; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->severity == FINDING_ERROR && text_starts_with(finding->pointer, pointer) &&
            (finding->pointer[length] == '\0' || finding->pointer[length] == '/'))
            return true;
    }
    return false;
}

/* Appends a reference token as ["key"], safe for a terminal. */
static void append_quoted(UT_string *out, const char *token, size_t length)
{
    auto_free char *key = json_pointer_token(token, length);
    auto_free char *shown = text_printable(key, strlen(key), LONGEST_KEY);
    utstring_printf(out, "[\"%s\"]", shown);
}

char *finding_path(const char *pointer)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    UT_string out;
    utstring_init(&out);
    while (*pointer == '/') {
        const char *token = pointer + 1;
        size_t length = strcspn(token, "/");
        if (length > 0 && strspn(token, "0123456789") == length) {
            utstring_printf(&out, "[%.*s]", (int)length, token);
        } else if (length > 0 && strspn(token, plain) >= length) {
            utstring_printf(&out, "%s%.*s", utstring_len(&out) > 0 ? "." : "", (int)length, token);
        } else {
            append_quoted(&out, token, length);
        }
        pointer = token + length;
    }
    return utstring_body(&out);
}

char *finding_text(const struct finding *finding)
{
    const struct json_fault *fault = &finding->fault;
    auto_free char *path = finding_path(finding->pointer);
    auto_free char *place = fault->line > 0
                                ? xasprintf("line %zu, column %zu: ", fault->line, fault->column)
                                : xstrdup("");
    return xasprintf("%s%s%s%s", path, path[0] != '\0' ? ": " : "", place, finding->message);
}

/* Appends text up to room bytes in all, of which the ellipsis at least is free. Returns whether that
 * was enough. */
static bool append_within(UT_string *out, const char *text, size_t room)
{
    static const char ellipsis[] = "…";
    size_t length = strlen(text);
    if (utstring_len(out) + length <= room) {
        utstring_bincpy(out, text, length);
        return true;
    }
    length = room - utstring_len(out) - strlen(ellipsis);
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--; /* inside a character */
    utstring_bincpy(out, text, length);
    utstring_bincpy(out, ellipsis, strlen(ellipsis));
    return false;
}

int findings_to_error(const struct findings *findings, finding_describe *describe, const void *user,
    struct error **err)
{
    enum {
        ROOM = FINDINGS_MESSAGE_MAX_BYTES - 64, /* without "; and N more" */
        FULL = ROOM - 16, /* "; " and an ellipsis still fit */
    };
    size_t shown = 0;
    UT_string all;
    if (findings->errors == 0)
        return 0;
    utstring_init(&all);
    for (size_t i = 0; i < findings->count && shown < FINDINGS_SHOWN_MAX; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->severity != FINDING_ERROR)
            continue;
        auto_free char *text = describe != NULL ? describe(user, finding) : finding_text(finding);
        utstring_printf(&all, "%s", shown++ > 0 ? "; " : "");
        if (!append_within(&all, text, ROOM) || utstring_len(&all) > FULL)
            break;
    }
    if (shown < findings->errors)
        utstring_printf(&all, "; and %zu more", findings->errors - shown);
    error_set(err, ERROR_INPUT, "%s", utstring_body(&all));
    utstring_done(&all);
    return -1;
}

void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].pointer);
        free(findings->items[i].message);
    }
    free(findings->items);
    *findings = (struct findings){0};
}
