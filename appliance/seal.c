#include "appliance/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/partitions.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "guest/image.h"
#include "guest/tool.h"

enum {
    CLEAN_TIMEOUT_MS = 60 * 60 * 1000,
    KILL_GRACE_MS = 5000,
    TAIL_BYTES = 2048,
};

/* What starting a step came to. */
enum progress { FAILED = -1, OVER, UNDER_WAY };

struct appliance_seal {
    struct appliance_seal_request request;
    appliance_seal_done *done;
    char *disk; /* absolute; owned */
    char *output; /* likewise */
    char *work; /* a directory beside output; owned */
    char *overlay, *piece, *copy; /* in it; owned */
    struct guest_image image;
    struct stat before; /* of the disk */
    size_t step; /* the next one, of steps */
    struct appliance_partitions partitions;
    bool has_table; /* partitions is set */
    size_t sector; /* of partitions.windows, to be read */
    struct guest_tool *tool; /* that runs; or NULL */
    struct subprocess *cleaner; /* likewise */
};

static void go_on(struct appliance_seal *seal);

static void seal_free(struct appliance_seal *seal)
{
    free(seal->disk);
    free(seal->output);
    free(seal->work);
    free(seal->overlay);
    free(seal->piece);
    free(seal->copy);
    free(seal);
}

static void finish(struct appliance_seal *seal, struct error *take_error)
{
    file_remove_tree(seal->work, NULL);
    seal->done(seal->request.user, take_error);
    seal_free(seal);
}

static void tell(const struct appliance_seal *seal, const char *what)
{
    if (seal->request.progress != NULL)
        seal->request.progress(seal->request.user, what);
}

static void on_tool_done(void *user, struct error *take_error)
{
    struct appliance_seal *seal = user;
    seal->tool = NULL;
    if (take_error != NULL)
        finish(seal, take_error);
    else
        go_on(seal);
}

static enum progress run(struct appliance_seal *seal, const char *const *argv, struct error **err)
{
    seal->tool = guest_tool_start(argv, "qemu-utils", on_tool_done, seal, err);
    return seal->tool != NULL ? UNDER_WAY : FAILED;
}

static enum progress begin_overlay(struct appliance_seal *seal, struct error **err)
{
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-F", seal->image.format,
        "-b", seal->disk, seal->overlay, NULL};
    tell(seal, "Opening the disk");
    return run(seal, argv, err);
}

/* A path within the options of QEMU, where a comma is written twice. Owned by the caller. */
static char *escape(const char *path)
{
    char *escaped = xmalloc(2 * strlen(path) + 1);
    char *end = escaped;
    for (; *path != '\0'; path++) {
        if (*path == ',')
            *end++ = ',';
        *end++ = *path;
    }
    *end = '\0';
    return escaped;
}

/* Reads length bytes of the disk, from a sector on, into the piece. */
static enum progress read_piece(
    struct appliance_seal *seal, uint64_t sector, long long length, struct error **err)
{
    auto_free char *path = escape(seal->overlay);
    auto_free char *from =
        xasprintf("driver=raw,offset=%llu,size=%lld,file.driver=qcow2,file.file.driver=file,"
                  "file.file.filename=%s",
            (unsigned long long)sector * APPLIANCE_SECTOR_BYTES, length, path);
    const char *const argv[] = {
        "qemu-img", "convert", "--image-opts", "-O", "raw", from, seal->piece, NULL};
    unlink(seal->piece);
    return run(seal, argv, err);
}

static enum progress begin_head(struct appliance_seal *seal, struct error **err)
{
    long long whole = seal->image.size - seal->image.size % APPLIANCE_SECTOR_BYTES;
    return read_piece(seal, 0,
        whole < APPLIANCE_PARTITIONS_HEAD_BYTES ? whole : APPLIANCE_PARTITIONS_HEAD_BYTES, err);
}

