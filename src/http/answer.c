/* Answers: bytes, errors and the headers that all of them have. */
#include "json_write.h"
#include "openapi_limits.h"
#include "server.h"

#include <stdio.h>

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

enum MHD_Result answer_send(struct kvx_http *h, struct MHD_Connection *connection, unsigned status,
                            const char *media_type, bool close, struct MHD_Response *response)
{
    char seconds[16];
    if (!response)
        return MHD_NO;
    close = close || atomic_load_explicit(&h->quiesced_ns, memory_order_relaxed) != 0;
    snprintf(seconds, sizeof(seconds), "%u", KVX_HTTP_RETRY_AFTER_SECONDS);
    bool ok = add_header(response, "Content-Type", media_type);
    if (ok && status == MHD_HTTP_SERVICE_UNAVAILABLE)
        ok = add_header(response, "Retry-After", seconds);
    if (ok && close)
        ok = add_header(response, "Connection", "close");
    enum MHD_Result r = ok ? MHD_queue_response(connection, status, response) : MHD_NO;
    MHD_destroy_response(response);
    return r;
}

static struct MHD_Response *copy_of(struct kvx_bytes body)
{
    /* the library's parameter is not const, but with MUST_COPY it only reads */
    return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
}

enum MHD_Result answer_bytes(struct kvx_http *h, struct MHD_Connection *connection, unsigned status,
                             const char *media_type, struct kvx_bytes body)
{
    return answer_send(h, connection, status, media_type, false, copy_of(body));
}

enum MHD_Result answer_error(struct kvx_http *h, struct MHD_Connection *connection,
                             const struct kvx_error *error, const char *allow, bool close)
{
    struct kvx_http_error shape = {.error = kvx_bytes_of(error->text)};
    struct kvx_buf body;
    kvx_buf_init(&body, h->config.allocator, 8 * KVX_ERROR_TEXT_MAX);
    kvx_json_write(&body, &kvx_http_type_error, &shape);
    enum MHD_Result r;
    if (kvx_buf_ok(&body)) {
        struct MHD_Response *response = copy_of((struct kvx_bytes){body.data, body.len});
        if (response && allow && *allow && !add_header(response, "Allow", allow)) {
            MHD_destroy_response(response);
            response = NULL;
        }
        r = answer_send(h, connection, (unsigned)kvx_code_http(error->code), "application/json", close,
                        response);
    } else {
        r = MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, h->out_of_memory);
    }
    kvx_buf_free(&body);
    return r;
}
