/* The command with which hook-launcher boots a VM that is in a directory. */
#ifndef APPLIANCE_LOCAL_SCRIPT_H
#define APPLIANCE_LOCAL_SCRIPT_H

#include "appliance/local_disks.h"
#include "appliance/local_files.h"

/* Files in the directory. */
#define APPLIANCE_LOCAL_VMI "vmi.yaml"
#define APPLIANCE_LOCAL_FILES "files"
#define APPLIANCE_LOCAL_SOCKETS "sockets"
#define APPLIANCE_LOCAL_CONSOLE "console.log"

/* The command as shell text, its words on several lines; sidecars is how many hook sidecars it waits
 * for. Files in the directory are written as below it (directory), or for NULL as below the shell's
 * variable here. Owned by the caller. */
char *appliance_local_command(const struct appliance_local_disks *disks,
    const struct appliance_local_files *files, size_t sidecars, const char *directory);

/* A shell script that runs the command, with its own arguments added, and finds the directory where
 * it is itself. Owned by the caller. */
char *appliance_local_script(const struct appliance_local_disks *disks,
    const struct appliance_local_files *files, size_t sidecars);

#endif
