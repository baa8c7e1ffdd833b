/* One request with its whole body: decode, call the handler, write the answer. */
#include "base/clock.h"
#include "json_decode.h"
#include "json_write.h"
#include "query_string.h"
#include "server.h"

#include <inttypes.h>

struct execution {
    struct kvx_http *http;
    const struct exchange *exchange;
    const struct kvx_http_route *route;
    struct worker *worker;
    struct kvx_http_call call;
    struct kvx_http_stream stream;
    struct kvx_error error;
};

static void *shape_of(struct execution *x, const struct kvx_json_type *type)
{
    void *shape = kvx_arena_array(&x->worker->arena, 1, type->size);
    if (!shape)
        kvx_fail(&x->error, KVX_NOMEM, "out of memory");
    return shape;
}

static int read_request(struct execution *x, void *request)
{
    struct kvx_arena *arena = &x->worker->arena;
    if (x->route->query)
        return kvx_http_query_string(x->route->request, x->exchange->target, arena, request, &x->error);
    return kvx_json_decode(x->route->request, x->exchange->body, arena, request, &x->error);
}

/* The handler has filled `answer`: write it, and let a choice among statuses follow from it. */
static void write_answer(struct execution *x, const void *answer)
{
    unsigned which;
    kvx_json_write(&x->worker->answer, x->route->answer, answer);
    if (x->route->by_choice) {
        memcpy(&which, answer, sizeof(which)); /* how a variant begins */
        x->call.status = x->route->by_choice[which];
    }
}

/* Decodes, calls and writes into the worker's buffer (or fills x->stream). */
static int perform(struct execution *x)
{
    const struct kvx_http_route *route = x->route;
    void *request = NULL, *answer = NULL;
    if (route->request) {
        request = shape_of(x, route->request);
        if (!request)
            return x->error.code;
        int r = read_request(x, request);
        if (r)
            return r;
    }
    if (route->answer_kind == KVX_HTTP_ANSWER_STREAM)
        answer = &x->stream;
    else if (route->answer_kind == KVX_HTTP_ANSWER_RAW)
        answer = &x->worker->answer;
    else if (!(answer = shape_of(x, route->answer)))
        return x->error.code;
    int r = route->call(&x->call, request, answer);
    if (r)
        return r;
    if (route->answer_kind == KVX_HTTP_ANSWER_JSON)
        write_answer(x, answer);
    return kvx_buf_ok(&x->worker->answer) ? 0
                                          : kvx_fail(&x->error, KVX_NOMEM, "out of memory for the answer");
}

/* The same with the messages of the rpc that has the operation's name. */
static int perform_protobuf(struct execution *x)
{
    const struct kvx_http_protobuf *p = &x->http->config.protobuf;
    const char *operation = kvx_http_operation_names[route_index(x->route)];
    if (!p->answer || !p->has(p->self, operation))
        return kvx_fail(&x->error, x->route->max_body ? KVX_MEDIA_TYPE : KVX_NOT_ACCEPTABLE,
                        "this server speaks JSON only");
    if (x->route->query && kvx_http_query_known(x->route->request, x->exchange->target))
        return kvx_fail(&x->error, KVX_INVALID,
                        "parameters of the query string cannot be used with application/x-protobuf");
    int r = p->answer(p->self, x->call.service, x->call.caller, x->call.arena, operation, x->exchange->body,
                      &x->worker->answer, &x->error);
    x->call.status = x->route->protobuf_status;
    if (r == 0 && !kvx_buf_ok(&x->worker->answer))
        r = kvx_fail(&x->error, KVX_NOMEM, "out of memory for the answer");
    return r;
}

/* A status that the document does not list would break the contract: that is a bug, and shown as one. */
static void keep_contract(struct execution *x, int status)
{
    for (size_t i = 0; i < x->route->n_statuses; i++)
        if (x->route->statuses[i] == status)
            return;
    kvx_log(x->http->config.log, KVX_LOG_ERROR, "an answer with a status that is not in the API document",
            KVX_S("path", x->route->path.data), KVX_I("status", status), KVX_S("error", x->error.text));
    kvx_fail(&x->error, KVX_INTERNAL, "internal error");
}

static enum MHD_Result answer_outcome(struct execution *x, struct MHD_Connection *connection, int r)
{
    if (r) {
        x->error.code = r;
        keep_contract(x, kvx_code_http(r));
        return answer_error(x->http, connection, &x->error, NULL, false);
    }
    const struct kvx_bytes bytes = {x->worker->answer.data, x->worker->answer.len};
    const char *type = x->exchange->protobuf ? "application/x-protobuf" : x->route->media_type;
    return answer_bytes(x->http, connection, x->call.status, type, bytes);
}

enum MHD_Result execute(struct kvx_http *h, struct MHD_Connection *connection, struct connection *c,
                        const struct exchange *exchange)
{
    const struct kvx_http_route *route = exchange->route;
    struct execution x = {
        .http = h, .exchange = exchange, .route = route, .worker = worker_take(&h->workers)};
    uint64_t started = kvx_now_ns();
    bool begun = false;
    enum MHD_Result result;
    x.call = (struct kvx_http_call){.service = h->config.service,
                                    .caller = x.worker->caller,
                                    .arena = &x.worker->arena,
                                    .allocator = h->config.allocator,
                                    .error = &x.error,
                                    .dump_format = h->config.dump_format,
                                    .status = route->status};
    int r = route->always ? 0 : kvx_service_begin(h->config.service, &x.error);
    if (r == 0) {
        begun = !route->always;
        r = exchange->protobuf ? perform_protobuf(&x) : perform(&x);
    }
    if (r == 0 && route->answer_kind == KVX_HTTP_ANSWER_STREAM) {
        connection_until(c, started + h->config.stream_timeout_ns);
        result = stream_answer(h, connection, exchange, &x.stream, started);
        begun = false;
    } else {
        kvx_metrics_request(h->stats, route_index(route), r, kvx_now_ns() - started);
        result = answer_outcome(&x, connection, r);
    }
    worker_give(&h->workers, x.worker);
    if (begun)
        kvx_service_end(h->config.service);
    return result;
}
