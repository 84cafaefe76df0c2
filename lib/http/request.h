/* A request as its handler sees it, and the answer to it. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stddef.h>

struct http_request;

/* The body, with a zero byte after its *length bytes; "" if there is none. Borrowed until the
 * answer. */
const char *http_request_body(const struct http_request *request, size_t *length);

/* Answers the request once: from the handler or at any later time, from any thread. The connection
 * stays open. take_body is length bytes from malloc, or NULL. content_type is static; NULL: text in
 * UTF-8. Frees the request and its body; if the client or the server has gone, it does nothing
 * else. */
void http_request_answer(struct http_request *request, int code, const char *content_type,
    char *take_body, size_t length);

/* Calls on_hangup once if, after the handler has returned and before the answer, the client hangs
 * up (on the loop) or the server ends (on any of its threads); at once if that has already
 * happened. The request must still be answered, although nobody hears it; on_hangup may do so. An
 * answer from another thread waits until on_hangup has returned, which must not wait for that
 * thread. */
void http_request_on_hangup(
    struct http_request *request, void (*on_hangup)(void *user), void *user);

#endif
