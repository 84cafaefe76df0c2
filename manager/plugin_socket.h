/* The socket on which virt-launcher finds a plugin: the rules for its path, its creation and its
 * removal. virt-launcher takes the socket's existence as readiness, so it must not exist while
 * nothing answers.
 * Source: KubeVirt, the validation of the Plugin API and virt-launcher's plugin client. */
#ifndef MANAGER_PLUGIN_SOCKET_H
#define MANAGER_PLUGIN_SOCKET_H

#include <stdbool.h>

#include "base/error.h"

#define MANAGER_PLUGIN_DIRECTORY "/var/run/kubevirt-plugin"

/* KubeVirt's own limit is 108 bytes, but such a path does not fit in the address of a socket. */
enum { MANAGER_PLUGIN_SOCKET_MAX_BYTES = 107 };

/* Checks that the path is absolute and clean, short enough, and ends in ".sock". Returns 0, or -1
 * with a usage error. */
int manager_plugin_socket_check(const char *path, struct error **err);

/* Whether the path is below MANAGER_PLUGIN_DIRECTORY/PLUGIN/: KubeVirt calls no others. */
bool manager_plugin_socket_is_reachable(const char *path);

/* Creates the socket's directory and removes the socket of a dead predecessor. Returns 0, or -1
 * with an io error: something listens there, or the path is not a socket. */
int manager_plugin_socket_clear(const char *path, struct error **err);

/* Listens, with mode 0660. Returns the descriptor, owned by the caller, or -1 with an io error. */
int manager_plugin_socket_listen(const char *path, struct error **err);

#endif
