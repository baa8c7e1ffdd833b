/* Generated from kvindex.v1.yaml by openapi_generate.py. Do not edit. */
#include "openapi_routes.h"

static int call_register(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_register(call, request, answer);
}

static int call_unregister(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_unregister(call, request, answer);
}

static int call_list_workers(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_list_workers(call, request, answer);
}

static int call_list_services(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_list_services(call, answer);
}

static int call_list_partitions(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_list_partitions(call, answer);
}

static int call_query(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_query(call, request, answer);
}

static int call_query_by_hash(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_query_by_hash(call, request, answer);
}

static int call_dump(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_dump(call, request, answer);
}

static int call_register_peer(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_register_peer(call, request, answer);
}

static int call_deregister_peer(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_deregister_peer(call, request, answer);
}

static int call_list_peers(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_list_peers(call, answer);
}

static int call_get_health(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_get_health(call, answer);
}

static int call_get_ready(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_get_ready(call, answer);
}

static int call_get_metrics(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_get_metrics(call, answer);
}

static int call_get_openapi(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_get_openapi(call, answer);
}

static const uint16_t statuses_register[] = {
    200,
    201,
    400,
    406,
    409,
    413,
    415,
    500,
    503,
};
static const uint16_t by_choice_register[] = {
    200,
    201,
};
static const uint16_t statuses_unregister[] = {
    200,
    400,
    404,
    406,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_list_workers[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_list_services[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_list_partitions[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_query[] = {
    200,
    400,
    404,
    406,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_query_by_hash[] = {
    200,
    400,
    404,
    406,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_dump[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_register_peer[] = {
    201,
    400,
    406,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_deregister_peer[] = {
    200,
    400,
    404,
    406,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_list_peers[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_get_health[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_get_ready[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_get_metrics[] = {
    200,
    400,
    406,
    500,
    503,
};
static const uint16_t statuses_get_openapi[] = {
    200,
    400,
    406,
    500,
    503,
};

const struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT] = {
    [KVX_HTTP_REGISTER] = {
        .method = {"POST", 4},
        .path = {"/register", 9},
        .max_body = 65536,
        .request = &kvx_http_type_register_request,
        .query = false,
        .answer = &kvx_http_type_register_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_register,
        .n_statuses = 9,
        .by_choice = by_choice_register,
        .protobuf_body = true,
        .protobuf_status = 201,
        .always = false,
        .call = call_register,
    },
    [KVX_HTTP_UNREGISTER] = {
        .method = {"POST", 4},
        .path = {"/unregister", 11},
        .max_body = 65536,
        .request = &kvx_http_type_unregister_request,
        .query = false,
        .answer = &kvx_http_type_unregister_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_unregister,
        .n_statuses = 8,
        .by_choice = NULL,
        .protobuf_body = true,
        .protobuf_status = 200,
        .always = false,
        .call = call_unregister,
    },
    [KVX_HTTP_LIST_WORKERS] = {
        .method = {"GET", 3},
        .path = {"/workers", 8},
        .max_body = 0,
        .request = &kvx_http_type_list_workers_parameters,
        .query = true,
        .answer = &kvx_http_type_workers,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_list_workers,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 200,
        .always = false,
        .call = call_list_workers,
    },
    [KVX_HTTP_LIST_SERVICES] = {
        .method = {"GET", 3},
        .path = {"/services", 9},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_services,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_list_services,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = false,
        .call = call_list_services,
    },
    [KVX_HTTP_LIST_PARTITIONS] = {
        .method = {"GET", 3},
        .path = {"/global_view", 12},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_global_view,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_list_partitions,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 200,
        .always = false,
        .call = call_list_partitions,
    },
    [KVX_HTTP_QUERY] = {
        .method = {"POST", 4},
        .path = {"/query", 6},
        .max_body = 8388608,
        .request = &kvx_http_type_query_request,
        .query = false,
        .answer = &kvx_http_type_query_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_query,
        .n_statuses = 8,
        .by_choice = NULL,
        .protobuf_body = true,
        .protobuf_status = 200,
        .always = false,
        .call = call_query,
    },
    [KVX_HTTP_QUERY_BY_HASH] = {
        .method = {"POST", 4},
        .path = {"/query_by_hash", 14},
        .max_body = 8388608,
        .request = &kvx_http_type_query_by_hash_request,
        .query = false,
        .answer = &kvx_http_type_query_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_query_by_hash,
        .n_statuses = 8,
        .by_choice = NULL,
        .protobuf_body = true,
        .protobuf_status = 200,
        .always = false,
        .call = call_query_by_hash,
    },
    [KVX_HTTP_DUMP] = {
        .method = {"GET", 3},
        .path = {"/dump", 5},
        .max_body = 0,
        .request = &kvx_http_type_dump_parameters,
        .query = true,
        .answer = &kvx_http_type_dump_answer,
        .answer_kind = KVX_HTTP_ANSWER_STREAM,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_dump,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = false,
        .call = call_dump,
    },
    [KVX_HTTP_REGISTER_PEER] = {
        .method = {"POST", 4},
        .path = {"/register_peer", 14},
        .max_body = 65536,
        .request = &kvx_http_type_peer_request,
        .query = false,
        .answer = &kvx_http_type_status,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 201,
        .statuses = statuses_register_peer,
        .n_statuses = 7,
        .by_choice = NULL,
        .protobuf_body = true,
        .protobuf_status = 201,
        .always = false,
        .call = call_register_peer,
    },
    [KVX_HTTP_DEREGISTER_PEER] = {
        .method = {"POST", 4},
        .path = {"/deregister_peer", 16},
        .max_body = 65536,
        .request = &kvx_http_type_peer_request,
        .query = false,
        .answer = &kvx_http_type_status,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_deregister_peer,
        .n_statuses = 8,
        .by_choice = NULL,
        .protobuf_body = true,
        .protobuf_status = 200,
        .always = false,
        .call = call_deregister_peer,
    },
    [KVX_HTTP_LIST_PEERS] = {
        .method = {"GET", 3},
        .path = {"/peers", 6},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_peers,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_list_peers,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 200,
        .always = false,
        .call = call_list_peers,
    },
    [KVX_HTTP_GET_HEALTH] = {
        .method = {"GET", 3},
        .path = {"/health", 7},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_status,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_get_health,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 200,
        .always = true,
        .call = call_get_health,
    },
    [KVX_HTTP_GET_READY] = {
        .method = {"GET", 3},
        .path = {"/ready", 6},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_ready,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_get_ready,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = true,
        .call = call_get_ready,
    },
    [KVX_HTTP_GET_METRICS] = {
        .method = {"GET", 3},
        .path = {"/metrics", 8},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_metrics_page,
        .answer_kind = KVX_HTTP_ANSWER_RAW,
        .media_type = "text/plain; version=0.0.4; charset=utf-8",
        .status = 200,
        .statuses = statuses_get_metrics,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = true,
        .call = call_get_metrics,
    },
    [KVX_HTTP_GET_OPENAPI] = {
        .method = {"GET", 3},
        .path = {"/openapi.json", 13},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_openapi_document,
        .answer_kind = KVX_HTTP_ANSWER_RAW,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_get_openapi,
        .n_statuses = 5,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = true,
        .call = call_get_openapi,
    },
};

const char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT] = {
    [KVX_HTTP_REGISTER] = "Register",
    [KVX_HTTP_UNREGISTER] = "Unregister",
    [KVX_HTTP_LIST_WORKERS] = "ListWorkers",
    [KVX_HTTP_LIST_SERVICES] = "ListServices",
    [KVX_HTTP_LIST_PARTITIONS] = "ListPartitions",
    [KVX_HTTP_QUERY] = "Query",
    [KVX_HTTP_QUERY_BY_HASH] = "QueryByHash",
    [KVX_HTTP_DUMP] = "Dump",
    [KVX_HTTP_REGISTER_PEER] = "RegisterPeer",
    [KVX_HTTP_DEREGISTER_PEER] = "DeregisterPeer",
    [KVX_HTTP_LIST_PEERS] = "ListPeers",
    [KVX_HTTP_GET_HEALTH] = "GetHealth",
    [KVX_HTTP_GET_READY] = "GetReady",
    [KVX_HTTP_GET_METRICS] = "GetMetrics",
    [KVX_HTTP_GET_OPENAPI] = "GetOpenapi",
};
