/* Inside the REST server: what its files share. */
#ifndef SERVER_H
#define SERVER_H

#include "bodies.h"
#include "connections.h"
#include "http/http.h"
#include "openapi_routes.h"
#include "workers.h"

#include <microhttpd.h>

struct kvx_http {
    struct kvx_http_config config; /* with the defaults filled in */
    struct MHD_Daemon *daemon;
    struct MHD_Response *out_of_memory; /* the answer that needs no memory */
    int listener;
    uint16_t port;
    struct kvx_request_stats *stats;
    struct workers workers;
    struct connections connections;
    struct bodies bodies;
    struct kvx_log_limit log_limit;
    /* Relaxed: a connection that sees it late closes one answer later. */
    _Atomic uint64_t quiesced_ns; /* when kvx_http_quiesce was called; 0: not yet */
    /* Requests between first line and end of answer. Relaxed: drain polls it and reads nothing else by it. */
    _Atomic uint64_t requests;
};

/* request.c: called by libmicrohttpd. */
void *request_begin(void *http, const char *target, struct MHD_Connection *);
enum MHD_Result request_continue(void *http, struct MHD_Connection *, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **request);
void request_end(void *http, struct MHD_Connection *, void **request, enum MHD_RequestTerminationCode);

/* execute.c: decodes a complete request, calls the handler and queues its answer. */
struct exchange {
    const struct kvx_http_route *route;
    struct kvx_bytes body, target;
    bool protobuf; /* both ways */
    bool head;     /* only the header fields are wanted */
};
enum MHD_Result execute(struct kvx_http *, struct MHD_Connection *, struct connection *,
                        const struct exchange *);

/* answer.c */
enum MHD_Result answer_bytes(struct kvx_http *, struct MHD_Connection *, unsigned status,
                             const char *media_type, struct kvx_bytes body);
enum MHD_Result answer_error(struct kvx_http *, struct MHD_Connection *, const struct kvx_error *,
                             const char *allow, bool close);
/* Adds what every answer has and queues it; drops the caller's reference. */
enum MHD_Result answer_send(struct kvx_http *, struct MHD_Connection *, unsigned status,
                            const char *media_type, bool close, struct MHD_Response *);

/* stream.c: queues an answer that is produced in slices. Takes over `stream` and one kvx_service_begin, also
 * when it fails. */
enum MHD_Result stream_answer(struct kvx_http *, struct MHD_Connection *, const struct exchange *,
                              struct kvx_http_stream *, uint64_t started_ns);

static inline size_t route_index(const struct kvx_http_route *route)
{
    return (size_t)(route - kvx_http_routes);
}

#endif /* SERVER_H */
