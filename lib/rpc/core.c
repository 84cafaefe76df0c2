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

const grpc_channel_args *rpc_core_options(void)
{
    enum { MAX_METADATA = 64 << 10, ONLY_IDENTITY = 1 };
    static grpc_arg list[] = {
        /* The host that the peer sees; the default is "test.authority". */
        {GRPC_ARG_STRING, (char *)GRPC_ARG_DEFAULT_AUTHORITY, {.string = (char *)"localhost"}},
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
            {.integer = RPC_MAX_MESSAGE}},
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, {.integer = RPC_MAX_MESSAGE}},
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_MAX_METADATA_SIZE, {.integer = MAX_METADATA}},
        /* The core would decompress a message to any size; compressed ones are rejected. */
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, {.integer = 0}},
        {GRPC_ARG_INTEGER, (char *)GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET,
            {.integer = ONLY_IDENTITY}},
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ENABLE_RETRIES, {.integer = 0}},
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ENABLE_CHANNELZ, {.integer = 0}},
        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ENABLE_HTTP_PROXY, {.integer = 0}},
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
