/* A route: one path of a server and its handler. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>

struct http_request; /* http/request.h */

/* Answers a request, now or later, as in http/request.h. Called on one of the server's threads, or
 * on the loop's where the server has none. */
typedef void http_handler(void *user, struct http_request *request);

enum http_method {
    HTTP_GET, /* and HEAD */
    HTTP_POST,
};

struct http_route {
    const char *path;
    enum http_method method;
    bool takes_body; /* for GET; else a body is read and dropped. A POST always takes it */
    const char *content_type; /* required of the body of a POST; NULL: any */
    http_handler *handler;
    void *user;
};

#endif
