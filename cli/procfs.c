#include "cli/procfs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"

/* What a container runtime hides; and the locks, which are those of this machine's processes, since
 * read-only files come from its /proc.
 * Source: OCI runtime specification, maskedPaths, as containerd and CRI-O set them. */
static const char *const hidden[] = {"acpi", "asound", "kcore", "keys", "latency_stats", "locks",
    "sched_debug", "scsi", "timer_list", "timer_stats"};

static bool is_hidden(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
        if (streq(name, hidden[i]))
            return true;
    }
    return false;
}

/* Adds the mount for a name in /proc, except sys. Processes and links (self, net, mounts) need
 * none. */
static void add_entry(struct cli_words *words, const char *name)
{
    auto_free char *path = xasprintf("/proc/%s", name);
    struct stat status;
    if (name[0] == '.' || strspn(name, "0123456789") > 0 || streq(name, "sys"))
        return;
    if (lstat(path, &status) < 0 || S_ISLNK(status.st_mode))
        return;
    if (!is_hidden(name))
        cli_words_add(words, "--ro-bind-try", path, path);
    else if (S_ISDIR(status.st_mode))
        cli_words_add(words, "--tmpfs", path, "--remount-ro", path);
    else
        cli_words_add(words, "--dev-bind", "/dev/null", path);
}

void cli_procfs_add(struct cli_words *words)
{
    cli_words_add(words, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys");
    DIR *directory = opendir("/proc");
    if (directory == NULL)
        return;
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL)
        add_entry(words, entry->d_name);
    closedir(directory);
}