static void refuse_windows(const struct appliance_seal *seal, struct error **err)
{
    error_set(err, ERROR_INPUT,
        "%s has Windows, which only its own tool can seal: in the running guest, run "
        "C:\\Windows\\System32\\Sysprep\\sysprep.exe /generalize /oobe /shutdown, and do not start "
        "it again",
        seal->disk);
}

/* Looks at what was read, and reads the next sector that may be one of Windows. */
static enum progress begin_sectors(struct appliance_seal *seal, struct error **err)
{
    auto_free char *data = NULL;
    size_t length = 0;
    if (file_read(seal->piece, APPLIANCE_PARTITIONS_HEAD_BYTES, &data, &length, err) < 0)
        return FAILED;
    if (!seal->has_table) {
        appliance_partitions_read(data, length, &seal->partitions);
        seal->has_table = true;
    } else if (appliance_partitions_is_windows(data, length)) {
        refuse_windows(seal, err);
        return FAILED;
    }
    uint64_t sectors = (uint64_t)seal->image.size / APPLIANCE_SECTOR_BYTES;
    while (!seal->partitions.has_linux && seal->sector < seal->partitions.count) {
        uint64_t sector = seal->partitions.windows[seal->sector++];
        if (sector >= sectors)
            continue;
        seal->step--; /* once more */
        return read_piece(seal, sector, APPLIANCE_SECTOR_BYTES, err);
    }
    return OVER;
}

/* A line of virt-sysprep's: "[  12.3] Performing "ssh-hostkeys" ...". */
static void on_line(void *user, const char *line)
{
    const struct appliance_seal *seal = user;
    const char *rest = line[0] == '[' ? strchr(line, ']') : NULL;
    if (rest != NULL && rest[1] == ' ')
        tell(seal, rest + 2);
}

/* The error for how virt-sysprep failed: its own words are on a line of its output. */
static void set_failure(const struct subprocess_result *result, struct error **err)
{
    static const char mark[] = "virt-sysprep: error: ";
    const char *tail = result->error_tail;
    const char *line = strstr(tail, mark);
    auto_free char *how = subprocess_describe(result->wait_status);
    auto_free char *words = line != NULL ? text_printable(line + strlen(mark),
                                               strcspn(line + strlen(mark), "\n"), TAIL_BYTES)
                                         : text_printable(tail, strlen(tail), TAIL_BYTES);
    error_set(err, ERROR_IO, "virt-sysprep %s: %s%s", how, words,
        strstr(words, "supermin") != NULL
            ? " (it needs a kernel that it may read: on Debian, install the package "
              "linux-image-cloud-amd64)"
            : "");
}

static void on_cleaned(void *user, struct subprocess_result *result)
{
    struct appliance_seal *seal = user;
    struct error *error = NULL;
    seal->cleaner = NULL;
    if (result->canceled)
        error_set(&error, ERROR_CANCELED, "sealing was canceled");
    else if (result->timed_out)
        error_set(&error, ERROR_TIMEOUT, "virt-sysprep did not finish within %d minutes",
            CLEAN_TIMEOUT_MS / 60000);
    else if (result->wait_status != 0)
        set_failure(result, &error);
    if (error != NULL)
        finish(seal, error);
    else
        go_on(seal);
}

/* Cleans the overlay. Beyond what virt-sysprep does by itself: cloud-init's copy of what the machine
 * was told may have passwords; at its end virt-sysprep gives the image a new machine ID and a random
 * seed, which all machines made of it would share, as they would the boot loader's seed and the key
 * of systemd's credentials.
 * Source: systemd, Safely Building Images. */
