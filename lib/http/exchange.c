#include "http/exchange.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "http/framing.h"

enum {
    FIRST_BODY = 16 * 1024, /* what is allocated for a body at first */
    LONGEST_SHOWN = 128, /* of what a client sent, in an error */
};

struct http_shared *http_shared_new(unsigned connections, size_t bytes)
{
    struct http_shared *shared = xcalloc(1, sizeof(*shared));
    atomic_init(&shared->references, 1);
    shared->more = shared->hangups.epoll = -1;
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&shared->mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    http_places_init(&shared->places, connections);
    http_budget_init(&shared->budget, bytes);
    return shared;
}

void http_shared_unref(struct http_shared *shared)
{
    if (atomic_fetch_sub(&shared->references, 1) != 1)
        return;
    http_places_clear(&shared->places);
    http_budget_clear(&shared->budget);
    pthread_mutex_destroy(&shared->mutex);
    if (shared->more >= 0)
        close(shared->more);
    free(shared);
}

void http_shared_wake(struct http_shared *shared)
{
    if (atomic_exchange(&shared->full, false))
        eventfd_write(shared->more, 1);
}

void http_shared_bad(const struct http_shared *shared, const char *reason)
{
    if (shared->on_bad != NULL)
        shared->on_bad(shared->user, reason);
}

/* The client has hung up while the handler owes the answer; with the mutex held. */
static void on_gone(struct http_hangup *hangup)
{
    struct http_request *request = (struct http_request *)hangup;
    request->gone = true;
    if (request->on_hangup != NULL)
        request->on_hangup(request->on_hangup_user);
}

static void free_body(struct http_request *request)
{
    free(request->body);
    request->body = NULL;
    request->length = request->allocated = 0;
}

static struct http_request *request_of(struct http_holding *holding)
{
    return (struct http_request *)((char *)holding - offsetof(struct http_request, holding));
}

/* Others need the memory of this request; on their threads, with the budget's mutex held. */
static void on_lost(struct http_holding *holding)
{
    struct http_request *request = request_of(holding);
    request->lost = true;
    if (request->body != NULL)
        free_body(request);
    else /* libmicrohttpd frees the answer that nobody reads */
        shutdown(request->client->place.fd, SHUT_RDWR);
}

/* Whether parts of the body are in the socket; as on_lost is called. */
static bool is_waiting(struct http_holding *holding)
{
    const struct http_request *request = request_of(holding);
    int unread = 0;
    return request->body != NULL && ioctl(request->client->place.fd, FIONREAD, &unread) == 0 &&
           unread > 0;
}

struct http_request *http_exchange_begin(
    struct http_shared *shared, struct MHD_Connection *mhd, struct http_client *client)
{
    struct http_request *request = xcalloc(1, sizeof(*request));
    atomic_fetch_add(&shared->references, 1);
    atomic_fetch_add(&shared->requests, 1);
    request->shared = shared;
    request->mhd = mhd;
    request->client = client;
    request->hangup.on_gone = on_gone;
    request->holding.on_lost = on_lost;
    request->holding.is_waiting = is_waiting;
    http_budget_enter(&shared->budget, &request->holding);
    return request;
}

static void drop_body(struct http_request *request)
{
    struct http_budget *budget = &request->shared->budget;
    pthread_mutex_lock(&budget->mutex);
    http_budget_release(budget, &request->holding);
    free_body(request);
    pthread_mutex_unlock(&budget->mutex);
}

void http_exchange_free(struct http_request *request)
{
    http_budget_leave(&request->shared->budget, &request->holding);
    free(request->body);
    free(request->answer.body);
    http_shared_unref(request->shared);
    free(request);
}

void http_exchange_settle(struct http_request *request)
{
    struct http_budget *budget = &request->shared->budget;
    pthread_mutex_lock(&budget->mutex);
    http_budget_release(budget, &request->holding);
    free_body(request);
    http_budget_count(budget, &request->holding, request->answer.length);
    request->holding.kept = request->ended;
    request->holding.arrived = 0; /* nor has the client been slow while the handler ran */
    request->holding.moved = clock_seconds();
    pthread_mutex_unlock(&budget->mutex);
}

void http_exchange_end(struct http_request *request)
{
    struct http_shared *shared = request->shared;
    pthread_mutex_lock(&shared->mutex);
    bool owed = request->owed;
    request->ended = true;
    http_budget_keep(&shared->budget, &request->holding);
    if (owed) /* its handler still reads the body */
        request->phase = HTTP_ORPHANED;
    pthread_mutex_unlock(&shared->mutex);
    atomic_fetch_sub(&shared->requests, 1);
    if (!owed)
        http_exchange_free(request);
}

