/* What a server answers at one path. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stdbool.h>

struct http_request; /* http/request.h */

/* Answers a request, now or later: http/request.h says how. Called on one of the server's threads,
 * or on the loop's where the server has none. */
typedef void http_handler(void *user, struct http_request *request);

enum http_method {
    HTTP_GET, /* and HEAD */
    HTTP_POST,
};

struct http_route {
    const char *path;
    enum http_method method;
    bool takes_body; /* of a GET; else it is read and dropped. Of a POST it is always taken */
    const char *content_type; /* that the body of a POST must have; NULL: any */
    http_handler *handler;
    void *user;
};

#endif
