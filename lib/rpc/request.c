#include "rpc/request.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "rpc/exchange.h"
#include "rpc/message.h"

/* The longest prefix of a text that fits in the headers of an answer, of which peers accept 8 KiB;
 * there, a byte that is not plain ASCII takes three. Owned by the caller. */
static char *fit_into_headers(const char *text)
{
    enum { LIMIT = 6 << 10 };
    static const char more[] = "…";
    size_t encoded = 0;
    size_t whole = 0; /* characters up to here fit */
    for (size_t i = 0; text[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xc0) != 0x80) /* the first byte of a character */
            whole = i;
        encoded += byte >= 0x20 && byte <= 0x7e && byte != '%' ? 1 : 3;
        if (encoded > LIMIT)
            return xasprintf("%.*s%s", (int)whole, text, more);
    }
    return xstrdup(text);
}

void rpc_request_reply(struct rpc_request *request, const ProtobufCMessage *response)
{
    assert(response->descriptor == request->method->output);
    size_t size = protobuf_c_message_get_packed_size(response);
    if (size > RPC_MAX_MESSAGE) {
        auto_free char *text =
            xasprintf("the answer is %zu bytes, and the limit is %d", size, RPC_MAX_MESSAGE);
        rpc_exchange_answer(request, RPC_RESOURCE_EXHAUSTED, text);
        return;
    }
    if (!request->cancelled)
        request->response = rpc_message_pack(response);
    rpc_exchange_answer(request, RPC_OK, "");
}

void rpc_request_fail(struct rpc_request *request, enum rpc_code code, const char *message)
{
    auto_free char *text = fit_into_headers(message);
    rpc_exchange_answer(request, code, text);
}

void rpc_request_on_cancel(struct rpc_request *request, void (*on_cancel)(void *user), void *user)
{
    request->on_cancel = on_cancel;
    request->user = user;
    if (request->cancelled)
        ev_feed_event(request->loop, &request->late, EV_CUSTOM);
}

int64_t rpc_request_time_left(const struct rpc_request *request)
{
    gpr_timespec deadline = request->details.deadline;
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return INT64_MAX;
    gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    int64_t milliseconds = left.tv_sec * 1000 + left.tv_nsec / 1000000;
    return milliseconds > 0 ? milliseconds : 0;
}
