/* Generated from toy.yaml by openapi_generate.py. Do not edit. */
/* Operations and the functions behind them. */
#ifndef OPENAPI_ROUTES_H
#define OPENAPI_ROUTES_H

#include "openapi_types.h"
#include "route.h"

enum kvx_http_dialect {
    /* The dialect of those who say nothing. */
    KVX_HTTP_DIALECT_PLAIN,
    /* The other one. */
    KVX_HTTP_DIALECT_FANCY,
    KVX_HTTP_DIALECT_COUNT
};

enum kvx_http_operation {
    KVX_HTTP_MAKE_THING,
    KVX_HTTP_LIST_THINGS,
    KVX_HTTP_MOVE,
    KVX_HTTP_GET_PAGE,
    KVX_HTTP_OPERATION_COUNT
};

extern const struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT];
extern const char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT];
/* The document itself. */
extern const struct kvx_bytes kvx_http_document;

/* Written by hand: 0, or a negative code with the call's error filled. */
/* Make a thing */
int kvx_http_handle_make_thing(struct kvx_http_call *, const struct kvx_http_thing_request *, struct kvx_http_answer *);
/* All things */
int kvx_http_handle_list_things(struct kvx_http_call *, const struct kvx_http_list_things_parameters *, struct kvx_http_stream *);
/* Move */
int kvx_http_handle_move(struct kvx_http_call *, const struct kvx_http_move_request *, struct kvx_http_move_answer *);
/* A page */
int kvx_http_handle_get_page(struct kvx_http_call *, struct kvx_buf *);

#endif /* OPENAPI_ROUTES_H */
