#include "controller/appliance/appliance.h"

#include <stdlib.h>

#include "base/memory.h"
#include "controller/appliance/access.h"
#include "controller/appliance/completion.h"
#include "controller/appliance/inbox.h"
#include "controller/appliance/key.h"
#include "controller/appliance/secrets.h"
#include "controller/appliance/stock.h"

struct controller_appliance {
    struct controller_key *key;
    struct controller_access *access;
    struct controller_stock *stock;
    struct controller_completions *completions;
    struct controller_secrets *secrets;
    struct controller_inbox *inbox;
};

static void take(void *user, struct http_request *request)
{
    const struct controller_appliance *appliance = user;
    controller_completions_review(appliance->completions, request);
}

struct controller_appliance *controller_appliance_new(
    const struct controller_appliance_options *options)
{
    struct controller_appliance *appliance = xcalloc(1, sizeof(*appliance));
    appliance->key = controller_key_new(options->client, options->namespace, options->key_secret);
    appliance->access = controller_access_new(options->client);
    appliance->stock = controller_stock_new(options->client);
    const struct controller_completions_options completions = {
        .client = options->client,
        .access = appliance->access,
        .stock = appliance->stock,
        .key = appliance->key,
        .verified = options->verified,
    };
    appliance->completions = controller_completions_new(&completions);
    const struct controller_secrets_options secrets = {
        .client = options->client,
        .events = options->events,
        .stock = appliance->stock,
        .key = appliance->key,
    };
    appliance->secrets = controller_secrets_new(&secrets);
    appliance->inbox = controller_inbox_new(take, appliance);
    return appliance;
}

void controller_appliance_free(struct controller_appliance *appliance)
{
    if (appliance == NULL)
        return;
    controller_inbox_free(appliance->inbox);
    controller_completions_free(appliance->completions);
    controller_secrets_free(appliance->secrets);
    controller_stock_free(appliance->stock);
    controller_access_free(appliance->access);
    controller_key_free(appliance->key);
    free(appliance);
}

void controller_appliance_complete(void *appliance, struct http_request *request)
{
    const struct controller_appliance *whole = appliance;
    controller_inbox_put(whole->inbox, request);
}

void controller_appliance_lead(struct controller_appliance *appliance, bool leads)
{
    controller_secrets_lead(appliance->secrets, leads);
}

struct controller_appliance_figures controller_appliance_figures(
    const struct controller_appliance *appliance)
{
    return (struct controller_appliance_figures){
        .cached = controller_stock_count(appliance->stock),
        .restarts = controller_stock_restarts(appliance->stock) +
                    controller_secrets_restarts(appliance->secrets),
    };
}