static enum progress begin_clean(struct appliance_seal *seal, struct error **err)
{
    auto_free char *program = subprocess_find("virt-sysprep", NULL);
    const char *const backend = seal->request.emulate ? "LIBGUESTFS_BACKEND_SETTINGS=force_tcg"
                                                      : "LIBGUESTFS_BACKEND=direct";
    /* clang-format off: one option a line */
    const char *const argv[] = {
        "sh",
        "-c",
        "exec \"$@\" 1>&2",
        "sh", /* its progress is on standard output */
        "env",
        "LC_ALL=C", /* its errors are looked for */
        "LIBGUESTFS_BACKEND=direct",
        backend,
        "virt-sysprep",
        "--no-network",
        "--delete",
        "/var/lib/cloud/*",
        "--delete",
        "/var/lib/random-seed",
        "--delete",
        "/var/lib/*/random-seed",
        "--delete",
        "/var/lib/systemd/credential.secret",
        "--delete",
        "/boot/loader/random-seed",
        "--delete",
        "/boot/efi/loader/random-seed",
        "--delete",
        "/efi/loader/random-seed",
        "--write",
        "/etc/machine-id:",
        "--format",
        "qcow2",
        "-a",
        seal->overlay,
        NULL,
    };
    /* clang-format on */
    const struct subprocess_options options = {
        .argv = argv,
        .error_tail_limit = TAIL_BYTES,
        .timeout_ms = CLEAN_TIMEOUT_MS,
        .kill_grace_ms = KILL_GRACE_MS,
        .on_error_line = on_line,
        .on_done = on_cleaned,
        .user = seal,
    };
    if (program == NULL)
        error_set(err, ERROR_IO,
            "virt-sysprep is not installed (on Debian, install the packages guestfs-tools and "
            "linux-image-cloud-amd64)");
    else
        seal->cleaner = subprocess_start(&options, err);
    return seal->cleaner != NULL ? UNDER_WAY : FAILED;
}

static enum progress begin_copy(struct appliance_seal *seal, struct error **err)
{
    const char *const argv[] = {"qemu-img", "convert", "-f", "qcow2", "-O", seal->image.format,
        seal->overlay, seal->copy, NULL};
    tell(seal, "Copying what is sealed");
    return run(seal, argv, err);
}

/* Whether no other process has the disk open or, if it is only copied, none has it open to write to
 * it, as far as that can be told. Returns 0, or -1 with an io error.
 * Source: fcntl(2), Leases. */
