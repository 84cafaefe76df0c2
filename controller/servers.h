/* The servers that the settings ask for: webhooks, metrics, health. */
#ifndef CONTROLLER_SERVERS_H
#define CONTROLLER_SERVERS_H

#include "base/error.h"
#include "controller/appliance/appliance.h"
#include "controller/settings.h"
#include "controller/webhook/server.h"

/* Those that the settings do not ask for are NULL. */
struct controller_servers {
    struct controller_server *webhooks, *metrics, *health;
    struct tls_client_ca *client_ca; /* of the webhooks */
};

struct controller_servers_options {
    const struct controller_settings *settings; /* borrowed */
    struct tls_certificate_store *certificates; /* of the webhooks; borrowed */
    struct controller_rules_store *rules; /* of the webhooks; borrowed */
    struct controller_appliance *appliance; /* completes VMs; borrowed; or NULL */
    struct controller_health health;
};

/* Starts them, and raises the limit of open files (RLIMIT_NOFILE) for their connections as far as
 * allowed. Returns 0, or -1 with an error. servers, zeroed before, needs controller_servers_clear
 * either way. */
int controller_servers_start(struct controller_servers *servers,
    const struct controller_servers_options *options, struct error **err);

void controller_servers_clear(struct controller_servers *servers);

#endif
