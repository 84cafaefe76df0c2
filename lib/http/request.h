/* A request as its handler sees it, and the answer to it. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stddef.h>

struct http_request;

/* The body, with a zero byte behind its *length bytes; "" where there is none. Borrowed until the
 * answer. */
const char *http_request_body(const struct http_request *request, size_t *length);

/* Answers, once: from the handler or at any time after it, from any thread; the connection goes on.
 * take_body is length bytes from malloc, or NULL. content_type is static; NULL: text in UTF-8. The
 * request and its body are gone after this. It does nothing but that when the client or the server
 * has gone. */
void http_request_answer(struct http_request *request, int code, const char *content_type,
    char *take_body, size_t length);

/* Calls on_hangup once if, after the handler has returned and before the answer, the client hangs up
 * (on the loop) or the server ends (on any of its threads); at once if that has happened. The request
 * still wants its answer, which nobody hears; it may come in on_hangup. An answer from another thread
 * waits until on_hangup has returned, which must not wait for that thread. */
void http_request_on_hangup(
    struct http_request *request, void (*on_hangup)(void *user), void *user);

#endif
