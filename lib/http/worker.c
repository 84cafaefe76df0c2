#include "http/worker.h"

#include "base/clock.h"

enum {
    /* A thread starts all connections at once that it was given, and many would displace one another
     * before they could say anything. */
    MOST_QUEUED = 8,
    LOST_S = 1,
};

/* libmicrohttpd drops a connection without a word if it has no memory for it, so those that were
 * given to an idle worker are forgotten if none is started for some time. */
static unsigned count_queued(struct http_worker *worker)
{
    unsigned started = atomic_load(&worker->started);
    double now = clock_seconds();
    if (started != worker->seen || worker->accepted == started || atomic_load(&worker->busy))
        worker->progress = now;
    if ((int)(worker->accepted - started) < 0) /* some that were forgotten have been started */
        worker->accepted = started;
    if (now - worker->progress > LOST_S)
        worker->accepted = started;
    worker->seen = started;
    return worker->accepted - started;
}

struct http_worker *http_worker_choose(struct http_worker *workers, size_t count, size_t first)
{
    struct http_worker *chosen = NULL;
    unsigned least = MOST_QUEUED;
    for (size_t i = 0; i < count; i++) {
        struct http_worker *worker = &workers[(first + i) % count];
        unsigned queued = count_queued(worker);
        if (queued < least && !atomic_load(&worker->busy)) {
            chosen = worker;
            least = queued;
        }
    }
    return chosen;
}

unsigned http_worker_count_queued(struct http_worker *workers, size_t count)
{
    unsigned queued = 0;
    for (size_t i = 0; i < count; i++)
        queued += count_queued(&workers[i]);
    return queued;
}

void http_worker_take(
    struct http_worker *worker, int fd, const struct sockaddr *address, socklen_t length)
{
    worker->accepted++;
    enum MHD_Result taken = MHD_add_connection(worker->daemon, fd, address, length);
    if (worker->on_loop) /* it was started, or will never be */
        worker->accepted = atomic_load(&worker->started);
    else if (taken == MHD_NO)
        worker->accepted--;
}
