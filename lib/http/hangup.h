/* Watches the sockets of clients that wait for an answer, on the default loop, for hang-up. As in
 * Go's net/http, a client that shuts down its side has hung up. */
#ifndef HTTP_HANGUP_H
#define HTTP_HANGUP_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

/* One client; embedded in what waits for the answer. */
struct http_hangup {
    struct http_hangup *prev, *next;
    int fd;
    bool watched;
    void (*on_gone)(struct http_hangup *hangup); /* once, from the loop, with the mutex held */
};

struct http_hangups {
    pthread_mutex_t *mutex; /* recursive; guards all of it */
    struct http_hangup *first; /* those that wait, gone or not */
    int epoll;
    struct ev_io readable; /* of epoll */
};

/* mutex is borrowed. Call on the loop's thread. Returns 0, or -1 with errno set. */
int http_hangups_init(struct http_hangups *hangups, pthread_mutex_t *mutex);

/* Call on the loop's thread, when no client waits. */
void http_hangups_clear(struct http_hangups *hangups);

/* Start and stop watching fd for a client, whose on_gone is set; stop before fd is closed. Any
 * thread, with the mutex held. */
void http_hangup_begin(struct http_hangups *hangups, struct http_hangup *hangup, int fd);
void http_hangup_end(struct http_hangups *hangups, struct http_hangup *hangup);

#endif
