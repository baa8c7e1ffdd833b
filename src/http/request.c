/* The life of one request between its first line and the end of its answer.
 *
 * libmicrohttpd calls request_continue once with the header fields, then with pieces of the body, then once
 * more when the body is complete; only the first and the last call may answer. An error found early is
 * therefore kept while a small body is read and thrown away (so that the client sees the answer and the
 * connection stays in step); with a large body it is answered at once and the connection closed.
 */
#include "base/clock.h"
#include "head.h"
#include "openapi_limits.h"
#include "router.h"
#include "server.h"

#include <inttypes.h>

enum {
    DISCARD_MAX = 16 << 20,       /* bytes of an unwanted body that are read */
    FIRST_ALLOCATION = 256 << 10, /* of a body; more only as it really arrives */
};

struct request {
    struct connection *connection; /* or NULL */
    const struct kvx_http_route *route;
    struct kvx_error error; /* code 0: none so far */
    char allow[KVX_HTTP_ALLOW_MAX];
    bool seen_head;
    bool protobuf; /* request and answer */
    bool head;     /* the method: the answer has no body */
    bool late;     /* begun when the server was about to stop */
    struct body body;
    uint64_t expected; /* bytes of the body, 0 when unknown */
    uint64_t discarded;
    size_t target_len;
    char target[];
};

/* What a client sent before the end may still have waited unread for a moment. */
static bool is_late(const struct kvx_http *h)
{
    uint64_t quiesced = atomic_load_explicit(&h->quiesced_ns, memory_order_relaxed);
    return quiesced && kvx_now_ns() - quiesced > h->config.late_after_ns;
}

void *request_begin(void *http, const char *target, struct MHD_Connection *mhd)
{
    struct kvx_http *h = http;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    size_t len = strlen(target);
    struct request *r = kvx_alloc(h->config.allocator, sizeof(*r) + len);
    struct connection *connection = info ? info->socket_context : NULL;
    connection_until(connection, kvx_now_ns() + h->config.request_timeout_ns);
    if (!r)
        return NULL;
    *r = (struct request){.connection = connection, .late = is_late(h), .target_len = len};
    memcpy(r->target, target, len);
    atomic_fetch_add_explicit(&h->requests, 1, memory_order_relaxed);
    return r;
}

void request_end(void *http, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode why)
{
    struct kvx_http *h = http;
    struct request *r = *request;
    (void)mhd, (void)why; /* all ends are alike: the memory goes */
    if (!r)
        return;
    connection_until(r->connection, kvx_now_ns() + h->connections.grace_ns);
    body_drop(&h->bodies, &r->body);
    kvx_dealloc(h->config.allocator, r, sizeof(*r) + r->target_len);
    *request = NULL;
    atomic_fetch_sub_explicit(&h->requests, 1, memory_order_relaxed);
}

static int find_route(struct request *r, const char *method)
{
    struct kvx_bytes path = kvx_http_path((struct kvx_bytes){r->target, r->target_len});
    r->head = strcmp(method, "HEAD") == 0;
    r->route = kvx_http_find(kvx_http_routes, KVX_HTTP_OPERATION_COUNT, kvx_bytes_of(method), path, r->allow);
    if (r->route)
        return 0;
    if (r->allow[0])
        return kvx_fail(&r->error, KVX_METHOD, "method %.32s is not allowed here; allowed: %s", method,
                        r->allow);
    return kvx_fail(&r->error, KVX_NOT_FOUND, "no such path; GET /openapi.json lists them");
}

/* What began before the end is answered, what comes later is not. */
static int refuse_late(struct kvx_http *h, struct request *r)
{
    if (!r->late || r->route->always)
        return 0;
    kvx_count(h->config.metrics, KVX_COUNT_SHED_DRAINING, 1);
    return kvx_fail(&r->error, KVX_UNAVAILABLE, "shutting down");
}

