/* For the tests of rpc/: a server and a channel to it on one loop, with a call that waits for its
 * answer. Anything still open or running at the end fails the test. */
#ifndef TESTS_RPC_PAIR_H
#define TESTS_RPC_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <ev.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "base/unused.h"
#include "proto/callbacks_v1alpha3.pb-c.h"
#include "proto/info.pb-c.h"
#include "rpc/client.h"
#include "rpc/server.h"

#define CALLBACKS (&kubevirt__hooks__v1alpha3__callbacks__descriptor)
#define INFO (&kubevirt__hooks__info__info__descriptor)

enum { PAIR_PATIENCE_SECONDS = 120, PAIR_TIMEOUT_MS = 60000 };

struct pair {
    struct ev_loop *loop;
    char *directory;
    char *path;
    int descriptors; /* open before it began */
    struct rpc *rpc;
    struct rpc_server *server;
    struct rpc_channel *channel;
    rpc_handler *handler;

    /* The result of the last call. */
    bool answered;
    int code;
    bool timed_out;
    char *message;
    char *domain;
    size_t length;

    /* For handlers that do not answer at once. */
    struct rpc_request *held;
    int cancels;
    bool stopped;
};

/* The number of open descriptors of this process. */
static inline int pair_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static inline void pair_dispatch(struct rpc_request *request,
    const ProtobufCMethodDescriptor *method, const ProtobufCMessage *message, void *user)
{
    struct pair *pair = user;
    pair->handler(request, method, message, user);
}

/* Answers OnDefineDomain with the request's domain, and other calls with nothing. */
static inline void pair_echo(struct rpc_request *request, const ProtobufCMethodDescriptor *method,
    const ProtobufCMessage *message, UNUSED void *user)
{
    if (streq(method->name, "OnDefineDomain")) {
        Kubevirt__Hooks__V1alpha3__OnDefineDomainResult result =
            KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_RESULT__INIT;
        result.domainxml =
            ((const Kubevirt__Hooks__V1alpha3__OnDefineDomainParams *)message)->domainxml;
        rpc_request_reply(request, &result.base);
        return;
    }
    ProtobufCMessage *empty = xmalloc(method->output->sizeof_message);
    protobuf_c_message_init(method->output, empty);
    rpc_request_reply(request, empty);
    free(empty);
}

/* Keeps the request, unanswered, and ends the loop's run. */
static inline void pair_hold(struct rpc_request *request,
    UNUSED const ProtobufCMethodDescriptor *method, UNUSED const ProtobufCMessage *message,
    void *user)
{
    struct pair *pair = user;
    pair->held = request;
    ev_break(pair->loop, EVBREAK_ALL);
}

static inline void pair_count_cancel(void *user)
{
    struct pair *pair = user;
    pair->cancels++;
    ev_break(pair->loop, EVBREAK_ALL);
}

static inline void pair_on_stopped(void *user)
{
    struct pair *pair = user;
    pair->stopped = true;
    ev_break(pair->loop, EVBREAK_ALL);
}

/* A pair without its channel. */
static inline int pair_setup_server(void **state)
{
    alarm(PAIR_PATIENCE_SECONDS); /* bounds a hang */
    struct pair *pair = xcalloc(1, sizeof(*pair));
    pair->directory = file_make_temporary("test-rpc", NULL);
    pair->path = file_join(pair->directory, "hook.sock");
    pair->loop = ev_loop_new(EVFLAG_AUTO);
    rpc_tune_memory();
    rpc_free(rpc_new(pair->loop, NULL)); /* the core keeps two descriptors from the first time on */
    pair->descriptors = pair_descriptors();
    pair->handler = pair_echo;
    int fd = unix_socket_listen(pair->path, 0600, NULL);
    pair->rpc = rpc_new(pair->loop, NULL);
    const struct rpc_service services[] = {
        {INFO, pair_dispatch, pair}, {CALLBACKS, pair_dispatch, pair}};
    pair->server = rpc_server_new(pair->rpc, fd, services, ARRAY_SIZE(services), NULL);
    *state = pair;
    return pair->server != NULL ? 0 : -1;
}

static inline int pair_setup(void **state)
{
    pair_setup_server(state);
    struct pair *pair = *state;
    pair->channel = rpc_channel_open(pair->rpc, pair->path, NULL);
    return pair->channel != NULL ? 0 : -1;
}

static inline int pair_teardown(void **state)
{
    struct pair *pair = *state;
    rpc_channel_free(pair->channel);
    rpc_server_free(pair->server);
    rpc_free(pair->rpc);
    int left = pair_descriptors() - pair->descriptors;
    ev_loop_destroy(pair->loop);
    if (left != 0)
        print_error("%d descriptors are left open\n", left);
    file_remove_tree(pair->directory, NULL);
    free(pair->directory);
    free(pair->path);
    free(pair->message);
    free(pair->domain);
    free(pair);
    alarm(0);
    return left == 0 ? 0 : -1;
}

static inline void pair_done(void *user, const struct rpc_result *result)
{
    struct pair *pair = user;
    assert_false(pair->answered);
    pair->answered = true;
    pair->code = result->code;
    pair->timed_out = result->timed_out;
    xstrset(&pair->message, result->message);
    free(pair->domain);
    pair->domain = NULL;
    pair->length = 0;
    assert_int_equal(result->response != NULL, result->code == RPC_OK);
    if (result->response != NULL &&
        streq(result->response->descriptor->short_name, "OnDefineDomainResult")) {
        const ProtobufCBinaryData *domain =
            &((const Kubevirt__Hooks__V1alpha3__OnDefineDomainResult *)result->response)->domainxml;
        pair->domain = xmemdup(domain->data, domain->len);
        pair->length = domain->len;
    }
    ev_break(pair->loop, EVBREAK_ALL);
}

/* Starts OnDefineDomain with a domain of length bytes. */
static inline struct rpc_call *pair_start(
    struct pair *pair, const char *domain, size_t length, int64_t timeout_ms)
{
    Kubevirt__Hooks__V1alpha3__OnDefineDomainParams params =
        KUBEVIRT__HOOKS__V1ALPHA3__ON_DEFINE_DOMAIN_PARAMS__INIT;
    params.domainxml = (ProtobufCBinaryData){length, (uint8_t *)domain};
    pair->answered = false;
    return rpc_call_start(
        pair->channel, CALLBACKS, "OnDefineDomain", &params.base, timeout_ms, pair_done, pair);
}

static inline void pair_wait_answer(struct pair *pair)
{
    while (!pair->answered)
        ev_run(pair->loop, 0);
}

static inline void pair_wait_held(struct pair *pair)
{
    while (pair->held == NULL)
        ev_run(pair->loop, 0);
}

/* Calls OnDefineDomain and waits for the result. */
static inline void pair_call(struct pair *pair, const char *domain, size_t length)
{
    pair_start(pair, domain, length, PAIR_TIMEOUT_MS);
    pair_wait_answer(pair);
}

#endif
