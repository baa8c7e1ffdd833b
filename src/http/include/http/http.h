/* The REST server: libmicrohttpd behind the generated routes.
 *
 * Order of shutdown: quiesce, drain, free. All functions from one thread.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"
#include "service/service.h"

struct kvx_http;

/* Messages of the rpc API for the REST operations of the same name, in protobuf. What the rpc part gives. */
struct kvx_http_protobuf {
    void *self;
    /* Whether there is an rpc of this name with one request and one answer. */
    bool (*has)(void *self, const char *operation);
    /* Reads `request`, does the operation and appends its answer. Any serving thread. */
    int (*answer)(void *self, struct kvx_service *, struct kvx_caller *, struct kvx_arena *,
                  const char *operation, struct kvx_bytes request, struct kvx_buf *answer,
                  struct kvx_error *);
};

/* What GET /dump answers when the request names no form. */
enum kvx_dump_format { KVX_DUMP_ARRAY, KVX_DUMP_PARTITIONS };

/* Zero takes the default that stands behind each limit. */
struct kvx_http_config {
    const struct kvx_allocator *allocator;
    struct kvx_service *service;
    struct kvx_log *log; /* may be NULL */
    struct kvx_metrics *metrics;
    const char *bind;            /* address or host name to listen on */
    uint16_t port;               /* 0: any free one */
    uint32_t threads;            /* that serve requests; 1 */
    uint32_t connections_max;    /* more are closed at once; 4096 */
    uint32_t connections_per_ip; /* 1024 */
    uint64_t idle_timeout_ns;    /* of a connection on which nothing moves; 60 s, full seconds */
    uint64_t request_timeout_ns; /* from a request's first line to the end of its answer; 30 s */
    uint64_t stream_timeout_ns;  /* the same for streamed answers; 600 s */
    uint64_t late_after_ns;      /* requests that begin so long after kvx_http_quiesce are refused; 1 s */
    uint64_t body_memory_max;    /* bytes of request bodies in memory at once; 256 MiB */
    uint32_t connection_memory;  /* bytes a connection has for headers and reading; 32 KiB */
    enum kvx_dump_format dump_format;
    struct kvx_http_protobuf protobuf; /* without functions: JSON only */
};

int kvx_http_new(struct kvx_http **out, const struct kvx_http_config *, struct kvx_error *) KVX_MUST_CHECK;
uint16_t kvx_http_port(const struct kvx_http *);
/* No connection is accepted any more; those that are open close after their next answer. */
void kvx_http_quiesce(struct kvx_http *);
/* Waits until no request is in flight, at most until `deadline_ns` of kvx_now_ns. False when some are left.
 */
bool kvx_http_drain(struct kvx_http *, uint64_t deadline_ns);
/* Closes what is still open. NULL is fine. The service must still be there. */
void kvx_http_free(struct kvx_http *);

#endif /* HTTP_HTTP_H */
