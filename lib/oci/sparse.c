#include "oci/sparse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 4096, PIECE = 1 << 20 };

static bool is_zero(const char *data, size_t length)
{
    return data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

/* The size of the block that begins at the file's offset, at most length: blocks end at multiples of
 * BLOCK. */
static size_t block_at(uint64_t offset, size_t length)
{
    size_t size = BLOCK - (size_t)(offset % BLOCK);
    return size < length ? size : length;
}

static int write_at(const struct oci_sparse *sparse, const char *data, size_t length,
    uint64_t offset, struct error **err)
{
    while (length > 0) {
        ssize_t written = pwrite(sparse->fd, data, length, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(err, "writing %s", sparse->name);
        data += written;
        length -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct oci_sparse *sparse = user;
    const char *from = data; /* what is not written yet */
    const char *end = from + length;
    while (from < end) {
        const char *to = from;
        while (to < end) { /* the blocks that are not zero */
            size_t block = block_at(sparse->size + (size_t)(to - from), (size_t)(end - to));
            if (is_zero(to, block))
                break;
            to += block;
        }
        if (write_at(sparse, from, (size_t)(to - from), sparse->size, err) < 0)
            return -1;
        sparse->size += (size_t)(to - from);
        for (from = to; from < end;) { /* the blocks that are */
            size_t block = block_at(sparse->size, (size_t)(end - from));
            if (!is_zero(from, block))
                break;
            from += block;
            sparse->size += block;
        }
    }
    return 0;
}

struct oci_sink oci_sparse_sink(struct oci_sparse *sparse)
{
    return (struct oci_sink){take, sparse};
}

int oci_sparse_finish(const struct oci_sparse *sparse, struct error **err)
{
    if (ftruncate(sparse->fd, (off_t)sparse->size) < 0)
        return error_set_errno(err, "writing %s", sparse->name);
    return 0;
}

/* Where the data after offset begins, at most end. A file system that knows no holes says offset. */
static uint64_t find_data(int fd, uint64_t offset, uint64_t end)
{
    off_t at = lseek(fd, (off_t)offset, SEEK_DATA);
    if (at < 0)
        return errno == ENXIO ? end : offset;
    return (uint64_t)at < end ? (uint64_t)at : end;
}

int oci_sparse_pass_zeros(const struct oci_sink *sink, uint64_t length, struct error **err)
{
    static const char zeros[PIECE];
    while (length > 0) {
        size_t piece = length < PIECE ? (size_t)length : PIECE;
        if (sink->take(sink->user, zeros, piece, err) < 0)
            return -1;
        length -= piece;
    }
    return 0;
}

int oci_sparse_read(
    int fd, const char *name, uint64_t length, const struct oci_sink *sink, struct error **err)
{
    auto_free char *piece = xmalloc(PIECE);
    uint64_t hole_until = 0;
    for (uint64_t at = 0; at < length;) {
        if (at >= hole_until) {
            uint64_t data = find_data(fd, at, length);
            if (data > at && oci_sparse_pass_zeros(sink, data - at, err) < 0)
                return -1;
            at = data;
            off_t hole = lseek(fd, (off_t)at, SEEK_HOLE);
            hole_until = hole > (off_t)at ? (uint64_t)hole : length;
            continue;
        }
        uint64_t until = hole_until < length ? hole_until : length;
        size_t wanted = until - at < PIECE ? (size_t)(until - at) : PIECE;
        ssize_t got = pread(fd, piece, wanted, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, "reading %s", name);
        if (got == 0)
            return error_set(err, ERROR_IO, "reading %s: it has become shorter", name);
        if (sink->take(sink->user, piece, (size_t)got, err) < 0)
            return -1;
        at += (uint64_t)got;
    }
    if (lseek(fd, 0, SEEK_END) < (off_t)length) /* its end looks like a hole */
        return error_set(err, ERROR_IO, "reading %s: it has become shorter", name);
    return 0;
}
