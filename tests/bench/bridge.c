/* Starts, calls and ends the benchmarks' hook-manager serve. */
#include "tests/bench/bridge.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "proto/domain_hook.pb-c.h"
#include "rpc/client.h"

enum { PATIENCE_MS = 60000 };

struct bridge {
    struct process process;
    struct ev_loop *loop;
    struct rpc *rpc;
    struct rpc_channel *channel;
    char *domain;
    size_t length;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* Connects as soon as the socket exists, which is when the sidecars are collected. */
static void connect_to(struct bridge *bridge, const char *path)
{
    static const struct timespec nap = {.tv_nsec = 1000000};
    while ((bridge->channel = rpc_channel_open(bridge->rpc, path, NULL)) == NULL)
        nanosleep(&nap, NULL);
}

struct bridge *bridge_open(const struct bench *bench, size_t count)
{
    auto_free char *manager = file_join(bench->build, "hook-manager");
    auto_free char *socket = file_join(bench->directory, "plugin/hook.sock");
    auto_free char *sidecars = xasprintf("%zu", count);
    auto_free char *domain = file_join(bench->directory, "domain.xml");
    const char *const argv[] = {manager, "serve", "--plugin-socket", socket, "--socket-dir",
        bench->sockets, "--sidecars", sidecars, "--log-level", "warning", NULL};
    struct bridge *bridge = xcalloc(1, sizeof(*bridge));
    bridge->loop = ev_loop_new(EVFLAG_AUTO);
    bridge->rpc = rpc_new(bridge->loop, NULL);
    if (file_read(domain, 1 << 20, &bridge->domain, &bridge->length, NULL) < 0)
        fail(domain, "it cannot be read");
    bridge->process = process_start(argv, NULL, 0);
    connect_to(bridge, socket);
    return bridge;
}

static void on_answer(void *user, const struct rpc_result *result)
{
    const struct bridge *bridge = user;
    if (result->code != RPC_OK)
        fail("MutateDomain", result->message);
    const Kubevirt__Hooks__Plugins__V1alpha1__MutateDomainResponse *response =
        (const void *)result->response;
    if (response->domain.len != bridge->length)
        fail("MutateDomain", "another domain came back");
    ev_break(bridge->loop, EVBREAK_ONE);
}

void bridge_call(struct bridge *bridge)
{
    char boot[] = "Boot";
    char libvirt[] = "libvirt";
    uint8_t vmi[] = {'{', '}'};
    Kubevirt__Hooks__Plugins__V1alpha1__SidecarContext context =
        KUBEVIRT__HOOKS__PLUGINS__V1ALPHA1__SIDECAR_CONTEXT__INIT;
    Kubevirt__Hooks__Plugins__V1alpha1__MutateDomainRequest request =
        KUBEVIRT__HOOKS__PLUGINS__V1ALPHA1__MUTATE_DOMAIN_REQUEST__INIT;
    context.invocation_context = boot;
    request.domain_type = libvirt;
    request.domain.data = (uint8_t *)bridge->domain;
    request.domain.len = bridge->length;
    request.vmi.data = vmi;
    request.vmi.len = sizeof(vmi);
    request.sidecar_context = &context;
    rpc_call_start(bridge->channel,
        &kubevirt__hooks__plugins__v1alpha1__domain_hook_service__descriptor, "MutateDomain",
        &request.base, PATIENCE_MS, on_answer, bridge);
    ev_run(bridge->loop, 0);
}

void bridge_close(struct bridge *bridge)
{
    rpc_channel_free(bridge->channel);
    rpc_free(bridge->rpc);
    ev_loop_destroy(bridge->loop);
    process_end(&bridge->process);
    free(bridge->domain);
    free(bridge);
}
