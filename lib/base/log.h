/* Log lines on standard error: text for people, or one JSON object per line for log collectors.
 * Only programs log; libraries return errors. Each line is written in one piece, also with several
 * threads.
 *
 * Nobody may be reading standard error, or its disk may be full. That stops no program: after
 * LOG_PATIENCE_MS within a minute, lines are dropped, and the next that is written says how many.
 *
 * A JSON line has "timestamp" (RFC 3339, UTC), "level", "component", "msg" and the fields; real
 * numbers have six digits. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <jansson.h>

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };
enum { LOG_PATIENCE_MS = 2000 };

/* Sets how lines look; component is the program's name, borrowed until the program exits. Before
 * this, lines are text at LOG_INFO. Call before starting threads. */
void log_init(const char *component, enum log_format format, enum log_level level);

/* Parse the names of flags: "text" or "json"; "debug", "info", "warning" or "error".
 * Return 0, or -1 with a usage error that lists the names. */
int log_format_parse(const char *name, enum log_format *out, struct error **err);
int log_level_parse(const char *name, enum log_level *out, struct error **err);

/* Writes one line. fields is an object whose members are added to the message, or NULL; it is taken
 * (freed here), so that it can be created in place: log_write(LOG_INFO, json_pack(…), "…"). */
void log_write(enum log_level level, json_t *take_fields, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_DEBUG, NULL, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, NULL, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, NULL, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, NULL, __VA_ARGS__)

#endif
