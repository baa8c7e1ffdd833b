/* One operation of the API as the engine sees it: a row of the generated route table. */
#ifndef ROUTE_H
#define ROUTE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/http.h"
#include "json_type.h"
#include "service/service.h"

enum kvx_http_answer_kind {
    KVX_HTTP_ANSWER_JSON,   /* the handler fills the generated struct */
    KVX_HTTP_ANSWER_RAW,    /* the handler appends to a struct kvx_buf */
    KVX_HTTP_ANSWER_STREAM, /* the handler fills a struct kvx_http_stream */
};

/* What a handler works with: one request's service, caller and memory. The arena lives until the answer is
 * written. */
struct kvx_http_call {
    struct kvx_service *service;
    struct kvx_caller *caller;
    struct kvx_arena *arena;
    const struct kvx_allocator *allocator; /* for what outlives the call: a stream's state */
    struct kvx_error *error;
    enum kvx_dump_format dump_format; /* of a dump that names none */
    unsigned status; /* of the answer; the handler may choose another one that the document lists */
};

/* An answer that is written in slices, long after its handler returned: `open`, what `next` appends, `shut`.
 * `next` appends some items, each led by a comma but the first of all, and returns 1 while there is more, 0
 * at the end, negative on failure. `close` is called once, from any thread. */
struct kvx_http_stream {
    int (*next)(void *state, struct kvx_caller *, struct kvx_arena *, struct kvx_buf *, struct kvx_error *);
    void (*close)(void *state);
    void *state;
    char open, shut; /* brackets */
};

struct kvx_http_route {
    struct kvx_bytes method, path;
    size_t max_body;                     /* bytes; 0: no body */
    const struct kvx_json_type *request; /* or NULL */
    bool query;                          /* the request is in the query string, not in the body */
    const struct kvx_json_type *answer;
    enum kvx_http_answer_kind answer_kind;
    const char *media_type;
    unsigned status;
    const uint16_t *statuses; /* all the document lists */
    size_t n_statuses;
    const uint16_t *by_choice; /* or NULL: status of each choice of the answer, which is a variant */
    bool protobuf_body;        /* the request may also be the message of the rpc of the same name */
    unsigned protobuf_status;  /* of an answer in protobuf; 0: not offered */
    bool always;               /* answered also when overloaded or shutting down */
    int (*call)(struct kvx_http_call *, const void *request, void *answer);
};

#endif /* ROUTE_H */
