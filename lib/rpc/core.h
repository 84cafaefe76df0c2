/* The inside of the room: the gRPC core, and how its completions reach the loop.
 *
 * The thread that waits on the completion queue drives the core: it writes each completion to a
 * pipe, which the loop reads, and touches nothing else. All other state of the room belongs to the
 * loop's thread and needs no locks. */
#ifndef RPC_CORE_H
#define RPC_CORE_H

#include <ev.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* The tag of an operation: the callback for its completion. It must stay in place until then. ok is
 * whether the operation succeeded. */
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

/* The options of channels and of servers. Static. */
const grpc_channel_args *rpc_core_channel_options(void);
const grpc_channel_args *rpc_core_server_options(void);

/* The core's threads must not receive signals. They inherit the signal mask of the thread that
 * creates the core, a channel or a server: signals are blocked meanwhile. */
sigset_t rpc_core_block_signals(void);
void rpc_core_restore_signals(const sigset_t *before);

/* Starts the core, with a queue, and the thread that waits on it; loop, read_fd and write_fd are set.
 * Returns 0, or an errno. */
int rpc_core_start(struct rpc *rpc);

/* Stops what rpc_core_start has started, when all operations have completed. */
void rpc_core_end(struct rpc *rpc);

/* Handles completions that wait in the pipe, up to a fixed number. */
void rpc_core_handle(struct rpc *rpc);

/* Handles completions, and no other events of the loop, until *finished. */
void rpc_core_wait(struct rpc *rpc, const bool *finished);

#endif
