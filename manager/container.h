/* What may become a sidecar in a collection under way: a container with its sockets, and which of
 * them answers. */
#ifndef MANAGER_CONTAINER_H
#define MANAGER_CONTAINER_H

#include <sys/types.h>
#include <uthash.h>
#include <utlist.h>

#include "manager/dial.h"
#include "manager/state.h"

/* A socket of a container. */
struct manager_candidate {
    struct manager_candidate *prev;
    struct manager_candidate *next;
    struct manager_container *container;
    char *path;
    ino_t inode; /* tells it from another at the same path */
    ev_tstamp found; /* when it appeared */
    ev_timer retry;
    struct manager_dial *dial; /* the try under way: somebody listens; or NULL */
    char *last; /* what the last try said; NULL before */
};

/* What may become a sidecar: a directory, or a socket directly in the socket directory. */
struct manager_container {
    char *name; /* the key: as the directory has it */
    char *shown; /* the same, fit to be shown: of whatever bytes it was */
    struct manager_collection *collection;
    char *directory; /* NULL when it is none */
    char *trouble; /* why the directory cannot be read; or NULL */
    struct manager_candidate *candidates;
    struct manager_candidate *answered; /* the one that counts; NULL until Info was answered */
    struct rpc_channel *channel; /* to it */
    struct manager_sidecar sidecar; /* its name is the one shown */
    UT_hash_handle hh;
};

struct manager_collection {
    struct manager *manager;
    struct manager_container *containers;
    size_t ready; /* containers that have answered */
    ev_timer deadline;
    double began; /* clock_milliseconds */
    manager_dial_done *on_dialed; /* of every candidate's dial; user is the candidate */
};

#define manager_containers_foreach(collection, container)                                          \
    for ((container) = (collection)->containers; (container) != NULL;                              \
         (container) = (container)->hh.next)

/* The container of that name, which is made where there is none yet. */
struct manager_container *manager_container_get(
    struct manager_collection *collection, const char *name);
void manager_container_free(struct manager_container *container);

/* By the index of the sidecar, for HASH_SORT. */
int manager_container_compare(const struct manager_container *a, const struct manager_container *b);

/* Whether somebody listens on one of its sockets, and has not answered yet. */
bool manager_container_is_dialled(const struct manager_container *container);

/* A socket is there: one that is new, or in the place of another, or known and touched. */
void manager_container_socket_seen(
    struct manager_container *container, const char *path, ino_t inode);

/* A socket was removed. If it was the one that answered, the container has to answer anew. */
void manager_container_socket_gone(struct manager_container *container, const char *path);

/* A candidate's Info was answered: the other sockets do not matter any more. */
void manager_container_answer(struct manager_candidate *answered, struct rpc_channel *take_channel);

/* Remembers what a try said, and tries again later. */
void manager_candidate_failed(struct manager_candidate *candidate, const struct error *error);

#endif
