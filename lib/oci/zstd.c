#include "oci/zstd.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

enum { MAX_WORKERS = 8 };

struct oci_zstd {
    struct oci_sink out;
    ZSTD_CCtx *compressor; /* one of the two; owned */
    ZSTD_DCtx *decompressor;
    char *buffer; /* owned */
    size_t buffer_size;
    uint64_t left; /* bytes that may still be decompressed */
    uint64_t limit;
    bool is_within; /* a frame has begun and not ended */
};

static struct oci_zstd *create(const struct oci_sink *out, size_t buffer_size)
{
    struct oci_zstd *zstd = xcalloc(1, sizeof(*zstd));
    zstd->out = *out;
    zstd->buffer = xmalloc(buffer_size);
    zstd->buffer_size = buffer_size;
    return zstd;
}

/* libzstd fails here only when out of memory, or without threads. */
static void set(struct oci_zstd *zstd, ZSTD_cParameter parameter, int value)
{
    ZSTD_CCtx_setParameter(zstd->compressor, parameter, value);
}

struct oci_zstd *oci_zstd_new_compressor(const struct oci_sink *out)
{
    struct oci_zstd *zstd = create(out, ZSTD_CStreamOutSize());
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    zstd->compressor = ZSTD_createCCtx();
    if (zstd->compressor == NULL)
        abort(); /* out of memory */
    set(zstd, ZSTD_c_compressionLevel, OCI_ZSTD_LEVEL);
    set(zstd, ZSTD_c_checksumFlag, 1);
    /* one at least: without workers the result would be another */
    set(zstd, ZSTD_c_nbWorkers,
        processors < 1 ? 1 : (processors > MAX_WORKERS ? MAX_WORKERS : (int)processors));
    return zstd;
}

struct oci_zstd *oci_zstd_new_decompressor(const struct oci_sink *out, uint64_t limit)
{
    struct oci_zstd *zstd = create(out, ZSTD_DStreamOutSize());
    zstd->decompressor = ZSTD_createDCtx();
    if (zstd->decompressor == NULL)
        abort(); /* out of memory */
    ZSTD_DCtx_setParameter(zstd->decompressor, ZSTD_d_windowLogMax, OCI_ZSTD_MAX_WINDOW_LOG);
    zstd->left = zstd->limit = limit;
    return zstd;
}

static int pass(struct oci_zstd *zstd, const ZSTD_outBuffer *output, struct error **err)
{
    return output->pos > 0 ? zstd->out.take(zstd->out.user, output->dst, output->pos, err) : 0;
}

/* Compresses; at the end, until nothing is left inside. */
static int compress(
    struct oci_zstd *zstd, ZSTD_inBuffer *input, ZSTD_EndDirective directive, struct error **err)
{
    size_t inside = 0;
    do {
        ZSTD_outBuffer output = {zstd->buffer, zstd->buffer_size, 0};
        inside = ZSTD_compressStream2(zstd->compressor, &output, input, directive);
        if (ZSTD_isError(inside))
            return error_set(err, ERROR_INTERNAL, "compressing: %s", ZSTD_getErrorName(inside));
        if (pass(zstd, &output, err) < 0)
            return -1;
    } while (directive == ZSTD_e_end ? inside > 0 : input->pos < input->size);
    return 0;
}

static int decompress(struct oci_zstd *zstd, ZSTD_inBuffer *input, struct error **err)
{
    ZSTD_outBuffer output;
    size_t hint = 0; /* 0: a frame has ended, and nothing more is inside */
    do {
        output = (ZSTD_outBuffer){zstd->buffer, zstd->buffer_size, 0};
        hint = ZSTD_decompressStream(zstd->decompressor, &output, input);
        if (ZSTD_isError(hint))
            return error_set(
                err, ERROR_INPUT, "it is not valid Zstandard: %s", ZSTD_getErrorName(hint));
        zstd->is_within = hint != 0;
        if (output.pos > zstd->left)
            return error_set(err, ERROR_INPUT,
                "it is larger than the %" PRIu64 " bytes that are declared", zstd->limit);
        zstd->left -= output.pos;
        if (pass(zstd, &output, err) < 0)
            return -1;
    } while (input->pos < input->size || (hint != 0 && output.pos == output.size));
    return 0;
}

static int take(void *user, const void *data, size_t length, struct error **err)
{
    struct oci_zstd *zstd = user;
    ZSTD_inBuffer input = {data, length, 0};
    if (zstd->compressor != NULL)
        return compress(zstd, &input, ZSTD_e_continue, err);
    return decompress(zstd, &input, err);
}

struct oci_sink oci_zstd_sink(struct oci_zstd *zstd)
{
    return (struct oci_sink){take, zstd};
}

int oci_zstd_finish(struct oci_zstd *zstd, struct error **err)
{
    ZSTD_inBuffer nothing = {NULL, 0, 0};
    if (zstd->compressor != NULL)
        return compress(zstd, &nothing, ZSTD_e_end, err);
    return zstd->is_within ? error_set(err, ERROR_INPUT, "its compressed data is cut") : 0;
}

void oci_zstd_free(struct oci_zstd *zstd)
{
    if (zstd == NULL)
        return;
    ZSTD_freeCCtx(zstd->compressor);
    ZSTD_freeDCtx(zstd->decompressor);
    free(zstd->buffer);
    free(zstd);
}
