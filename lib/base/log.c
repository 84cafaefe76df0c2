#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utstring.h>

#include "base/file.h"
#include "base/text.h"

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const format_names[] = {"text", "json"};

static struct {
    const char *component;
    enum log_format format;
    enum log_level level;
} settings = {"", LOG_TEXT, LOG_INFO};

void log_init(const char *component, enum log_format format, enum log_level level)
{
    settings.component = component;
    settings.format = format;
    settings.level = level;
}

static int name_parse(const char *what, const char *name, const char *const *names, size_t count,
    int *out, struct error **err)
{
    *out = text_index(name, names, count);
    if (*out >= 0)
        return 0;
    auto_free char *known = text_list(names, count);
    auto_free char *hint = suggest_hint(name, names, count);
    return error_set(err, ERROR_USAGE, "\"%s\" is not a log %s: use %s%s", name, what, known, hint);
}

int log_format_parse(const char *name, enum log_format *out, struct error **err)
{
    int value = 0;
    if (name_parse("format", name, format_names, ARRAY_SIZE(format_names), &value, err) < 0)
        return -1;
    *out = (enum log_format)value;
    return 0;
}

int log_level_parse(const char *name, enum log_level *out, struct error **err)
{
    int value = 0;
    if (name_parse("level", name, level_names, ARRAY_SIZE(level_names), &value, err) < 0)
        return -1;
    *out = (enum log_level)value;
    return 0;
}

/* 2026-01-02T03:04:05.678901Z */
static void now_rfc3339(char *out, size_t size)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, size, "%s.%06ldZ", seconds, now.tv_nsec / 1000);
}

enum { DIGITS = JSON_REAL_PRECISION(6) }; /* of measured values */

static char *json_line(enum log_level level, json_t *fields, const char *message)
{
    char timestamp[64];
    now_rfc3339(timestamp, sizeof(timestamp));
    json_t *line = json_pack("{s:s, s:s, s:s, s:s}", "timestamp", timestamp, "level",
        level_names[level], "component", settings.component, "msg", message);
    if (fields != NULL)
        json_object_update_missing(line, fields);
    char *text = json_dumps(line, JSON_COMPACT | DIGITS);
    json_decref(line);
    return text;
}

static char *text_line(enum log_level level, json_t *fields, const char *message)
{
    UT_string line;
    utstring_init(&line);
    utstring_printf(&line, "%s: ", settings.component);
    if (level != LOG_INFO)
        utstring_printf(&line, "%s: ", level_names[level]);
    utstring_printf(&line, "%s", message);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach (fields, key, value) {
        auto_free char *shown = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | DIGITS);
        utstring_printf(&line, " %s=%s", key, shown != NULL ? shown : "?");
    }
    return utstring_body(&line);
}

void log_write(enum log_level level, json_t *take_fields, const char *format, ...)
{
    if (level >= settings.level) {
        va_list args;
        va_start(args, format);
        auto_free char *raw = xvasprintf(format, args);
        va_end(args);
        /* JSON itself escapes valid text */
        bool as_it_is = settings.format == LOG_JSON && text_is_utf8(raw, strlen(raw), NULL);
        auto_free char *message =
            as_it_is ? steal(&raw) : text_printable(raw, strlen(raw), SIZE_MAX);
        auto_free char *line = settings.format == LOG_JSON ? json_line(level, take_fields, message)
                                                           : text_line(level, take_fields, message);
        if (line != NULL) {
            auto_free char *whole = xasprintf("%s\n", line);
            file_write_all(STDERR_FILENO, whole, strlen(whole), NULL);
        }
    }
    json_decref(take_fields);
}
