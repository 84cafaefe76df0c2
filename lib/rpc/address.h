/* The address of a unix socket by its path, however long the path is. */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include <sys/un.h>

#include "base/error.h"

/* An address for bind(2) or connect(2). directory is open while a long path needs it. */
struct rpc_address {
    struct sockaddr_un name;
    int directory; /* or -1 */
};

/* Makes the address of path. A path over 107 bytes, which is what sockaddr_un holds, is reached by
 * way of its directory in /proc/self/fd. Returns 0, or -1 with an io error whose errnum is that of
 * opening the directory, or ENAMETOOLONG when the file's name alone is too long. */
int rpc_address_init(struct rpc_address *address, const char *path, struct error **err);

/* Closes the directory. */
void rpc_address_clear(struct rpc_address *address);

#endif
