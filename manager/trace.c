#include "manager/trace.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "domain/diff.h"

struct manager_trace {
    enum hooks_point hook;
    char *directory; /* of the call */
    size_t hops;
};

/* The highest number at the start of an entry's name; 0 when there is none. */
static long last_number(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    long highest = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        const char *dash = strchr(entry->d_name, '-');
        long number = 0;
        auto_free char *digits =
            dash != NULL ? xstrndup(entry->d_name, (size_t)(dash - entry->d_name)) : xstrdup("");
        if (text_parse_int(digits, 1, INT32_MAX, &number) && number > highest)
            highest = number;
    }
    closedir(directory);
    return highest;
}

struct manager_trace *manager_trace_open(
    const char *directory, enum hooks_point hook, struct error **err)
{
    if (file_make_directories(directory, 0700, err) < 0)
        return NULL;
    long number = last_number(directory);
    for (;;) {
        auto_free char *name = xasprintf("%02ld-%s", ++number, hooks_point_name(hook));
        auto_free char *path = file_join(directory, name);
        if (mkdir(path, 0700) == 0) {
            struct manager_trace *trace = xmalloc(sizeof(*trace));
            *trace = (struct manager_trace){.hook = hook, .directory = steal(&path)};
            return trace;
        }
        if (errno != EEXIST) { /* another process may have taken the number */
            error_set_errno(err, "making the directory %s", path);
            return NULL;
        }
    }
}

/* The contents of hop.json. */
static json_t *describe(const struct manager_trace *trace, const struct manager_trace_hop *hop,
    const struct domain_change *change)
{
    const struct manager_sidecar *sidecar = hop->sidecar;
    json_t *value = json_pack("{s:s, s:I, s:s, s:s, s:s, s:i, s:f, s:I}", "sidecar", sidecar->name,
        "index", (json_int_t)sidecar->index, "socket", sidecar->socket, "version", sidecar->version,
        "hook", hooks_point_name(trace->hook), "priority", (int)sidecar->priority[trace->hook],
        "milliseconds", hop->milliseconds, "inputBytes", (json_int_t)hop->input_length);
    if (hop->output != NULL) {
        json_object_set_new(value, "outputBytes", json_integer((json_int_t)hop->output_length));
        json_object_set_new(value, "linesAdded", json_integer((json_int_t)change->added));
        json_object_set_new(value, "linesRemoved", json_integer((json_int_t)change->removed));
    }
    if (hop->error != NULL) {
        json_object_set_new(value, "error", json_string(hop->error->message));
        json_object_set_new(value, "ignored", json_boolean(hop->ignored));
    }
    return value;
}

static int keep_file(
    const char *directory, const char *name, const char *data, size_t length, struct error **err)
{
    auto_free char *path = file_join(directory, name);
    return file_write(path, data, length, 0600, err);
}

/* What the hop did to the document, as a unified diff. Owned by the caller. */
static char *diff(enum hooks_point hook, const struct manager_trace_hop *of, const char *input_name,
    const char *output_name, struct domain_change *change)
{
    struct bytes before = {of->input, of->input_length};
    struct bytes after = {of->output, of->output_length};
    return (hooks_points[hook].document == HOOKS_DOMAIN ? domain_diff : domain_diff_text)(
        before, after, input_name, output_name, change);
}

int manager_trace_keep(
    struct manager_trace *trace, const struct manager_trace_hop *hop, struct error **err)
{
    bool is_domain = hooks_points[trace->hook].document == HOOKS_DOMAIN;
    const char *input_name = is_domain ? "input.xml" : "input.json";
    const char *output_name = is_domain ? "output.xml" : "output.json";
    auto_free char *name = xasprintf("%02zu-%s", trace->hops++, hop->sidecar->name);
    auto_free char *directory = file_join(trace->directory, name);
    if (mkdir(directory, 0700) < 0)
        return error_set_errno(err, "making the directory %s", directory);
    if (keep_file(directory, input_name, hop->input, hop->input_length, err) < 0)
        return -1;
    struct domain_change change = {0};
    if (hop->output != NULL) {
        auto_free char *changes = diff(trace->hook, hop, input_name, output_name, &change);
        if (keep_file(directory, output_name, hop->output, hop->output_length, err) < 0 ||
            keep_file(directory, "change.diff", changes, strlen(changes), err) < 0)
            return -1;
    }
    auto_json json_t *value = describe(trace, hop, &change);
    auto_free char *text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    return keep_file(directory, "hop.json", text, strlen(text), err);
}

void manager_trace_close(struct manager_trace *trace)
{
    if (trace == NULL)
        return;
    free(trace->directory);
    free(trace);
}
