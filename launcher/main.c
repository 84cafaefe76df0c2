/* hook-launcher: runs the virtual machine of a VMI on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "launcher/launch.h"

static void print_help(void)
{
    printf("Runs the virtual machine of a VirtualMachineInstance on this machine: collects its\n"
           "hook sidecars, chains cloud-init data and domain XML through them, starts QEMU with\n"
           "libvirt, and tells the sidecars when the guest has ended.\n\n"
           "Usage: hook-launcher --vmi FILE --sidecars N [FLAGS]\n\n");
    launcher_flags_describe(stdout);
    printf("\nSIGTERM shuts the guest down, and destroys it after the VMI's\n"
           "terminationGracePeriodSeconds.\n");
}

static int fail_usage(const struct error *error)
{
    auto_free char *message = text_printable(error->message, strlen(error->message), SIZE_MAX);
    fprintf(stderr, "hook-launcher: %s\n\"hook-launcher --help\" shows how it is used.\n", message);
    return error_exit_status(error->class);
}

int main(int argc, char **argv)
{
    auto_error struct error *error = NULL;
    struct launcher_flags flags;
    int status = 0;
    if (launcher_flags_parse(argc, argv, &flags, &error) < 0)
        status = fail_usage(error);
    else if (flags.help)
        print_help();
    else if (flags.version)
        printf("hook-launcher " HOOKLINE_VERSION "\n");
    else
        status = launcher_launch(&flags);
    launcher_flags_clear(&flags);
    return status;
}
