/* Listening TCP sockets. */
#ifndef CONTROLLER_LISTEN_H
#define CONTROLLER_LISTEN_H

#include "base/error.h"

/* Listens at "ADDRESS:PORT", "[ADDRESS]:PORT" or ":PORT", which is every address of IPv6 and IPv4.
 * ADDRESS is numeric; port 0 is any free one. Returns a non-blocking descriptor, owned by the
 * caller, or -1 with a usage error, or an io error. */
int controller_listen(const char *listen, struct error **err);

/* Checks that it is something to listen at. Returns 0, or -1 with that usage error. */
int controller_listen_check(const char *listen, struct error **err);

/* The port of a listening socket, or -1. */
int controller_listen_port(int fd);

#endif
