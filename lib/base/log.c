#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utstring.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const format_names[] = {"text", "json"};

static struct {
    const char *component;
    enum log_format format;
    enum log_level level;
} settings = {"", LOG_TEXT, LOG_INFO};

/* Standard error, and what could not be written to it. */
static struct {
    pthread_mutex_t mutex; /* guards all of it */
    double waited; /* milliseconds since */
    double since; /* clock_milliseconds */
    unsigned long lost; /* lines, since the last that was written */
    const char *why; /* they were lost; static, or of strerror */
    bool is_cut; /* the last line ends in the middle */
} output = {.mutex = PTHREAD_MUTEX_INITIALIZER};

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

/* Waits until standard error takes PIPE_BUF bytes without blocking, for as long as patience is
 * left. Returns whether it does; with a failure, too, which write then reports. */
static bool wait_writable(void)
{
    enum { WINDOW_MS = 60000 };
    struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&writable, 1, 0) != 0)
        return true;
    double begin = clock_milliseconds();
    if (begin - output.since >= WINDOW_MS) {
        output.since = begin;
        output.waited = 0;
    }
    if (output.waited >= LOG_PATIENCE_MS)
        return false;
    int ready = poll(&writable, 1, LOG_PATIENCE_MS - (int)output.waited);
    output.waited += clock_milliseconds() - begin;
    return ready > 0;
}

/* Writes text in pieces that do not block. Returns whether all was written. */
static bool put(const char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t piece = length - done < PIPE_BUF ? length - done : PIPE_BUF;
        bool writable = wait_writable();
        struct error *error = NULL;
        if (writable && file_write_all(STDERR_FILENO, text + done, piece, &error) == 0) {
            done += piece;
            continue;
        }
        output.why = error != NULL ? strerrordesc_np(error->errnum) : "nobody reads the log";
        output.is_cut = output.is_cut || writable || done > 0;
        error_free(error);
        return false;
    }
    output.is_cut = false;
    return true;
}

static char *make_line(enum log_level level, json_t *fields, const char *message)
{
    auto_free char *line = settings.format == LOG_JSON ? json_line(level, fields, message)
                                                       : text_line(level, fields, message);
    return line != NULL ? xasprintf("%s%s\n", output.is_cut ? "\n" : "", line) : NULL;
}

/* Says how many lines were lost. Returns whether that, too, was lost. */
static bool still_loses(void)
{
    if (output.lost == 0)
        return false;
    auto_free char *message = xasprintf("%lu lines of this log were lost: %s", output.lost,
        text_or(output.why, "they could not be written"));
    auto_free char *line = make_line(LOG_WARNING, NULL, message);
    if (line == NULL || !put(line, strlen(line)))
        return true;
    output.lost = 0;
    return false;
}

static void write_line(enum log_level level, json_t *fields, const char *message)
{
    pthread_mutex_lock(&output.mutex);
    bool lost = still_loses();
    auto_free char *line = lost ? NULL : make_line(level, fields, message);
    if (lost || (line != NULL && !put(line, strlen(line))))
        output.lost++;
    pthread_mutex_unlock(&output.mutex);
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
        write_line(level, take_fields, message);
    }
    json_decref(take_fields);
}
