#include "rpc/rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/unused.h"
#include "rpc/core.h"

static void on_readable(UNUSED struct ev_loop *loop, struct ev_io *watcher, UNUSED int events)
{
    rpc_core_handle(watcher->data);
}

void rpc_tune_memory(void)
{
    enum { SLICE = 64 << 10 };
    mallopt(M_MMAP_THRESHOLD, SLICE);
}

struct rpc *rpc_new(struct ev_loop *loop, struct error **err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        error_set_errno(err, "starting gRPC: creating a pipe");
        return NULL;
    }
    struct rpc *rpc = xmalloc(sizeof(*rpc));
    *rpc = (struct rpc){.loop = loop, .read_fd = ends[0], .write_fd = ends[1]};

    sigset_t before = rpc_core_block_signals();
    int errnum = rpc_core_start(rpc);
    rpc_core_restore_signals(&before);
    if (errnum != 0) {
        errno = errnum;
        error_set_errno(err, "starting gRPC: creating a thread");
        close(rpc->read_fd);
        close(rpc->write_fd);
        free(rpc);
        return NULL;
    }
    ev_io_init(&rpc->readable, on_readable, rpc->read_fd, EV_READ);
    rpc->readable.data = rpc;
    ev_io_start(loop, &rpc->readable);
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    if (rpc == NULL)
        return;
    ev_io_stop(rpc->loop, &rpc->readable);
    rpc_core_end(rpc);
    close(rpc->read_fd);
    free(rpc);
}