static int too_large(struct request *r)
{
    return kvx_fail(&r->error, KVX_TOO_LARGE, "the body is larger than %zu bytes", r->route->max_body);
}

/* Room for n more bytes. Memory follows what has arrived, not what was announced. */
static int grow(struct kvx_http *h, struct request *r, size_t n)
{
    size_t need = r->body.len + n, cap = r->body.cap * 2;
    if (need <= r->body.cap)
        return 0;
    if (cap < FIRST_ALLOCATION)
        cap = r->expected && r->expected < FIRST_ALLOCATION ? (size_t)r->expected : FIRST_ALLOCATION / 16;
    if (r->expected && cap > r->expected)
        cap = (size_t)r->expected;
    if (cap < need)
        cap = need;
    if (cap >= BODY_KEPT_MIN) /* sizes that later bodies can use again */
        cap = (cap + BODY_KEPT_MIN - 1) & ~(size_t)(BODY_KEPT_MIN - 1);
    return body_grow(&h->bodies, &r->body, cap)
               ? 0
               : kvx_fail(&r->error, KVX_NOMEM, "no memory for the body now");
}

/* Everything that can be known before the body. Errors stay in r->error; true when the answer must go out at
 * once and the connection end. */
static bool judge_head(struct kvx_http *h, struct request *r, struct MHD_Connection *mhd, const char *method)
{
    struct request_head head;
    head_read(&head, mhd);
    if (head_judge(&head, &r->error) < 0)
        return true;
    r->expected = head.body_len;
    if (find_route(r, method) == 0 && refuse_late(h, r) == 0 &&
        media_choose(r->route, &head.type, &head.accept, &r->protobuf, &r->error) == 0 &&
        r->route->max_body) {
        if (head.body_len > r->route->max_body)
            too_large(r);
        else if (head.has_body)
            grow(h, r, 1);
    }
    if (!r->error.code || !head.has_body)
        return false;
    return head.expects_continue || head.body_len > DISCARD_MAX;
}

static bool discard(struct request *r, size_t size)
{
    r->discarded += size;
    return r->discarded <= DISCARD_MAX;
}

static enum MHD_Result take_body(struct kvx_http *h, struct request *r, const char *data, size_t size)
{
    if (!r->error.code && r->route->max_body) {
        if (size > r->route->max_body - r->body.len) {
            too_large(r);
        } else if (grow(h, r, size) == 0) {
            memcpy(r->body.data + r->body.len, data, size);
            r->body.len += size;
            return MHD_YES;
        }
        body_drop(&h->bodies, &r->body);
    }
    return discard(r, size) ? MHD_YES : MHD_NO; /* NO closes the connection */
}

static void count_refusal(struct kvx_http *h, const struct request *r)
{
    if (r->route)
        kvx_metrics_request(h->stats, route_index(r->route), r->error.code, 0);
}

enum MHD_Result request_continue(void *http, struct MHD_Connection *mhd, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **request)
{
    struct kvx_http *h = http;
    struct request *r = *request;
    (void)url, (void)version; /* the path is judged as it was sent, not as it was decoded */
    if (!r)
        return MHD_queue_response(mhd, MHD_HTTP_SERVICE_UNAVAILABLE, h->out_of_memory);
    if (!r->seen_head) {
        r->seen_head = true;
        if (!judge_head(h, r, mhd, method))
            return MHD_YES;
        count_refusal(h, r);
        return answer_error(h, mhd, &r->error, r->allow, true);
    }
    if (*size) {
        enum MHD_Result result = take_body(h, r, data, *size);
        *size = 0;
        return result;
    }
    if (r->error.code) {
        count_refusal(h, r);
        return answer_error(h, mhd, &r->error, r->allow, false);
    }
    const struct exchange exchange = {.route = r->route,
                                      .body = {r->body.data, r->body.len},
                                      .target = {r->target, r->target_len},
                                      .protobuf = r->protobuf,
                                      .head = r->head};
    return execute(h, mhd, r->connection, &exchange);
}
