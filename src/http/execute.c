/* One request with its whole body: decode, call the handler, write the answer. */
#include "base/clock.h"
#include "json_decode.h"
#include "json_write.h"
#include "server.h"

#include <inttypes.h>

struct execution {
    struct kvx_http *http;
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

/* Decodes, calls and writes into the worker's buffer (or fills x->stream). */
static int perform(struct execution *x, struct kvx_bytes body)
{
    const struct kvx_http_route *route = x->route;
    void *request = NULL, *answer = NULL;
    if (route->request) {
        request = shape_of(x, route->request);
        if (!request)
            return x->error.code;
        int r = kvx_json_decode(route->request, body, &x->worker->arena, request, &x->error);
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
        kvx_json_write(&x->worker->answer, route->answer, answer);
    return kvx_buf_ok(&x->worker->answer) ? 0
                                          : kvx_fail(&x->error, KVX_NOMEM, "out of memory for the answer");
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

enum MHD_Result execute(struct kvx_http *h, struct MHD_Connection *connection, struct connection *c,
                        const struct kvx_http_route *route, struct kvx_bytes body)
{
    struct execution x = {.http = h, .route = route, .worker = worker_take(&h->workers)};
    uint64_t started = kvx_now_ns();
    bool begun = false;
    enum MHD_Result result;
    x.call = (struct kvx_http_call){.service = h->config.service,
                                    .caller = x.worker->caller,
                                    .arena = &x.worker->arena,
                                    .allocator = h->config.allocator,
                                    .error = &x.error,
                                    .status = route->status};
    int r = route->always ? 0 : kvx_service_begin(h->config.service, &x.error);
    if (r == 0) {
        begun = !route->always;
        r = perform(&x, body);
    }
    if (r == 0 && route->answer_kind == KVX_HTTP_ANSWER_STREAM) {
        connection_until(c, started + h->config.stream_timeout_ns);
        result = stream_answer(h, connection, route, &x.stream, started);
        begun = false;
    } else {
        kvx_metrics_request(h->stats, route_index(route), r, kvx_now_ns() - started);
        if (r) {
            x.error.code = r;
            keep_contract(&x, kvx_code_http(r));
            result = answer_error(h, connection, &x.error, NULL, false);
        } else {
            struct kvx_bytes bytes = {x.worker->answer.data, x.worker->answer.len};
            result = answer_bytes(h, connection, x.call.status, route->media_type, bytes);
        }
    }
    worker_give(&h->workers, x.worker);
    if (begun)
        kvx_service_end(h->config.service);
    return result;
}
