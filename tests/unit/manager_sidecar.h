/* For the tests of manager/: sidecars in this process. Each marks a domain with its name, counts
 * its calls, and can leave a call unanswered. */
#ifndef TESTS_MANAGER_SIDECAR_H
#define TESTS_MANAGER_SIDECAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "base/unused.h"
#include "proto/callbacks_v1alpha3.pb-c.h"
#include "proto/info.pb-c.h"
#include "rpc/server.h"

struct sidecar {
    const char *name; /* its directory */
    int32_t priority;
    bool hold; /* keeps calls unanswered */
    bool empty; /* returns empty documents */
    struct ev_loop *loop;
    struct rpc_server *server;
    struct rpc_request *held;
    int infos;
    int calls;
    int cancels;
};

static inline void sidecar_info(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    void *user)
{
    struct sidecar *sidecar = user;
    sidecar->infos++;
    char *versions[] = {(char *)"v1alpha3"};
    Kubevirt__Hooks__Info__HookPoint define = KUBEVIRT__HOOKS__INFO__HOOK_POINT__INIT;
    Kubevirt__Hooks__Info__HookPoint shutdown = KUBEVIRT__HOOKS__INFO__HOOK_POINT__INIT;
    Kubevirt__Hooks__Info__HookPoint *points[] = {&define, &shutdown};
    define.name = (char *)"OnDefineDomain";
    define.priority = sidecar->priority;
    shutdown.name = (char *)"Shutdown";
    Kubevirt__Hooks__Info__InfoResult result = KUBEVIRT__HOOKS__INFO__INFO_RESULT__INIT;
    result.n_versions = 1;
    result.versions = versions;
    result.n_hookpoints = 2;
    result.hookpoints = points;
    rpc_request_reply(request, &result.base);
}

static inline void sidecar_cancelled(void *user)
{
    struct sidecar *sidecar = user;
    sidecar->cancels++;
    ev_break(sidecar->loop, EVBREAK_ALL);
}

static inline void sidecar_hook(struct rpc_request *request,
    const ProtobufCMethodDescriptor *method, const ProtobufCMessage *message, void *user)
{
    struct sidecar *sidecar = user;
    sidecar->calls++;
    if (sidecar->hold) {
        sidecar->held = request;
        rpc_request_on_cancel(request, sidecar_cancelled, sidecar);
        ev_break(sidecar->loop, EVBREAK_ALL);
        return;
    }
    Kubevirt__Hooks__V1alpha3__OnDefineDomainResult result =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_RESULT__INIT;
    Kubevirt__Hooks__V1alpha3__ShutdownResult nothing =
        KUBEVIRT__HOOKS__V1ALPHA3__SHUTDOWN_RESULT__INIT;
    if (streq(method->name, "Shutdown")) {
        rpc_request_reply(request, &nothing.base);
        return;
    }
    const ProtobufCBinaryData *domain =
        &((const Kubevirt__Hooks__V1alpha3__OnDefineDomainParams *)message)->domainxml;
    auto_free char *marked =
        xasprintf("%.*s<!--%s-->", (int)domain->len, (const char *)domain->data, sidecar->name);
    result.domainxml.data = (uint8_t *)marked;
    result.domainxml.len = sidecar->empty ? 0 : strlen(marked);
    rpc_request_reply(request, &result.base);
}

/* Binds the socket of a sidecar at directory/NAME/hook.sock. Returns the descriptor. */
static inline int sidecar_listen(const struct sidecar *sidecar, const char *directory)
{
    auto_free char *own = file_join(directory, sidecar->name);
    auto_free char *path = file_join(own, "hook.sock");
    assert_int_equal(file_make_directories(own, 0700, NULL), 0);
    int fd = unix_socket_listen(path, 0600, NULL);
    assert_true(fd >= 0);
    return fd;
}

static inline void sidecar_serve(
    struct sidecar *sidecar, struct ev_loop *loop, struct rpc *rpc, int listen_fd)
{
    const struct rpc_service services[] = {
        {&kubevirt__hooks__info__info__descriptor, sidecar_info, sidecar},
        {&kubevirt__hooks__v1alpha3__callbacks__descriptor, sidecar_hook, sidecar},
    };
    sidecar->loop = loop;
    sidecar->server = rpc_server_new(rpc, listen_fd, services, ARRAY_SIZE(services), NULL);
    assert_non_null(sidecar->server);
}

#endif
