#include "machine/block_size.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum { NUMBER_MAX_BYTES = 64 };

/* How much a block device discards at once, as Linux says; 0 if it does not. */
static long long read_discard(dev_t device)
{
    auto_free char *path =
        xasprintf("/sys/dev/block/%u:%u/queue/discard_granularity", major(device), minor(device));
    auto_free char *text = NULL;
    size_t length = 0;
    long bytes = 0;
    if (file_read(path, NUMBER_MAX_BYTES, &text, &length, NULL) < 0)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return text_parse_int(text, 0, LONG_MAX, &bytes) ? bytes : 0;
}

static struct machine_block_size of_device(const char *path)
{
    struct machine_block_size size = {.discard = -1};
    struct stat status;
    int logical = 0;
    unsigned physical = 0;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0 || ioctl(fd, BLKSSZGET, &logical) < 0 ||
        ioctl(fd, BLKPBSZGET, &physical) < 0)
        return size;
    size.logical = logical > 0 ? logical : (long long)physical;
    size.physical = physical > 0 ? (long long)physical : logical;
    size.discard = read_discard(status.st_rdev);
    if (size.logical > 0 && size.discard % size.logical != 0)
        size.discard = size.physical;
    return size;
}

/* A file system does not tell the sizes apart. */
static struct machine_block_size of_file(const char *path)
{
    struct statvfs status;
    auto_free char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path) + 1);
    if (statvfs(path, &status) < 0 && statvfs(directory, &status) < 0)
        return (struct machine_block_size){.discard = -1};
    long long bytes = (long long)status.f_bsize;
    return (struct machine_block_size){bytes, bytes, bytes};
}

struct machine_block_size machine_block_size_of(const struct machine_volume *volume)
{
    if (volume->path == NULL)
        return (struct machine_block_size){.discard = -1};
    return volume->block ? of_device(volume->path) : of_file(volume->path);
}
