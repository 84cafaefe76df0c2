#include "manager/timings.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

struct manager_timings {
    const char *command;
    time_t started;
    double began; /* clock_milliseconds */
    double collected; /* milliseconds after began; negative: not reached */
    double finished;
    json_t *sidecars; /* array */
    json_t *hops; /* array */
};

struct manager_timings *manager_timings_new(const char *command)
{
    struct manager_timings *timings = xmalloc(sizeof(*timings));
    *timings = (struct manager_timings){
        .command = command,
        .started = time(NULL),
        .began = clock_milliseconds(),
        .collected = -1,
        .finished = -1,
        .sidecars = json_array(),
        .hops = json_array(),
    };
    return timings;
}

void manager_timings_note(struct manager_timings *timings, const struct manager_event *event)
{
    if (event->kind == MANAGER_EVENT_READY)
        json_array_append_new(
            timings->sidecars, json_pack("{s:s, s:f}", "sidecar", event->sidecar->name,
                                   "readyMilliseconds", event->milliseconds));
    if (event->kind == MANAGER_EVENT_HOP_DONE)
        json_array_append_new(
            timings->hops, json_pack("{s:s, s:s, s:f, s:b}", "sidecar", event->sidecar->name,
                               "hook", hooks_point_name(event->hook), "milliseconds",
                               event->milliseconds, "failed", event->error != NULL));
}

void manager_timings_collected(struct manager_timings *timings)
{
    timings->collected = clock_milliseconds() - timings->began;
}

void manager_timings_finished(struct manager_timings *timings)
{
    timings->finished = clock_milliseconds() - timings->began;
}

int manager_timings_append(const struct manager_timings *timings, const char *path, int status,
    const struct error *error, struct error **err)
{
    char started[32];
    struct tm utc;
    strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&timings->started, &utc));
    auto_json json_t *value =
        json_pack("{s:s, s:s, s:i, s:f}", "started", started, "command", timings->command,
            "exitStatus", status, "totalMilliseconds", clock_milliseconds() - timings->began);
    if (timings->collected >= 0)
        json_object_set_new(value, "collectMilliseconds", json_real(timings->collected));
    if (timings->finished >= 0)
        json_object_set_new(
            value, "chainMilliseconds", json_real(timings->finished - timings->collected));
    json_object_set(value, "sidecars", timings->sidecars);
    json_object_set(value, "hops", timings->hops);
    if (error != NULL)
        json_object_set_new(value, "error", json_string(error->message));
    auto_free char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(6));
    auto_free char *line = xasprintf("%s\n", text);
    return file_append(path, line, strlen(line), 0644, err);
}
