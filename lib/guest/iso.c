#include "guest/iso.h"

#include <stdbool.h>

#include "base/subprocess.h"

struct guest_tool *guest_iso_make(const char *directory, const char *label, const char *path,
    guest_tool_done *done, void *user, struct error **err)
{
    auto_free char *genisoimage = subprocess_find("genisoimage", NULL);
    auto_free char *xorriso = subprocess_find("xorriso", NULL);
    bool has_xorriso = xorriso != NULL || genisoimage == NULL;
    /* clang-format off: the words of one command a line */
    const char *const with_xorriso[] = {
        "xorriso",
        "-as",
        "mkisofs",
        "-quiet",
        "-o",
        path,
        "-V",
        label,
        "-J",
        "-joliet-long",
        "-r",
        "-f",
        "-m",
        "..*",
        "-input-charset",
        "utf-8",
        "--modification-date=1970010100000000",
        "--set_all_file_dates",
        "1970010100000000",
        directory,
        NULL,
    };
    const char *const with_genisoimage[] = {
        "genisoimage",
        "-quiet",
        "-o",
        path,
        "-V",
        label,
        "-J",
        "-joliet-long",
        "-r",
        "-f",
        "-m",
        "..*",
        "-input-charset",
        "utf-8",
        directory,
        NULL,
    };
    /* clang-format on */
    return guest_tool_start(
        has_xorriso ? with_xorriso : with_genisoimage, "xorriso", done, user, err);
}
