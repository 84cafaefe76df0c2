/* The inside of the room: the gRPC core, and how what it completes reaches the loop.
 *
 * The core is driven by whoever waits on its completion queue. That is one small thread, which
 * writes each completion to a pipe and touches nothing else; the loop reads the pipe. All other
 * state of the room belongs to the loop's thread and needs no locks. */
#ifndef RPC_CORE_H
#define RPC_CORE_H

#include <ev.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* What an operation is started with, and what its completion calls. It stays where it is until
 * then. ok is whether the operation went well. */
struct rpc_tag {
    void (*complete)(void *owner, bool ok);
    void *owner;
};

struct rpc {
    struct ev_loop *loop;
    struct ev_io readable; /* completions wait in the pipe */
    grpc_completion_queue *queue;
    grpc_channel_credentials *channel_credentials;
    grpc_server_credentials *server_credentials;
    pthread_t thread; /* waits on the queue */
    int read_fd; /* the loop's end of the pipe */
    int write_fd; /* the thread's end, which it closes when the queue has shut down */
};

/* Options of channels and servers alike. Static. */
const grpc_channel_args *rpc_core_options(void);

/* The core's threads are to take no signals. They inherit the mask of the thread that starts them,
 * which is what makes the core, a channel or a server: signals are blocked around that. */
sigset_t rpc_core_block_signals(void);
void rpc_core_restore_signals(const sigset_t *before);

/* Starts the core, with a queue, and the thread that waits on it; loop, read_fd and write_fd are set.
 * Returns 0, or an errno. */
int rpc_core_start(struct rpc *rpc);

/* Ends what rpc_core_start has started, when what is under way has completed. */
void rpc_core_end(struct rpc *rpc);

/* Handles completions that wait in the pipe, a number of them at most. */
void rpc_core_handle(struct rpc *rpc);

/* Handles completions, and nothing else of the loop, until *finished. */
void rpc_core_wait(struct rpc *rpc, const bool *finished);

#endif
