#include "http/request.h"

#include <stdlib.h>

#include "base/text.h"
#include "http/exchange.h"

const char *http_request_body(const struct http_request *request, size_t *length)
{
    *length = request->length;
    return text_or(request->body, "");
}

void http_request_answer(struct http_request *request, int code, const char *content_type,
    char *take_body, size_t length)
{
    struct http_shared *shared = request->shared;
    pthread_mutex_lock(&shared->mutex);
    request->answer.code = code;
    request->answer.content_type = content_type;
    request->answer.body = take_body;
    request->answer.length = length;
    request->owed = false;
    http_exchange_settle(request);
    bool last = request->ended;
    if (request->phase == HTTP_SUSPENDED) {
        request->phase = HTTP_ANSWERED;
        http_exchange_resume(request);
    } /* else the caller of the handler sends it, or nobody does */
    pthread_mutex_unlock(&shared->mutex);
    if (last)
        http_exchange_free(request);
}

void http_request_on_hangup(struct http_request *request, void (*on_hangup)(void *user), void *user)
{
    struct http_shared *shared = request->shared;
    pthread_mutex_lock(&shared->mutex);
    request->on_hangup = on_hangup;
    request->on_hangup_user = user;
    if (request->gone)
        on_hangup(user);
    pthread_mutex_unlock(&shared->mutex);
}
