#include "appliance/ovf_image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum {
    SECTOR = 512,
    DESCRIPTOR_MAX = 64 << 10, /* bytes */
    QEMU_DESCRIPTOR = 20 * SECTOR,
    VDI_MAGIC_AT = 64,
    VDI_TYPE_AT = 76,
};

/* Reads exactly size bytes at offset. Returns false if there are not as many. */
static bool read_at(int fd, uint64_t offset, void *data, size_t size)
{
    char *to = data;
    while (size > 0) {
        ssize_t got = pread(fd, to, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

static uint64_t little64(const unsigned char *at)
{
    uint64_t value = 0;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

static uint32_t big32(const unsigned char *at)
{
    uint32_t value = 0;
    memcpy(&value, at, sizeof(value));
    return be32toh(value);
}

/* The value of KEY=VALUE or KEY="VALUE" in the line at text, without quotes; false: the line is
 * another one. */
static bool line_value(const char *line, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);
    if (strncasecmp(line, key, length) != 0)
        return false;
    line += length + strspn(line + length, " \t");
    if (*line++ != '=')
        return false;
    line += strspn(line, " \t\"");
    length = strcspn(line, "\"\r\n");
    if (length >= size)
        length = size - 1;
    memcpy(value, line, length);
    value[length] = '\0';
    return true;
}

/* Checks the text that is embedded in a VMDK file. */
static int check_descriptor(const char *text, const char *name, struct error **err)
{
    char value[80];
    bool has_parent = strcasestr(text, "parentFileNameHint") != NULL; /* wherever, as in QEMU */
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        line += strspn(line, " \t");
        if (line_value(line, "parentCID", value, sizeof(value)) &&
            strcasecmp(value, "ffffffff") != 0)
            has_parent = true;
        if (line_value(line, "createType", value, sizeof(value)) &&
            strcasecmp(value, "streamOptimized") != 0 &&
            strcasecmp(value, "monolithicSparse") != 0) {
            auto_free char *shown = text_printable(value, strlen(value), sizeof(value));
            return error_set(err, ERROR_INPUT,
                "%s is a VMDK of the type \"%s\", whose disk is in other files: it must be "
                "streamOptimized or monolithicSparse",
                name, shown);
        }
    }
    if (has_parent)
        return error_set(err, ERROR_INPUT,
            "%s has a backing chain (it is the difference to another VMDK): export the machine "
            "without snapshots",
            name);
    return 0;
}

/* Checks the descriptor that is in a file there; what is beyond its end is not. */
static int check_descriptor_at(
    int fd, uint64_t offset, size_t size, const char *name, struct error **err)
{
    auto_free char *text = xcalloc(1, size + 1);
    read_at(fd, offset, text, size);
    return check_descriptor(text, name, err);
}

/* Checks a VMDK file with a sparse header. */
static int check_vmdk(int fd, const unsigned char *head, const char *name, struct error **err)
{
    uint64_t capacity = little64(head + 12);
    uint64_t offset = little64(head + 28);
    uint64_t sectors = little64(head + 36);
    if (capacity == 0)
        return error_set(err, ERROR_INPUT,
            "%s is a VMDK without a disk of its own: what it refers to is in other files", name);
    /* QEMU looks for it there, whatever the header says */
    if (check_descriptor_at(fd, SECTOR, QEMU_DESCRIPTOR, name, err) < 0)
        return -1;
    if (offset == 0 || sectors == 0)
        return 0;
    if (sectors > DESCRIPTOR_MAX / SECTOR || offset > INT64_MAX / SECTOR)
        return error_set(err, ERROR_INPUT, "%s: the descriptor in it has more than %d bytes", name,
            DESCRIPTOR_MAX);
    return check_descriptor_at(fd, offset * SECTOR, sectors * SECTOR, name, err);
}

/* Checks a qcow2 file. */
static int check_qcow2(const unsigned char *head, const char *name, struct error **err)
{
    enum { EXTERNAL_DATA = 1 << 2, FEATURES_LAST_BYTE = 79 };
    if (big32(head + 8) != 0 || big32(head + 12) != 0)
        return error_set(err, ERROR_INPUT, "%s has a backing chain (a backing file)", name);
    if (big32(head + 4) >= 3 && (head[FEATURES_LAST_BYTE] & EXTERNAL_DATA) != 0)
        return error_set(err, ERROR_INPUT, "%s has its data in another file", name);
    return 0;
}

/* Checks a VHD, whose footer this is. */
static int check_vhd(const unsigned char *footer, const char *name, struct error **err)
{
    enum { TYPE_AT = 60, DIFFERENCING = 4 };
    if (big32(footer + TYPE_AT) == DIFFERENCING)
        return error_set(
            err, ERROR_INPUT, "%s has a backing chain (it is a differencing VHD)", name);
    return 0;
}

static int check_vdi(const unsigned char *head, const char *name, struct error **err)
{
    enum { DIFFERENCING = 4 };
    if (head[VDI_TYPE_AT] == DIFFERENCING)
        return error_set(
            err, ERROR_INPUT, "%s has a backing chain (it is a differencing VDI)", name);
    return 0;
}

/* Finds the format of an open file, and checks it. */
static int identify(
    int fd, uint64_t size, const char *name, const char **format, struct error **err)
{
    static const unsigned char vdi[] = {0x7f, 0x10, 0xda, 0xbe};
    static const char text[] = "# Disk DescriptorFile";
    unsigned char head[SECTOR] = {0};
    unsigned char foot[SECTOR] = {0};
    read_at(fd, 0, head, size < SECTOR ? size : SECTOR);
    if (size >= SECTOR)
        read_at(fd, size - SECTOR, foot, SECTOR);
    *format = "raw";
    if (size == 0)
        return error_set(err, ERROR_INPUT, "%s is empty", name);
    if (memcmp(head, "COWD", 4) == 0 || memcmp(head, text, sizeof(text) - 1) == 0)
        return error_set(err, ERROR_INPUT,
            "%s is a VMDK whose disk is in other files: it must be streamOptimized", name);
    if (memcmp(head, "KDMV", 4) == 0) {
        *format = "vmdk";
        return check_vmdk(fd, head, name, err);
    }
    if (memcmp(head, "QFI\xfb", 4) == 0) {
        *format = "qcow2";
        return check_qcow2(head, name, err);
    }
    if (memcmp(head, "vhdxfile", 8) == 0) {
        *format = "vhdx"; /* qemu-img refuses differences */
        return 0;
    }
    if (memcmp(head + VDI_MAGIC_AT, vdi, sizeof(vdi)) == 0) {
        *format = "vdi";
        return check_vdi(head, name, err);
    }
    bool begins = memcmp(head, "conectix", 8) == 0;
    if (begins || memcmp(foot, "conectix", 8) == 0) {
        *format = "vpc";
        return check_vhd(begins ? head : foot, name, err);
    }
    return 0;
}

int appliance_ovf_image_inspect(const char *path, const char *name, const char *declared,
    const char **format, struct error **err)
{
    auto_free char *shown = text_printable(name, strlen(name), 255);
    struct stat status;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(err, "opening %s", shown);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_INPUT, "%s is not a regular file", shown);
    if (identify(fd, (uint64_t)status.st_size, shown, format, err) < 0)
        return -1;
    if (declared != NULL && !streq(declared, *format))
        return error_set(err, ERROR_INPUT, "%s is of the format %s; the descriptor says %s", shown,
            *format, declared);
    return 0;
}