static void refuse(struct http_request *request, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the answer; the rest of the body is read and dropped. */
static void refuse(struct http_request *request, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    drop_body(request);
    request->answer = (struct http_answer){.code = code, .body = xvasprintf(format, args)};
    request->answer.length = strlen(request->answer.body);
    va_end(args);
}

static void refuse_size(struct http_request *request)
{
    refuse(request, MHD_HTTP_CONTENT_TOO_LARGE,
        "the body of the request is larger than %zu bytes\n", request->shared->max_body);
}

static void refuse_memory(struct http_request *request)
{
    http_shared_bad(request->shared, "memory");
    refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many large requests at once; try again\n");
}

static void refuse_path(struct http_request *request, const char *url)
{
    const char *paths[8];
    size_t count = 0;
    for (; count < request->shared->route_count && count < ARRAY_SIZE(paths); count++)
        paths[count] = request->shared->routes[count].path;
    auto_free char *shown = text_printable(url, strlen(url), LONGEST_SHOWN);
    auto_free char *list = text_list(paths, count);
    refuse(request, MHD_HTTP_NOT_FOUND, "there is no %s here; use %s\n", shown, list);
}

/* Whether a Content-Type is of that type, ignoring parameters. */
static bool is_type(const char *content_type, const char *type)
{
    size_t length = strcspn(content_type, "; \t");
    return length == strlen(type) && strncasecmp(content_type, type, length) == 0;
}

static const char *header(struct MHD_Connection *mhd, const char *name)
{
    return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

static const struct http_route *find_route(const struct http_shared *shared, const char *url)
{
    for (size_t i = 0; i < shared->route_count; i++) {
        if (streq(shared->routes[i].path, url))
            return &shared->routes[i];
    }
    return NULL;
}

/* Finds the route of a request, or refuses it. */
static void look_at_head(struct http_request *request, const char *url, const char *method)
{
    const struct http_route *route = find_route(request->shared, url);
    if (route == NULL) {
        refuse_path(request, url);
        return;
    }
    bool post = route->method == HTTP_POST;
    bool known = post ? streq(method, MHD_HTTP_METHOD_POST)
                      : streq(method, MHD_HTTP_METHOD_GET) || streq(method, MHD_HTTP_METHOD_HEAD);
    if (!known) {
        auto_free char *shown = text_printable(method, strlen(method), LONGEST_SHOWN);
        request->allow = post ? "POST" : "GET, HEAD";
        refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "%s does not accept %s; use %s\n", url, shown,
            post ? "POST" : "GET or HEAD");
        return;
    }
    const char *type = text_or(header(request->mhd, MHD_HTTP_HEADER_CONTENT_TYPE), "");
    if (post && route->content_type != NULL && !is_type(type, route->content_type)) {
        auto_free char *shown = text_printable(type, strlen(type), LONGEST_SHOWN);
        refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
            "the content type is \"%s\"; it must be %s\n", shown, route->content_type);
        return;
    }
    request->route = route;
}

