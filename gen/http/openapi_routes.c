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
    (void)request; /* this operation has none */
    return kvx_http_handle_list_workers(call, answer);
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
    (void)request; /* this operation has none */
    return kvx_http_handle_dump(call, answer);
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
    201,
    400,
    409,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_unregister[] = {
    200,
    400,
    404,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_list_workers[] = {
    200,
    400,
    500,
    503,
};
static const uint16_t statuses_query[] = {
    200,
    400,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_query_by_hash[] = {
    200,
    400,
    413,
    415,
    500,
    503,
};
static const uint16_t statuses_dump[] = {
    200,
    400,
    500,
    503,
};
static const uint16_t statuses_get_health[] = {
    200,
    400,
    500,
    503,
};
static const uint16_t statuses_get_ready[] = {
    200,
    400,
    500,
    503,
};
static const uint16_t statuses_get_metrics[] = {
    200,
    400,
    500,
    503,
};
static const uint16_t statuses_get_openapi[] = {
    200,
    400,
    500,
    503,
};

const struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT] = {
    [KVX_HTTP_REGISTER] = {
        .method = {"POST", 4},
        .path = {"/register", 9},
        .max_body = 65536,
        .request = &kvx_http_type_register_request,
        .answer = &kvx_http_type_status,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 201,
        .statuses = statuses_register,
        .n_statuses = 7,
        .always = false,
        .call = call_register,
    },
    [KVX_HTTP_UNREGISTER] = {
        .method = {"POST", 4},
        .path = {"/unregister", 11},
        .max_body = 65536,
        .request = &kvx_http_type_unregister_request,
        .answer = &kvx_http_type_status,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_unregister,
        .n_statuses = 7,
        .always = false,
        .call = call_unregister,
    },
    [KVX_HTTP_LIST_WORKERS] = {
        .method = {"GET", 3},
        .path = {"/workers", 8},
        .max_body = 0,
        .request = NULL,
        .answer = &kvx_http_type_workers,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_list_workers,
        .n_statuses = 4,
        .always = false,
        .call = call_list_workers,
    },
    [KVX_HTTP_QUERY] = {
        .method = {"POST", 4},
        .path = {"/query", 6},
        .max_body = 8388608,
        .request = &kvx_http_type_query_request,
        .answer = &kvx_http_type_query_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_query,
        .n_statuses = 6,
        .always = false,
        .call = call_query,
    },
    [KVX_HTTP_QUERY_BY_HASH] = {
        .method = {"POST", 4},
        .path = {"/query_by_hash", 14},
        .max_body = 8388608,
        .request = &kvx_http_type_query_by_hash_request,
        .answer = &kvx_http_type_query_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_query_by_hash,
        .n_statuses = 6,
        .always = false,
        .call = call_query_by_hash,
    },
    [KVX_HTTP_DUMP] = {
        .method = {"GET", 3},
        .path = {"/dump", 5},
        .max_body = 0,
        .request = NULL,
        .answer = &kvx_http_type_events,
        .answer_kind = KVX_HTTP_ANSWER_STREAM,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_dump,
        .n_statuses = 4,
        .always = false,
        .call = call_dump,
    },
    [KVX_HTTP_GET_HEALTH] = {
        .method = {"GET", 3},
        .path = {"/health", 7},
        .max_body = 0,
        .request = NULL,
        .answer = &kvx_http_type_status,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_get_health,
        .n_statuses = 4,
        .always = true,
        .call = call_get_health,
    },
    [KVX_HTTP_GET_READY] = {
        .method = {"GET", 3},
        .path = {"/ready", 6},
        .max_body = 0,
        .request = NULL,
        .answer = &kvx_http_type_ready,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_get_ready,
        .n_statuses = 4,
        .always = true,
        .call = call_get_ready,
    },
    [KVX_HTTP_GET_METRICS] = {
        .method = {"GET", 3},
        .path = {"/metrics", 8},
        .max_body = 0,
        .request = NULL,
        .answer = &kvx_http_type_metrics_page,
        .answer_kind = KVX_HTTP_ANSWER_RAW,
        .media_type = "text/plain; version=0.0.4; charset=utf-8",
        .status = 200,
        .statuses = statuses_get_metrics,
        .n_statuses = 4,
        .always = true,
        .call = call_get_metrics,
    },
    [KVX_HTTP_GET_OPENAPI] = {
        .method = {"GET", 3},
        .path = {"/openapi.json", 13},
        .max_body = 0,
        .request = NULL,
        .answer = &kvx_http_type_openapi_document,
        .answer_kind = KVX_HTTP_ANSWER_RAW,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_get_openapi,
        .n_statuses = 4,
        .always = true,
        .call = call_get_openapi,
    },
};

const char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT] = {
    [KVX_HTTP_REGISTER] = "Register",
    [KVX_HTTP_UNREGISTER] = "Unregister",
    [KVX_HTTP_LIST_WORKERS] = "ListWorkers",
    [KVX_HTTP_QUERY] = "Query",
    [KVX_HTTP_QUERY_BY_HASH] = "QueryByHash",
    [KVX_HTTP_DUMP] = "Dump",
    [KVX_HTTP_GET_HEALTH] = "GetHealth",
    [KVX_HTTP_GET_READY] = "GetReady",
    [KVX_HTTP_GET_METRICS] = "GetMetrics",
    [KVX_HTTP_GET_OPENAPI] = "GetOpenapi",
};
