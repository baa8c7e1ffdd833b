/* Generated from toy.yaml by openapi_generate.py. Do not edit. */
#include "openapi_routes.h"

static int call_make_thing(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_make_thing(call, request, answer);
}

static int call_list_things(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_list_things(call, request, answer);
}

static int call_move(struct kvx_http_call *call, const void *request, void *answer)
{
    return kvx_http_handle_move(call, request, answer);
}

static int call_get_page(struct kvx_http_call *call, const void *request, void *answer)
{
    (void)request; /* this operation has none */
    return kvx_http_handle_get_page(call, answer);
}

static const uint16_t statuses_make_thing[] = {
    201,
    400,
    503,
};
static const uint16_t statuses_list_things[] = {
    200,
};
static const uint16_t statuses_move[] = {
    200,
    202,
};
static const uint16_t by_choice_move[] = {
    200,
    202,
};
static const uint16_t statuses_get_page[] = {
    200,
};

const struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT] = {
    [KVX_HTTP_MAKE_THING] = {
        .method = {"POST", 4},
        .path = {"/things", 7},
        .max_body = 1000,
        .request = &kvx_http_type_thing_request,
        .query = false,
        .answer = &kvx_http_type_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 201,
        .statuses = statuses_make_thing,
        .n_statuses = 3,
        .by_choice = NULL,
        .protobuf_body = true,
        .protobuf_status = 201,
        .always = false,
        .call = call_make_thing,
    },
    [KVX_HTTP_LIST_THINGS] = {
        .method = {"GET", 3},
        .path = {"/things/all.json", 16},
        .max_body = 0,
        .request = &kvx_http_type_list_things_parameters,
        .query = true,
        .answer = &kvx_http_type_listing,
        .answer_kind = KVX_HTTP_ANSWER_STREAM,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_list_things,
        .n_statuses = 1,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = false,
        .call = call_list_things,
    },
    [KVX_HTTP_MOVE] = {
        .method = {"POST", 4},
        .path = {"/moves", 6},
        .max_body = 10,
        .request = &kvx_http_type_move_request,
        .query = false,
        .answer = &kvx_http_type_move_answer,
        .answer_kind = KVX_HTTP_ANSWER_JSON,
        .media_type = "application/json",
        .status = 200,
        .statuses = statuses_move,
        .n_statuses = 2,
        .by_choice = by_choice_move,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = false,
        .call = call_move,
    },
    [KVX_HTTP_GET_PAGE] = {
        .method = {"GET", 3},
        .path = {"/page", 5},
        .max_body = 0,
        .request = NULL,
        .query = false,
        .answer = &kvx_http_type_page,
        .answer_kind = KVX_HTTP_ANSWER_RAW,
        .media_type = "text/plain",
        .status = 200,
        .statuses = statuses_get_page,
        .n_statuses = 1,
        .by_choice = NULL,
        .protobuf_body = false,
        .protobuf_status = 0,
        .always = true,
        .call = call_get_page,
    },
};

const char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT] = {
    [KVX_HTTP_MAKE_THING] = "MakeThing",
    [KVX_HTTP_LIST_THINGS] = "ListThings",
    [KVX_HTTP_MOVE] = "Move",
    [KVX_HTTP_GET_PAGE] = "GetPage",
};