/* Whether the headers do not announce the size of the body. */
static bool is_chunked(const struct http_request *request)
{
    return header(request->mhd, MHD_HTTP_HEADER_CONTENT_LENGTH) == NULL &&
           header(request->mhd, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

/* The size of the body by the headers; more than is allowed: unknown, or too large. libmicrohttpd
 * has checked the number. */
static size_t announced(const struct http_request *request)
{
    size_t too_much = request->shared->max_body + 1;
    const char *length = header(request->mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length == NULL)
        return is_chunked(request) ? too_much : 0;
    unsigned long long size = strtoull(length, NULL, 10);
    return size < too_much ? (size_t)size : too_much;
}

/* Refuses a request whose end is in doubt. Returns whether it did. */
static bool refuse_framing(struct http_request *request, const char *version)
{
    const char *fault = http_framing_fault(request->mhd, version);
    if (fault == NULL)
        return false;
    refuse(request, MHD_HTTP_BAD_REQUEST, "%s\n", fault);
    request->last = true;
    return true;
}

bool http_exchange_head(
    struct http_request *request, const char *url, const char *method, const char *version)
{
    struct http_client *client = request->client;
    request->begun = true;
    http_deadline_set(&request->shared->deadlines, &client->deadline, client->place.fd,
        HTTP_GRACE_S, HTTP_LEAST_RATE);
    if (refuse_framing(request, version))
        return true;
    look_at_head(request, url, method);
    size_t size = announced(request);
    bool too_large = size > request->shared->max_body && !is_chunked(request);
    if (too_large)
        refuse_size(request);
    else if (size > 0 && request->answer.code == 0)
        http_budget_expect(&request->shared->budget, &request->holding,
            MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
            size);
    return too_large;
}

/* Makes the body able to hold size more bytes and a zero byte; with the budget's mutex held.
 * Returns whether there is memory for that. */
static bool make_room(struct http_request *request, size_t size)
{
    struct http_budget *budget = &request->shared->budget;
    size_t needed = request->length + size + 1;
    size_t most = request->shared->max_body + 1;
    if (request->lost || needed <= request->allocated)
        return !request->lost;
    size_t wanted = request->allocated == 0 ? FIRST_BODY : 2 * request->allocated;
    while (wanted < needed)
        wanted *= 2;
    if (wanted > most)
        wanted = most;
    if (!http_budget_take(budget, &request->holding, wanted - request->allocated))
        return false;
    request->body = xrealloc(request->body, wanted);
    request->allocated = wanted;
    return true;
}

void http_exchange_part(struct http_request *request, const char *data, size_t size)
{
    const struct http_route *route = request->route;
    http_deadline_move(&request->client->deadline, size);
    if (request->answer.code != 0 || (route->method != HTTP_POST && !route->takes_body))
        return;
    struct http_budget *budget = &request->shared->budget;
    pthread_mutex_lock(&budget->mutex);
    bool fits = size <= request->shared->max_body - request->length;
    http_budget_move(&request->holding, size);
    bool kept = fits && make_room(request, size);
    if (kept) {
        memcpy(request->body + request->length, data, size);
        request->length += size;
        request->body[request->length] = '\0';
    }
    pthread_mutex_unlock(&budget->mutex);
    if (!fits)
        refuse_size(request);
    else if (!kept)
        refuse_memory(request);
}

/* Passes the answer to libmicrohttpd. */
static enum MHD_Result send_answer(struct http_request *request)
{
    struct http_shared *shared = request->shared;
    struct http_client *client = request->client;
    struct http_answer *answer = &request->answer;
    http_place_use(&shared->places, &client->place, HTTP_PLACE_BUSY);
    http_deadline_set(&shared->deadlines, &client->deadline, client->place.fd, HTTP_ANSWER_S, 0);
    if (answer->code == MHD_HTTP_CONTENT_TOO_LARGE)
        http_shared_bad(shared, "too-large");
    else if (answer->code >= 400 && answer->code < 500)
        http_shared_bad(shared, "bad-request");
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->length, steal(&answer->body), MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
        text_or(answer->content_type, "text/plain; charset=utf-8"));
    if (request->allow != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    if (answer->code == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (request->last || atomic_load(&shared->closing))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(request->mhd, (unsigned)answer->code, response);
    MHD_destroy_response(response);
    return result;
}

/* Keeps the body for the handler. Returns whether it is still there. */
static bool keep_body(struct http_request *request)
{
    http_budget_keep(&request->shared->budget, &request->holding);
    if (request->lost)
        refuse_memory(request);
    return !request->lost;
}

/* Calls the handler. Returns whether the answer is ready or the connection must end; else it is
 * suspended. */
static bool handle(struct http_request *request)
{
    struct http_shared *shared = request->shared;
    struct http_client *client = request->client;
    http_place_use(&shared->places, &client->place, HTTP_PLACE_HANDLED);
    http_deadline_end(&shared->deadlines, &client->deadline);
    request->phase = HTTP_HANDLED;
    request->owed = true;
    atomic_store(&client->worker->busy, true);
    request->route->handler(request->route->user, request);
    atomic_store(&client->worker->busy, false);
    http_shared_wake(shared);

    pthread_mutex_lock(&shared->mutex);
    bool suspend = request->owed && !shared->ending;
    if (suspend) {
        request->phase = HTTP_SUSPENDED;
        http_hangup_begin(&shared->hangups, &request->hangup, client->place.fd);
        MHD_suspend_connection(request->mhd);
    } else {
        request->phase = request->owed ? HTTP_ORPHANED : HTTP_ANSWERED;
        if (request->owed)
            on_gone(&request->hangup);
    }
    pthread_mutex_unlock(&shared->mutex);
    return !suspend;
}

enum MHD_Result http_exchange_answer(struct http_request *request)
{
    if (request->answer.code == 0 && request->phase == HTTP_READING && keep_body(request) &&
        !handle(request))
        return MHD_YES;
    return request->phase == HTTP_ORPHANED ? MHD_NO : send_answer(request);
}

void http_exchange_resume(struct http_request *request)
{
    struct http_shared *shared = request->shared;
    http_hangup_end(&shared->hangups, &request->hangup);
    MHD_resume_connection(request->mhd);
    if (shared->on_loop)
        ev_async_send(EV_DEFAULT_ & shared->resumed);
}

void http_exchange_abandon_all(struct http_shared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    shared->ending = true;
    for (struct http_hangup *first = shared->hangups.first; first != NULL;
         first = shared->hangups.first) {
        struct http_request *request = (struct http_request *)first;
        if (!request->gone)
            on_gone(first);
        if (shared->hangups.first != first)
            continue; /* it was answered */
        request->phase = HTTP_ORPHANED;
        http_exchange_resume(request);
    }
    pthread_mutex_unlock(&shared->mutex);
}
