#include "cli/hops.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_dump.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define CYAN "\033[36m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

enum { CLOUD_INIT_DEPTH = 64 };

/* Cloud-init data as YAML, which has user data of many lines line by line; unchanged if it is not
 * JSON. */
static char *cloud_init_text(const char *data, size_t length)
{
    auto_json json_t *value = json_parse(data, length, CLOUD_INIT_DEPTH, NULL);
    char *text = value != NULL ? yaml_dump(value, NULL) : NULL;
    return text != NULL ? text : xstrndup(data, length);
}

static char *diff_cloud_init(const struct manager_event *event, const char *label_before,
    const char *label_after, struct domain_change *change)
{
    auto_free char *before = cloud_init_text(event->input, event->input_length);
    auto_free char *after = cloud_init_text(event->output, event->output_length);
    return domain_diff_text(bytes_of(before), bytes_of(after), label_before, label_after, change);
}

const struct cli_hop *cli_hops_add(struct cli_hops *hops, const struct manager_event *event)
{
    struct cli_hop hop = {
        .sidecar = xstrdup(event->sidecar->name),
        .hook = event->hook,
        .call = event->call,
        .milliseconds = event->milliseconds,
        .failed = event->error != NULL,
        .ignored = event->ignored,
    };
    auto_free char *before =
        xasprintf("before %s of %s", hooks_point_name(event->hook), hop.sidecar);
    auto_free char *after = xasprintf("after %s of %s", hooks_point_name(event->hook), hop.sidecar);
    if (!hop.failed && hooks_points[event->hook].document == HOOKS_DOMAIN)
        hop.diff = domain_diff((struct bytes){event->input, event->input_length},
            (struct bytes){event->output, event->output_length}, before, after, &hop.change);
    else if (!hop.failed)
        hop.diff = diff_cloud_init(event, before, after, &hop.change);
    hops->items = xreallocarray(hops->items, hops->count + 1, sizeof(*hops->items));
    hops->items[hops->count] = hop;
    return &hops->items[hops->count++];
}

char *cli_hop_change(const struct cli_hop *hop)
{
    if (hop->failed)
        return xstrdup(hop->ignored ? "failed, ignored" : "failed");
    if (hop->change.added + hop->change.removed == 0)
        return xstrdup("unchanged");
    return xasprintf("+%zu -%zu", hop->change.added, hop->change.removed);
}

static bool has_hop(const struct cli_hops *hops, const char *sidecar)
{
    for (size_t i = 0; i < hops->count; i++) {
        if (streq(hops->items[i].sidecar, sidecar))
            return true;
    }
    return false;
}

void cli_hops_print_table(const struct cli_hops *hops, const char *const *sidecars,
    size_t sidecar_count, FILE *stream, bool colour)
{
    static const char row[] = "%s%-16s  %4s  %-15s  %-15s  %10s%s\n";
    const char *plain = colour ? PLAIN : "";
    fprintf(stream, row, colour ? BOLD : "", "SIDECAR", "CALL", "HOOK", "LINES", "TIME", plain);
    for (size_t i = 0; i < hops->count; i++) {
        const struct cli_hop *hop = &hops->items[i];
        auto_free char *call = xasprintf("%zu", hop->call);
        auto_free char *change = cli_hop_change(hop);
        auto_free char *time = xasprintf("%.1f ms", hop->milliseconds);
        fprintf(stream, row, colour && hop->failed ? RED : "", hop->sidecar, call,
            hooks_point_name(hop->hook), change, time, plain);
    }
    for (size_t i = 0; i < sidecar_count; i++) {
        if (!has_hop(hops, sidecars[i]))
            fprintf(stream, row, "", sidecars[i], "-", "not called", "-", "-", plain);
    }
}

static const char *colour_of(const char *line)
{
    static const struct {
        const char *prefix;
        const char *colour;
    } colours[] = {{"---", BOLD}, {"+++", BOLD}, {"@@", CYAN}, {"-", RED}, {"+", GREEN}, {"", ""}};
    size_t i = 0;
    while (!text_starts_with(line, colours[i].prefix))
        i++;
    return colours[i].colour;
}

/* Escapes unprintable bytes, except tabs and newlines. */
static void print_diff(const char *diff, FILE *stream, bool colour)
{
    for (const char *line = diff; *line != '\0'; line++) {
        fputs(colour ? colour_of(line) : "", stream);
        for (;; line++) {
            size_t length = strcspn(line, "\t\n");
            auto_free char *text = text_printable(line, length, SIZE_MAX);
            fputs(text, stream);
            line += length;
            if (*line != '\t')
                break;
            fputc('\t', stream);
        }
        fprintf(stream, "%s\n", colour ? PLAIN : "");
    }
}

void cli_hops_print_diffs(const struct cli_hops *hops, FILE *stream, bool colour)
{
    for (size_t i = 0; i < hops->count; i++) {
        if (hops->items[i].diff != NULL)
            print_diff(hops->items[i].diff, stream, colour);
    }
}

void cli_hops_clear(struct cli_hops *hops)
{
    for (size_t i = 0; i < hops->count; i++) {
        free(hops->items[i].sidecar);
        free(hops->items[i].diff);
    }
    free(hops->items);
    *hops = (struct cli_hops){0};
}
