#include "machine/console.h"

#include "base/file.h"

static void convert_serial(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    auto_free char *socket = file_join(conversion->host->work_directory, "virt-serial0");
    domain_open(out, "serial", "type", "unix");
    domain_empty(out, "target", "port", "0");
    domain_empty(out, "source", "mode", "bind", "path", socket);
    if (conversion->host->console_file != NULL)
        domain_empty(out, "log", "file", conversion->host->console_file, "append", "on");
    domain_close(out);
}

void machine_console_convert(const struct machine_conversion *conversion)
{
    struct domain_writer *out = conversion->out;
    if (!machine_conversion_has_console(conversion))
        return;
    convert_serial(conversion);
    domain_open(out, "console", "type", "pty");
    domain_empty(out, "target", "type", "serial", "port", "0");
    domain_close(out);
}
