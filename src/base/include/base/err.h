/* Error codes and error messages of the whole project.
 *
 * Every fallible function returns int: 0, or a negative `enum kvx_code` value. Out-parameters are untouched
 * on failure. Functions whose failure a client sees also fill a `struct kvx_error` with a sentence that names
 * the field; `kvx_fail` does both in one expression. KVX_CODES is the only place where a code meets its HTTP
 * status and its gRPC status (numbers of google.rpc.Code).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

/*      name             value HTTP gRPC  meaning */
#define KVX_CODES(X)                                                                                \
    X(OK, 0, 200, 0, "ok")                                                                          \
    X(INVALID, -1, 400, 3, "the request is malformed or out of range")                              \
    X(NOT_FOUND, -2, 404, 5, "unknown worker, model or route")                                      \
    X(EXISTS, -3, 409, 6, "already registered")                                                     \
    X(CONFLICT, -4, 409, 9, "contradicts the partition's settings")                                 \
    X(TOO_LARGE, -5, 413, 8, "body or message over its limit")                                      \
    X(METHOD, -6, 405, 12, "method not allowed on this path")                                       \
    X(MEDIA_TYPE, -7, 415, 3, "unsupported media type")                                             \
    X(UNIMPLEMENTED, -8, 501, 12, "unknown method")                                                 \
    X(UNAUTHENTICATED, -9, 401, 16, "missing or wrong token")                                       \
    X(DENIED, -10, 403, 7, "not allowed")                                                           \
    X(UNAVAILABLE, -11, 503, 14, "overloaded or shutting down")                                     \
    X(NOMEM, -12, 503, 14, "out of memory")                                                         \
    X(INTERNAL, -13, 500, 13, "internal error")                                                     \
    X(STALE, -14, 500, 13, "the worker has begun a newer generation; never leaves the ingest path") \
    X(CANCELLED, -15, 499, 1, "the caller went away or its deadline passed")                        \
    X(NOT_ACCEPTABLE, -16, 406, 3, "no answer in an encoding that is wanted")

enum kvx_code {
#define KVX_CODE_ENUM(name, value, http, grpc, text) KVX_##name = (value),
    KVX_CODES(KVX_CODE_ENUM)
#undef KVX_CODE_ENUM
};

enum { KVX_ERROR_TEXT_MAX = 512 };

/* What went wrong, for the caller's eyes. Plain data: copy it freely. `text` is UTF-8 and NUL-terminated. */
struct kvx_error {
    int code; /* enum kvx_code */
    char text[KVX_ERROR_TEXT_MAX];
};

#define KVX_MUST_CHECK __attribute__((warn_unused_result))
#define KVX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Fills `e` (may be NULL) and returns `code`. A text that is too long is cut. */
int kvx_fail(struct kvx_error *e, int code, const char *format, ...) KVX_PRINTF(3, 4);

int kvx_code_http(int code);         /* HTTP status */
int kvx_code_grpc(int code);         /* google.rpc.Code number */
const char *kvx_code_text(int code); /* the table's last column; static */

#endif /* BASE_ERR_H */
