/* A client of one OCI registry. Its functions run the event loop until they are done, so that
 * callers read from top to bottom. A program that has one must ignore SIGPIPE.
 * Source: OCI distribution specification 1.1. */
#ifndef OCI_CLIENT_H
#define OCI_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/credentials.h"
#include "oci/wire.h"

struct oci_client; /* opaque */

struct oci_client_options {
    const char *registry; /* of a reference */
    const char *repository; /* likewise */
    const char *ca_file; /* as in oci/wire.h, with the four below */
    bool plain_http;
    int64_t stall_ms;
    const char *user_agent;
    const struct oci_credentials *credentials;
    uint64_t chunk; /* bytes of a blob that one request uploads; 0: all */
    void (*on_progress)(void *user, uint64_t bytes); /* of the blob that is being transferred */
    void *user;
};

/* The options' pointers are borrowed as long as it lives. Sends nothing. Owned by the caller. */
struct oci_client *oci_client_new(const struct oci_client_options *options);
void oci_client_free(struct oci_client *client); /* NULL is allowed */

/* Ends what runs, and all that follows, with a canceled error. */
void oci_client_cancel(struct oci_client *client);

/* Asks whether there is a registry. On this machine it is looked for over HTTPS first, then over
 * HTTP unless a CA is given; elsewhere over what the options say. Must be called first. Returns 0, or
 * -1 with an error, as all functions below. */
int oci_client_ping(struct oci_client *client, struct error **err);

/* What the client is for; borrowed. */
const char *oci_client_registry(const struct oci_client *client);
const char *oci_client_repository(const struct oci_client *client);
uint64_t oci_client_chunk(const struct oci_client *client);

/* Makes a request to url (NULL: to the path below the repository's URL), with the credentials if that
 * is the registry itself, answering its challenges, and following redirects, to which no credentials
 * go. Returns 0 whatever the answer's code; *answer is for oci_answer_clear either way. */
int oci_client_call(struct oci_client *client, const struct oci_request *request, const char *path,
    struct oci_answer *answer, struct error **err);

/* Where an answer's Location leads from the registry. Owned by the caller; NULL with an error: it is
 * missing, or it leads from HTTPS to HTTP. */
char *oci_client_follow(
    const struct oci_client *client, const struct oci_answer *answer, struct error **err);

DEFINE_CLEANUP(oci_client, struct oci_client *, oci_client_free);
#define auto_oci_client auto_cleanup(oci_client)

#endif
