#include "cli/online/meter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

enum { TENTHS = 10, STEP_MS = 100, WIDTH = 80 };

static const uint64_t step_of_unknown = 1 << 30; /* of a transfer whose size is not known */

struct cli_meter {
    FILE *stream; /* borrowed */
    bool is_terminal;
    bool is_shown;
    char *said; /* owned */
    char *what; /* of the transfer; owned */
    uint64_t step; /* of the transfer, the last that was told, plus one */
    double begun, drawn; /* clock_milliseconds */
    uint64_t begun_at; /* bytes that were done then */
};

struct cli_meter *cli_meter_new(FILE *stream)
{
    struct cli_meter *meter = xcalloc(1, sizeof(*meter));
    meter->stream = stream;
    meter->is_terminal = isatty(fileno(stream)) != 0;
    return meter;
}

void cli_meter_hide(struct cli_meter *meter)
{
    if (meter->is_shown)
        fputs("\r\033[K", meter->stream);
    meter->is_shown = false;
    fflush(meter->stream);
}

/* Writes a line that is safe to print, as wide as the terminal at most. */
static void put(struct cli_meter *meter, const char *line)
{
    struct winsize size = {.ws_col = WIDTH};
    if (!meter->is_terminal) {
        auto_free char *whole = text_printable(line, strlen(line), SIZE_MAX);
        fprintf(meter->stream, "%s\n", whole);
        fflush(meter->stream);
        return;
    }
    if (ioctl(fileno(meter->stream), TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
        size.ws_col = WIDTH;
    auto_free char *shown = text_printable(line, strlen(line), size.ws_col - 2);
    cli_meter_hide(meter);
    fputs(shown, meter->stream);
    meter->is_shown = true;
    fflush(meter->stream);
}

void cli_meter_say(struct cli_meter *meter, const char *what, const char *sentence)
{
    auto_free char *line = xasprintf("%s: %s", what, sentence);
    if (meter->said != NULL && streq(meter->said, line))
        return;
    xstrset(&meter->said, line);
    put(meter, line);
}

char *cli_meter_size(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
        size /= 1024;
        unit++;
    }
    return xasprintf(unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

/* "disk.img: 1.0 GiB of 2.0 GiB (50 %), 100.0 MiB/s". Owned by the caller. */
static char *describe(const struct cli_meter *meter, uint64_t done, uint64_t total, double now)
{
    auto_free char *size = cli_meter_size(done);
    auto_free char *whole = cli_meter_size(total);
    double seconds = (now - meter->begun) / 1000;
    auto_free char *speed =
        cli_meter_size(seconds > 0 ? (uint64_t)((double)(done - meter->begun_at) / seconds) : 0);
    const char *pace = meter->is_terminal ? speed : "";
    if (total == 0)
        return xasprintf("%s: %s%s%s%s", meter->what, size, pace[0] != '\0' ? ", " : "", pace,
            pace[0] != '\0' ? "/s" : "");
    return xasprintf("%s: %s of %s (%.0f %%)%s%s%s", meter->what, size, whole,
        100 * (double)done / (double)total, pace[0] != '\0' ? ", " : "", pace,
        pace[0] != '\0' ? "/s" : "");
}

void cli_meter_bytes(struct cli_meter *meter, const char *what, uint64_t done, uint64_t total)
{
    double now = clock_milliseconds();
    if (meter->what == NULL || !streq(meter->what, what) || done < meter->begun_at) {
        xstrset(&meter->what, what);
        meter->begun = now;
        meter->begun_at = done;
        meter->step = 0;
        meter->drawn = 0;
    }
    uint64_t step =
        total > 0 ? (uint64_t)(TENTHS * ((double)done / (double)total)) : done / step_of_unknown;
    bool is_due = meter->is_terminal ? now - meter->drawn >= STEP_MS || done == total
                                     : step + 1 > meter->step;
    if (!is_due)
        return;
    meter->step = step + 1;
    meter->drawn = now;
    auto_free char *line = describe(meter, done, total, now);
    put(meter, line);
}

void cli_meter_free(struct cli_meter *meter)
{
    if (meter == NULL)
        return;
    cli_meter_hide(meter);
    free(meter->said);
    free(meter->what);
    free(meter);
}
