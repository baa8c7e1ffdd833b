/* Generated from kvindex.v1.yaml by openapi_generate.py. Do not edit. */
/* Operations and the functions behind them. */
#ifndef OPENAPI_ROUTES_H
#define OPENAPI_ROUTES_H

#include "openapi_types.h"
#include "route.h"

enum kvx_http_dialect {
    /* The first version of NVIDIA's standalone indexer; spoken when no field selects another. */
    KVX_HTTP_DIALECT_FIRST,
    /* NVIDIA's newer standalone indexer. */
    KVX_HTTP_DIALECT_NVIDIA,
    /* Mooncake's RFC 1403. */
    KVX_HTTP_DIALECT_MOONCAKE,
    KVX_HTTP_DIALECT_COUNT
};

enum kvx_http_operation {
    KVX_HTTP_REGISTER,
    KVX_HTTP_UNREGISTER,
    KVX_HTTP_LIST_WORKERS,
    KVX_HTTP_LIST_SERVICES,
    KVX_HTTP_LIST_PARTITIONS,
    KVX_HTTP_QUERY,
    KVX_HTTP_QUERY_BY_HASH,
    KVX_HTTP_DUMP,
    KVX_HTTP_REGISTER_PEER,
    KVX_HTTP_DEREGISTER_PEER,
    KVX_HTTP_LIST_PEERS,
    KVX_HTTP_GET_HEALTH,
    KVX_HTTP_GET_READY,
    KVX_HTTP_GET_METRICS,
    KVX_HTTP_GET_OPENAPI,
    KVX_HTTP_OPERATION_COUNT
};

extern const struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT];
extern const char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT];
/* The document itself. */
extern const struct kvx_bytes kvx_http_document;

/* Written by hand: 0, or a negative code with the call's error filled. */
/* Subscribe to a worker's events */
int kvx_http_handle_register(struct kvx_http_call *, const struct kvx_http_register_request *, struct kvx_http_register_answer *);
/* Stop following a worker and remove its blocks */
int kvx_http_handle_unregister(struct kvx_http_call *, const struct kvx_http_unregister_request *, struct kvx_http_unregister_answer *);
/* Registrations and their state */
int kvx_http_handle_list_workers(struct kvx_http_call *, const struct kvx_http_list_workers_parameters *, struct kvx_http_workers *);
/* Registrations, in Mooncake's form */
int kvx_http_handle_list_services(struct kvx_http_call *, struct kvx_http_services *);
/* What the index holds, partition by partition */
int kvx_http_handle_list_partitions(struct kvx_http_call *, struct kvx_http_global_view *);
/* Scores for a prompt's token ids */
int kvx_http_handle_query(struct kvx_http_call *, const struct kvx_http_query_request *, struct kvx_http_query_answer *);
/* Scores for block hashes */
int kvx_http_handle_query_by_hash(struct kvx_http_call *, const struct kvx_http_query_by_hash_request *, struct kvx_http_query_answer *);
/* The whole index as store events */
int kvx_http_handle_dump(struct kvx_http_call *, const struct kvx_http_dump_parameters *, struct kvx_http_stream *);
/* Remember another indexer */
int kvx_http_handle_register_peer(struct kvx_http_call *, const struct kvx_http_peer_request *, struct kvx_http_status *);
/* Forget another indexer */
int kvx_http_handle_deregister_peer(struct kvx_http_call *, const struct kvx_http_peer_request *, struct kvx_http_status *);
/* The remembered indexers */
int kvx_http_handle_list_peers(struct kvx_http_call *, struct kvx_http_peers *);
/* Is the process alive */
int kvx_http_handle_get_health(struct kvx_http_call *, struct kvx_http_status *);
/* Should queries be sent here */
int kvx_http_handle_get_ready(struct kvx_http_call *, struct kvx_http_ready *);
/* Counters, gauges and histograms */
int kvx_http_handle_get_metrics(struct kvx_http_call *, struct kvx_buf *);
/* This document */
int kvx_http_handle_get_openapi(struct kvx_http_call *, struct kvx_buf *);

#endif /* OPENAPI_ROUTES_H */
