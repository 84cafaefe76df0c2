/* JSON of any bytes, whole and in pieces: what is built is what jansson reads, where jansson reads
 * it, and what is written is read as the same. The first byte says how long the pieces are. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/json_build.h"
#include "base/json_write.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits ample = {
    .nodes = SIZE_MAX, .bytes = SIZE_MAX, .depth = JSON_BUILD_MAX_DEPTH};

static json_t *build_in_pieces(const char *text, size_t length, size_t piece)
{
    struct json_reader reader;
    struct json_builder builder;
    json_t *value = NULL;
    int status = 0;
    json_builder_init(&builder, &ample);
    json_reader_init(&reader, json_builder_take, &builder);
    for (size_t at = 0; at < length && status == 0; at += piece)
        status = json_reader_feed(
            &reader, text + at, length - at < piece ? length - at : piece, NULL, NULL);
    if (status == 0 && json_reader_end(&reader, NULL, NULL) == 0) {
        check(json_builder_is_done(&builder));
        value = json_builder_finish(&builder, NULL);
    }
    json_reader_clear(&reader);
    json_builder_clear(&builder);
    return value;
}

/* What jansson refuses and we build. */
static bool may_differ(const json_error_t *reason)
{
    return json_error_code(reason) == json_error_numeric_overflow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    size_t length = size - 1;
    struct json_fault fault;
    auto_error struct error *err = NULL;
    auto_json json_t *value = json_build(text, length, &ample, &fault, &err);
    auto_json json_t *in_pieces = build_in_pieces(text, length, (size_t)data[0] % 7 + 1);
    json_error_t reason;
    auto_json json_t *oracle = json_loadb(
        text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &reason);
    check((value == NULL) == (err != NULL));
    check((value == NULL) == (in_pieces == NULL));
    check(fault.byte <= length);
    /* jansson takes a zero byte for the end of the text */
    bool has_zero = memchr(text, '\0', length) != NULL;
    if (oracle != NULL && !has_zero &&
        json_depth(oracle, JSON_BUILD_MAX_DEPTH) <= JSON_BUILD_MAX_DEPTH)
        check(value != NULL && json_equal(value, oracle));
    if (oracle == NULL && value != NULL)
        check(may_differ(&reason));
    if (value == NULL)
        return 0;
    auto_free char *written = json_write(value);
    auto_json json_t *again = json_build(written, strlen(written), &ample, NULL, NULL);
    auto_free char *written_again = again != NULL ? json_write(again) : xstrdup("");
    auto_free char *written_in_pieces = json_write(in_pieces);
    check(streq(written, written_again));
    check(streq(written, written_in_pieces));
    return 0;
}
