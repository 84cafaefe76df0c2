#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

struct line {
    char *name;
    char *state;
    bool running;
    double since; /* clock_seconds */
};

struct cli_progress {
    FILE *stream;
    bool is_terminal;
    struct line *lines;
    size_t count;
    size_t shown; /* lines of the block on the terminal */
};

struct cli_progress *cli_progress_new(FILE *stream, const char *const *names, size_t count)
{
    struct cli_progress *progress = xcalloc(1, sizeof(*progress));
    progress->stream = stream;
    progress->is_terminal = isatty(fileno(stream)) != 0;
    progress->lines = xcalloc(count, sizeof(*progress->lines));
    progress->count = count;
    for (size_t i = 0; i < count; i++)
        progress->lines[i].name = xstrdup(names[i]);
    return progress;
}

void cli_progress_hide(struct cli_progress *progress)
{
    if (progress->shown > 0)
        fprintf(progress->stream, "\033[%zuA\033[J", progress->shown);
    progress->shown = 0;
    fflush(progress->stream);
}

/* Writes one line, cut to the width of the terminal so that it does not wrap. */
static void show_line(const struct cli_progress *progress, const struct line *line, int width)
{
    auto_free char *time =
        line->running ? xasprintf("  %.1f s", clock_seconds() - line->since) : xstrdup("");
    auto_free char *text =
        xasprintf("  %-16s  %s%s", line->name, line->state != NULL ? line->state : "", time);
    fprintf(progress->stream, "%.*s\n", width, text);
}

/* Shows the last lines of the block that fit on the terminal. */
static void show(struct cli_progress *progress)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    if (!progress->is_terminal)
        return;
    if (ioctl(fileno(progress->stream), TIOCGWINSZ, &size) < 0 || size.ws_row < 2 ||
        size.ws_col < 2)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    cli_progress_hide(progress);
    size_t room = size.ws_row - 1;
    size_t first = progress->count > room ? progress->count - room : 0;
    for (size_t i = first; i < progress->count; i++) {
        show_line(progress, &progress->lines[i], size.ws_col - 1);
        progress->shown++;
    }
    fflush(progress->stream);
}

void cli_progress_set(
    struct cli_progress *progress, const char *name, bool running, const char *state)
{
    for (size_t i = 0; i < progress->count; i++) {
        struct line *line = &progress->lines[i];
        if (!streq(line->name, name))
            continue;
        xstrset(&line->state, state);
        line->running = running;
        line->since = clock_seconds();
    }
    show(progress);
}

void cli_progress_tick(struct cli_progress *progress)
{
    show(progress);
}

void cli_progress_free(struct cli_progress *progress)
{
    if (progress == NULL)
        return;
    cli_progress_hide(progress);
    for (size_t i = 0; i < progress->count; i++) {
        free(progress->lines[i].name);
        free(progress->lines[i].state);
    }
    free(progress->lines);
    free(progress);
}
