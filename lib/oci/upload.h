/* Uploads blobs to a registry, in one piece or in chunks. */
#ifndef OCI_UPLOAD_H
#define OCI_UPLOAD_H

#include "oci/client.h"

/* Uploads size bytes of a file, from its start, as the blob of that digest, which the registry
 * checks. In chunks of the client's size, if the blob is larger. Returns 0, or -1 with an error;
 * then the registry is told to forget what it has got.
 * Source: OCI distribution specification 1.1, pushing blobs. */
int oci_upload_blob(
    struct oci_client *client, const char *digest, uint64_t size, int fd, struct error **err);

#endif
