/* What may become a sidecar while a collection runs: a container, its sockets, and which of them
 * has answered. */
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
    ino_t inode; /* distinguishes it from a later socket at the same path */
    double found; /* when it appeared; clock_seconds */
    ev_timer retry;
    struct manager_dial *dial; /* the attempt in progress (something listens), or NULL */
    char *last; /* the last attempt's error message; NULL before the first fails */
};

/* What may become a sidecar: a directory, or a socket directly in the socket directory. */
struct manager_container {
    char *name; /* the key: the file name as it is */
    char *shown; /* name with unprintable bytes escaped, for messages */
    struct manager_collection *collection;
    char *directory; /* its path; NULL when the container is a lone socket */
    char *trouble; /* why the directory cannot be read; or NULL */
    struct manager_candidate *candidates;
    struct manager_candidate *answered; /* the one in use; NULL until Info is answered */
    struct rpc_channel *channel; /* to answered */
    struct manager_sidecar sidecar; /* its name is shown, above */
    UT_hash_handle hh;
};

struct manager_collection {
    struct manager *manager;
    struct manager_container *containers;
    size_t ready; /* containers that have answered */
    ev_timer deadline;
    double began; /* clock_milliseconds */
    manager_dial_done *on_dialed; /* for every candidate's dial; user is the candidate */
};

#define manager_containers_foreach(collection, container)                                          \
    for ((container) = (collection)->containers; (container) != NULL;                              \
         (container) = (container)->hh.next)

/* Returns the container of that name, created if there is none yet. Owned by the collection. */
struct manager_container *manager_container_get(
    struct manager_collection *collection, const char *name);
void manager_container_free(struct manager_container *container);

/* Orders containers by the index of the sidecar, for HASH_SORT. */
int manager_container_compare(const struct manager_container *a, const struct manager_container *b);

/* Whether something listens on one of its sockets and has not answered yet. */
bool manager_container_is_dialled(const struct manager_container *container);

/* A socket exists: it is new, replaces another, or is known and its permissions changed. */
void manager_container_socket_seen(
    struct manager_container *container, const char *path, ino_t inode);

/* A socket was removed. If it was the one that answered, the container must answer again. */
void manager_container_socket_gone(struct manager_container *container, const char *path);

/* A candidate's Info was answered: the other sockets no longer matter. */
void manager_container_answer(struct manager_candidate *answered, struct rpc_channel *take_channel);

/* Records why an attempt failed, and schedules the next unless only present sidecars count. */
void manager_candidate_failed(struct manager_candidate *candidate, const struct error *error);

#endif
