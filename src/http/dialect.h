/* The dialects of the REST API: which one a request speaks, and what each makes of it.
 *
 * Which fields a dialect has, requires or ignores stands in the document (`x-dialects`); this part reads it
 * from the generated tables. What the fields mean stands in one file a dialect.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include "openapi_routes.h"
#include "question.h"

/* The dialect of a decoded request. KVX_INVALID names the fields: two that select different dialects, one
 * that the dialect does not have, or one that it requires and that is not there. */
int dialect_of(const struct kvx_json_type *, const void *request, enum kvx_http_dialect *out,
               struct kvx_error *) KVX_MUST_CHECK;

/* The operations with the answer `{"status":"ok"}`. */
int plain_register(struct kvx_http_call *, const struct kvx_register_args *,
                   struct kvx_http_register_answer *) KVX_MUST_CHECK;
int plain_unregister(struct kvx_http_call *, const struct kvx_unregister_args *,
                     struct kvx_http_unregister_answer *) KVX_MUST_CHECK;

/* What a dialect makes of each operation. All fail with the call's error filled. */
struct dialect {
    int (*registers)(struct kvx_http_call *, const struct kvx_http_register_request *,
                     struct kvx_http_register_answer *);
    int (*unregisters)(struct kvx_http_call *, const struct kvx_http_unregister_request *,
                       struct kvx_http_unregister_answer *);
    /* Fills in what the dialect decides: partition, hashes, salts, who must be in the answer. */
    int (*asks)(struct kvx_http_call *, const struct question *, struct kvx_query_args *);
    int (*scores)(struct kvx_http_call *, const struct kvx_query_result *, struct kvx_http_query_answer *);
};
extern const struct dialect dialect_first, dialect_nvidia, dialect_mooncake;

#endif /* DIALECT_H */
