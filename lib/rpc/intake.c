#include "rpc/intake.h"

#include <utlist.h>

static void admit(struct rpc_intake *intake)
{
    while (intake->waiting != NULL && intake->bytes + RPC_MAX_MESSAGE <= RPC_INTAKE_BYTES) {
        struct rpc_intake_share *first = intake->waiting;
        DL_DELETE(intake->waiting, first);
        first->waiting = false;
        first->bytes = RPC_MAX_MESSAGE;
        intake->bytes += RPC_MAX_MESSAGE;
        first->enter(first->request);
    }
}

void rpc_intake_wait(struct rpc_intake *intake, struct rpc_intake_share *share)
{
    share->waiting = true;
    DL_APPEND(intake->waiting, share);
    admit(intake);
}

void rpc_intake_resize(struct rpc_intake *intake, struct rpc_intake_share *share, size_t bytes)
{
    intake->bytes += bytes;
    intake->bytes -= share->bytes;
    share->bytes = bytes;
    admit(intake);
}

void rpc_intake_leave(struct rpc_intake *intake, struct rpc_intake_share *share)
{
    if (share->waiting)
        DL_DELETE(intake->waiting, share);
    share->waiting = false;
    rpc_intake_resize(intake, share, 0);
}
