/* Answers in slices: libmicrohttpd asks for bytes when the socket has room, we fetch a slice when it ran dry.
 *
 * Nothing is held while the client reads: no read section, no worker, one slice of memory.
 */
#include "base/clock.h"
#include "server.h"

enum {
    SLICE_MAX = 1 << 20, /* bytes of one slice; items are cut by count well below it */
    WRITE_SIZE = 32 << 10,
};

struct stream {
    struct kvx_http *http;
    const struct kvx_http_route *route;
    struct kvx_http_stream source;
    struct kvx_buf slice;
    size_t sent; /* bytes of the slice */
    uint64_t started_ns;
    bool begun, ended;
    int code;
};

static int next_slice(struct stream *s)
{
    struct kvx_error error = {0};
    struct worker *worker = worker_take(&s->http->workers);
    kvx_buf_clear(&s->slice);
    s->sent = 0;
    if (!s->begun)
        kvx_buf_char(&s->slice, s->source.open);
    s->begun = true;
    int r = s->source.next(s->source.state, worker->caller, &worker->arena, &s->slice, &error);
    worker_give(&s->http->workers, worker);
    if (r == 0) {
        kvx_buf_char(&s->slice, s->source.shut);
        s->ended = true;
    }
    if (r >= 0 && !kvx_buf_ok(&s->slice))
        r = kvx_fail(&error, KVX_NOMEM, "out of memory");
    if (r < 0) {
        s->code = r;
        kvx_log(s->http->config.log, KVX_LOG_ERROR, "a streamed answer was broken off",
                KVX_S("path", s->route->path.data), KVX_S("error", error.text));
    }
    return r < 0 ? r : 0;
}

static ssize_t read_stream(void *arg, uint64_t position, char *out, size_t max)
{
    struct stream *s = arg;
    (void)position; /* always where we stopped: streams are not seekable */
    while (s->sent == s->slice.len) {
        if (s->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (next_slice(s) < 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = s->slice.len - s->sent;
    if (n > max)
        n = max;
    memcpy(out, s->slice.data + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static void end_stream(void *arg)
{
    struct stream *s = arg;
    struct kvx_http *h = s->http;
    s->source.close(s->source.state);
    kvx_buf_free(&s->slice);
    if (!s->route->always)
        kvx_service_end(h->config.service);
    int code = s->code ? s->code : s->ended ? 0 : KVX_CANCELLED;
    kvx_metrics_request(h->stats, route_index(s->route), code, kvx_now_ns() - s->started_ns);
    kvx_dealloc(h->config.allocator, s, sizeof(*s));
}

enum MHD_Result stream_answer(struct kvx_http *h, struct MHD_Connection *connection,
                              const struct exchange *exchange, struct kvx_http_stream *source,
                              uint64_t started_ns)
{
    const struct kvx_http_route *route = exchange->route;
    struct kvx_error error;
    struct stream *s = kvx_alloc(h->config.allocator, sizeof(*s));
    if (!s) {
        source->close(source->state);
        if (!route->always)
            kvx_service_end(h->config.service);
        kvx_metrics_request(h->stats, route_index(route), KVX_NOMEM, kvx_now_ns() - started_ns);
        kvx_fail(&error, KVX_NOMEM, "out of memory");
        return answer_error(h, connection, &error, NULL, false);
    }
    *s = (struct stream){.http = h, .route = route, .source = *source, .started_ns = started_ns};
    kvx_buf_init(&s->slice, h->config.allocator, SLICE_MAX);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, WRITE_SIZE, read_stream, s, end_stream);
    if (!response) {
        s->code = KVX_NOMEM;
        end_stream(s);
        return MHD_NO;
    }
    /* The library ends the body of a HEAD's chunked answer although there is none, and the next answer on the
     * connection would follow that: without chunks the connection ends instead. */
    if (exchange->head)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return answer_send(h, connection, route->status, route->media_type, false, response);
}
