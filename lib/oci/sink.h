/* Where contents go that come in pieces. */
#ifndef OCI_SINK_H
#define OCI_SINK_H

#include <stddef.h>

#include "base/error.h"

struct oci_sink {
    /* Takes the next bytes. Returns 0, or -1 with an error, after which nothing more comes. */
    int (*take)(void *user, const void *data, size_t length, struct error **err);
    void *user;
};

#endif
