/* What the generated tables say about an RPC method, and what its handlers promise.
 *
 * The tables (gen/rpc) are constant data; the engine walks them. A handler is written by hand, one small
 * function an operation, and runs on the thread of one completion queue with that thread's environment.
 */
#ifndef RPC_METHOD_H
#define RPC_METHOD_H

#include "base/arena.h"
#include "base/err.h"

#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>

struct kvx_rpc_env; /* what a handler works with: src/rpc/env.h */

/* ---- Limits of a request, from the tags in the schema. ---- */

struct kvx_rpc_rules;

/* One field. Zero means no limit of that kind. */
struct kvx_rpc_field_rule {
    bool required; /* text or list not empty, message present */
    bool has_min, has_max;
    uint32_t max_bytes; /* of a text */
    uint32_t max_items; /* of a repeated field */
    int64_t min, max;
    const struct kvx_rpc_rules *message; /* of a field that is a message */
};

/* A oneof of which one member must be set. */
struct kvx_rpc_oneof_rule {
    const char *name;
    size_t case_offset; /* of protobuf-c's case number in the message */
};

/* One message. Messages never contain themselves. `fields` has one entry for each field of the descriptor, in
 * its order. */
struct kvx_rpc_rules {
    const ProtobufCMessageDescriptor *message;
    const struct kvx_rpc_field_rule *fields;
    const struct kvx_rpc_oneof_rule *oneofs;
    size_t n_oneofs;
};

/* ---- Methods ---- */

enum kvx_rpc_kind {
    KVX_RPC_UNARY,         /* `answer` */
    KVX_RPC_SERVER_STREAM, /* `open`, `next` until it ends, `close` */
    KVX_RPC_BIDI           /* `answer` for each request, in order; `refuse` where that fails */
};

/* What `next` returns besides negative kvx_codes. */
enum kvx_rpc_step {
    KVX_RPC_END,     /* the stream is complete; no message */
    KVX_RPC_MESSAGE, /* send the message and ask again */
    KVX_RPC_WAIT     /* nothing to send now; the engine asks again after its poll interval */
};

struct kvx_rpc_method {
    const char *path; /* "/package.Service/Method" */
    enum kvx_rpc_kind kind;
    bool standard; /* health and reflection: answered also when overloaded or shutting down */
    const struct kvx_rpc_rules *request;
    const ProtobufCMessageDescriptor *response;

    /* Request to response. The response is initialised; what it points to comes from the environment's arena.
     * A failure ends a unary call with that status. */
    int (*answer)(struct kvx_rpc_env *, const ProtobufCMessage *, ProtobufCMessage *, struct kvx_error *);
    /* Turns the failure of one request into a response, 0; or returns a negative code that ends the stream.
     */
    int (*refuse)(struct kvx_rpc_env *, const ProtobufCMessage *, const struct kvx_error *,
                  ProtobufCMessage *);

    /* The request is valid during `open` only. After a successful open there is exactly one close. */
    int (*open)(struct kvx_rpc_env *, const ProtobufCMessage *, void **, struct kvx_error *);
    int (*next)(struct kvx_rpc_env *, void *, ProtobufCMessage *, struct kvx_error *);
    void (*close)(struct kvx_rpc_env *, void *);
};

/* ---- The schema itself, for reflection ---- */

struct kvx_rpc_file {
    const char *name;
    const unsigned char *descriptor; /* a serialized google.protobuf.FileDescriptorProto */
    size_t size;
    const unsigned short *with_imports; /* indices of this file and of all it imports, this one first */
    size_t n_with_imports;
};

struct kvx_rpc_symbol {
    const char *name; /* full name of a message, enum or service */
    unsigned short file;
};

struct kvx_rpc_schema {
    const struct kvx_rpc_method *methods;
    const char *const *operations; /* the methods' names in metrics */
    size_t n_methods;
    const char *const *services;
    size_t n_services;
    size_t max_message_bytes; /* one serialized request */
    const struct kvx_rpc_file *files;
    size_t n_files;
    const struct kvx_rpc_symbol *symbols; /* sorted by name */
    size_t n_symbols;
};

#endif /* RPC_METHOD_H */