static int check_unused(const struct appliance_seal *seal, struct error **err)
{
    bool in_place = seal->request.output == NULL;
    if (!S_ISREG(seal->before.st_mode))
        return 0;
    auto_fd int fd = open(seal->disk, (in_place ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, "opening %s", seal->disk);
    if (fcntl(fd, F_SETLEASE, in_place ? F_WRLCK : F_RDLCK) == 0) {
        fcntl(fd, F_SETLEASE, F_UNLCK);
        return 0;
    }
    if (errno == EAGAIN || errno == EBUSY)
        return error_set(
            err, ERROR_IO, "%s is in use: end the machine or program that has it open", seal->disk);
    if (!in_place)
        return 0; /* it is somebody else's; QEMU's own locks are still in force */
    return error_set_errno(err,
        "cannot tell whether something has %s open (seal it to a copy, with --output)", seal->disk);
}

/* Whether the disk is as it was at the beginning. Returns 0, or -1 with an io error. */
static int check_unchanged(const struct appliance_seal *seal, struct error **err)
{
    const struct stat *before = &seal->before;
    struct stat now;
    if (S_ISREG(before->st_mode) &&
        (stat(seal->disk, &now) < 0 || now.st_dev != before->st_dev ||
            now.st_ino != before->st_ino || now.st_size != before->st_size ||
            now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != before->st_mtim.tv_nsec))
        return error_set(
            err, ERROR_IO, "%s was changed meanwhile, and is left as it is", seal->disk);
    return 0;
}

/* Gives the copy the owner and the mode of the disk that it replaces. Returns whether it worked. */
static bool adopt(int fd, const struct stat *before)
{
    struct stat now;
    if (fstat(fd, &now) < 0)
        return false;
    bool is_own = now.st_uid == before->st_uid && now.st_gid == before->st_gid;
    return (is_own || fchown(fd, before->st_uid, before->st_gid) == 0) &&
           fchmod(fd, before->st_mode & (mode_t)~S_IFMT) == 0;
}

/* Writes the copy to its device. */
static int settle(const struct appliance_seal *seal, struct error **err)
{
    auto_fd int fd = open(seal->copy, O_RDWR | O_CLOEXEC);
    bool in_place = seal->request.output == NULL;
    if (fd < 0 || (in_place && !adopt(fd, &seal->before)) || fsync(fd) < 0)
        return error_set_errno(err, "writing %s", seal->copy);
    return 0;
}

/* Gives the copy its name. */
static int publish(const struct appliance_seal *seal, struct error **err)
{
    if (settle(seal, err) < 0 || check_unused(seal, err) < 0 || check_unchanged(seal, err) < 0)
        return -1;
    if (seal->request.output != NULL)
        return file_rename_new(seal->copy, seal->output, err);
    if (rename(seal->copy, seal->disk) < 0)
        return error_set_errno(err, "replacing %s", seal->disk);
    return 0;
}

static enum progress begin_publish(struct appliance_seal *seal, struct error **err)
{
    return publish(seal, err) < 0 ? FAILED : OVER;
}

static enum progress (*const steps[])(struct appliance_seal *seal, struct error **err) = {
    begin_overlay, begin_head, begin_sectors, begin_clean, begin_copy, begin_publish};

/* Begins steps until one is under way or fails, or all are over. */
static void go_on(struct appliance_seal *seal)
{
    struct error *error = NULL;
    while (seal->step < ARRAY_SIZE(steps) && error == NULL) {
        if (steps[seal->step++](seal, &error) == UNDER_WAY)
            return;
    }
    finish(seal, error);
}

/* Whether the disk can be sealed to where the request says. Returns 0, or -1 with an error. */
static int check(struct appliance_seal *seal, struct error **err)
{
    struct stat there;
    if (guest_image_examine(seal->disk, &seal->image, err) < 0)
        return -1;
    if (stat(seal->disk, &seal->before) < 0)
        return error_set_errno(err, "%s", seal->disk);
    if (seal->request.output != NULL && lstat(seal->output, &there) == 0)
        return error_set(
            err, ERROR_USAGE, "%s is already there: choose another file", seal->output);
    if (seal->request.output == NULL && !S_ISREG(seal->before.st_mode))
        return error_set(err, ERROR_USAGE,
            "%s is not a file, so nothing can take its place: seal it to a copy, with --output",
            seal->disk);
    return check_unused(seal, err);
}

/* Makes the directory for what is on the way, where it can be renamed to the result. */
static int make_work(struct appliance_seal *seal, struct error **err)
{
    size_t length = (size_t)(strrchr(seal->output, '/') - seal->output);
    auto_free char *work = xasprintf("%.*s/.seal-XXXXXX", (int)length, seal->output);
    if (mkdtemp(work) == NULL)
        return error_set_errno(err, "creating a directory beside %s", seal->output);
    seal->work = steal(&work);
    seal->overlay = file_join(seal->work, "overlay.qcow2");
    seal->piece = file_join(seal->work, "sectors");
    seal->copy = file_join(seal->work, "sealed");
    return 0;
}

struct appliance_seal *appliance_seal_start(
    const struct appliance_seal_request *request, appliance_seal_done *done, struct error **err)
{
    struct appliance_seal *seal = xcalloc(1, sizeof(*seal));
    struct error *error = NULL;
    seal->request = *request;
    seal->done = done;
    seal->disk = realpath(request->disk, NULL);
    if (seal->disk == NULL)
        error_set_errno(&error, "opening %s", request->disk);
    else
        seal->output = file_absolute(request->output != NULL ? request->output : seal->disk);
    if (error == NULL && check(seal, &error) == 0 && make_work(seal, &error) == 0 &&
        steps[seal->step++](seal, &error) == UNDER_WAY)
        return seal;
    if (seal->work != NULL)
        file_remove_tree(seal->work, NULL);
    seal_free(seal);
    error_move(err, error);
    return NULL;
}

void appliance_seal_cancel(struct appliance_seal *seal)
{
    if (seal->tool != NULL)
        guest_tool_cancel(seal->tool);
    if (seal->cleaner != NULL)
        subprocess_cancel(seal->cleaner);
}
