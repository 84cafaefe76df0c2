/* The stream of a watch, cut into pieces, gives the same lines as in one piece; each is an event,
 * the end, or skipped with a reason. The first byte is the size of a piece. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "kube/lines.h"
#include "kube/status.h"
#include "kube/watch_event.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 512 };

struct tally {
    size_t lines, skipped, bytes;
};

static void read_event(const struct kube_watch_read *read)
{
    check(read->why == NULL);
    check(json_is_object(read->object));
    check(kube_resource_version(read->object)[0] != '\0');
    check(read->type == KUBE_BOOKMARK || kube_name(read->object)[0] != '\0');
}

static bool read_line(void *user, const char *line, size_t length)
{
    struct tally *tally = user;
    tally->lines++;
    tally->bytes += length;
    if (line == NULL) {
        check(length > LIMIT);
        tally->skipped++;
        return true;
    }
    check(length <= LIMIT);
    struct kube_watch_read read;
    kube_watch_read(&kube_pods, NULL, line, length, &read);
    if (read.line == KUBE_LINE_EVENT)
        read_event(&read);
    if (read.line == KUBE_LINE_SKIPPED)
        check(text_is_utf8(read.why, strlen(read.why), NULL));
    if (read.line == KUBE_LINE_ERROR) {
        auto_kube_failure struct kube_failure *failure =
            kube_failure_from_answer("watch pods", 0, read.object, 0);
        check(text_is_utf8(failure->message, strlen(failure->message), NULL));
        check(failure->retry_after_ms == -1 || failure->retry_after_ms > 0);
    }
    tally->skipped += read.line == KUBE_LINE_SKIPPED;
    kube_watch_read_clear(&read);
    return true;
}

static struct tally feed(const char *data, size_t size, size_t piece)
{
    struct kube_lines lines = {.limit = LIMIT};
    struct tally tally = {0};
    for (size_t at = 0; at < size; at += piece)
        kube_lines_feed(
            &lines, data + at, size - at < piece ? size - at : piece, read_line, &tally);
    kube_lines_clear(&lines);
    return tally;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *stream = (const char *)data + 1;
    struct tally whole = feed(stream, size - 1, size - 1);
    struct tally pieces = feed(stream, size - 1, data[0] + (size_t)1);
    check(whole.lines == pieces.lines);
    check(whole.skipped == pieces.skipped);
    check(whole.bytes == pieces.bytes);
    return 0;
}
