#include "machine/graphics.h"

#include "base/file.h"
#include "base/text.h"
#include "machine/value.h"

static void convert_video(const struct machine_conversion *conversion)
{
    static const char vram[] = "16384";
    const char *type = machine_string(conversion->devices, "/video/type");
    bool bochs = type == NULL && machine_conversion_boots_efi(conversion);
    domain_open(conversion->out, "video");
    domain_empty(conversion->out, "model", "type", bochs ? "bochs" : text_or(type, "vga"), "heads",
        "1", "vram", bochs ? NULL : vram);
    domain_close(conversion->out);
}

void machine_graphics_convert(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    if (!machine_boolean(conversion->devices, "/autoattachGraphicsDevice", true))
        return;
    convert_video(conversion);
    auto_free char *socket = file_join(conversion->host->work_directory, "virt-vnc");
    domain_open(out, "graphics", "type", "vnc");
    domain_empty(out, "listen", "type", "socket", "socket", socket);
    domain_close(out);
}
