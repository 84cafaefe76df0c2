#include "rpc/core.h"

#include <grpc/support/cpu.h>
#include <grpc/support/log.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/unused.h"
#include "rpc/guard.h"
#include "rpc/status.h"

/* One completion in the pipe. Writes this small are atomic (pipe(7), PIPE_BUF). */
struct completion {
    struct rpc_tag *tag;
    intptr_t ok; /* a whole word, so that there is no unset padding */
};

/* The core starts an event thread for each processor it counts, up to 32, and shards its tables by
 * processor. A hook needs neither: these functions replace those of the gRPC library. */
unsigned gpr_cpu_num_cores(void)
{
    return 1;
}

unsigned gpr_cpu_current_cpu(void)
{
    return 0;
}

/* A limit in bytes, or a switch. */
#define NUMBER(name, value)                                                                        \
    {                                                                                              \
        GRPC_ARG_INTEGER, (char *)(name),                                                          \
        {                                                                                          \
            .integer = (value)                                                                     \
        }                                                                                          \
    }
/* The core would decompress a message to any size; compressed ones are rejected. */
#define SHARED_OPTIONS                                                                             \
    NUMBER(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RPC_MAX_MESSAGE),                                  \
        NUMBER(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, RPC_MAX_MESSAGE),                                 \
        NUMBER(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),                                      \
        NUMBER(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, ONLY_IDENTITY),                 \
        NUMBER(GRPC_ARG_ENABLE_RETRIES, 0), NUMBER(GRPC_ARG_ENABLE_CHANNELZ, 0),                   \
        NUMBER(GRPC_ARG_ENABLE_HTTP_PROXY, 0)

enum {
    ONLY_IDENTITY = 1,
    /* Bytes of headers, by gRPC's count. An answer may have long words for its failure; a request
     * has no reason to exceed what peers accept by default. */
    MAX_ANSWER_METADATA = 64 << 10,
    MAX_REQUEST_METADATA = 8 << 10,
};

const grpc_channel_args *rpc_core_channel_options(void)
{
    static grpc_arg list[] = {
        /* The host that the peer sees; the default is "test.authority". */
        {GRPC_ARG_STRING, (char *)GRPC_ARG_DEFAULT_AUTHORITY, {.string = (char *)"localhost"}},
        NUMBER(GRPC_ARG_MAX_METADATA_SIZE, MAX_ANSWER_METADATA),
        SHARED_OPTIONS,
    };
    static const grpc_channel_args options = {ARRAY_SIZE(list), list};
    return &options;
}

const grpc_channel_args *rpc_core_server_options(void)
{
    static grpc_arg list[] = {
        NUMBER(GRPC_ARG_MAX_METADATA_SIZE, MAX_REQUEST_METADATA),
        NUMBER(GRPC_ARG_MAX_CONCURRENT_STREAMS, RPC_GUARD_STREAMS),
        /* It would widen the window of every call, read or not, to megabytes. */
        NUMBER(GRPC_ARG_HTTP2_BDP_PROBE, 0),
        SHARED_OPTIONS,
    };
    static const grpc_channel_args options = {ARRAY_SIZE(list), list};
    return &options;
}

sigset_t rpc_core_block_signals(void)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

void rpc_core_restore_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void *pump(void *user)
{
    struct rpc *rpc = user;
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(rpc->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            break;
        struct completion completion = {.tag = event.tag, .ok = event.success};
        if (file_write_all(rpc->write_fd, &completion, sizeof(completion), NULL) < 0)
            abort(); /* the loop's end is open until this thread has ended */
    }
    close(rpc->write_fd);
    return NULL;
}

/* Handles one completion. Returns whether there was one; false is also the end of the pipe. */
static bool handle_one(struct rpc *rpc, bool *end)
{
    struct completion completion;
    ssize_t got = read(rpc->read_fd, &completion, sizeof(completion));
    *end = got == 0;
    if (got != (ssize_t)sizeof(completion))
        return false;
    completion.tag->complete(completion.tag->owner, completion.ok != 0);
    return true;
}

void rpc_core_handle(struct rpc *rpc)
{
    enum { AT_ONCE = 64 }; /* then other watchers get their turn */
    bool end;
    for (int i = 0; i < AT_ONCE && handle_one(rpc, &end); i++)
        continue;
}

static void wait_for_completion(struct rpc *rpc)
{
    struct pollfd readable = {.fd = rpc->read_fd, .events = POLLIN};
    poll(&readable, 1, -1);
}

void rpc_core_wait(struct rpc *rpc, const bool *finished)
{
    bool end;
    while (!*finished) {
        if (!handle_one(rpc, &end))
            wait_for_completion(rpc);
    }
}

/* A library writes no log lines; what matters is also reported as a status. */
static void drop_log_line(UNUSED gpr_log_func_args *args)
{
}

/* Connections that are closing on the core's own threads keep it running. */
static void wait_for_end(void)
{
    enum { TRIES = 10000 };
    static const struct timespec pause = {.tv_nsec = 100000};
    for (int i = 0; i < TRIES && grpc_is_initialized(); i++)
        nanosleep(&pause, NULL);
}

static void end_core(struct rpc *rpc)
{
    grpc_channel_credentials_release(rpc->channel_credentials);
    grpc_server_credentials_release(rpc->server_credentials);
    grpc_completion_queue_destroy(rpc->queue);
    grpc_shutdown_blocking();
    wait_for_end();
}

int rpc_core_start(struct rpc *rpc)
{
    if (getenv("GRPC_VERBOSITY") == NULL)
        gpr_set_log_function(drop_log_line);
    grpc_init();
    rpc->queue = grpc_completion_queue_create_for_next(NULL);
    rpc->channel_credentials = grpc_insecure_credentials_create();
    rpc->server_credentials = grpc_insecure_server_credentials_create();
    int errnum = pthread_create(&rpc->thread, NULL, pump, rpc);
    if (errnum != 0) {
        grpc_completion_queue_shutdown(rpc->queue);
        end_core(rpc);
    }
    return errnum;
}

void rpc_core_end(struct rpc *rpc)
{
    grpc_completion_queue_shutdown(rpc->queue);
    /* Calls that were cancelled still complete, and then release what they hold. */
    bool end = false;
    while (!end) {
        if (!handle_one(rpc, &end) && !end)
            wait_for_completion(rpc);
    }
    pthread_join(rpc->thread, NULL);
    end_core(rpc);
}
