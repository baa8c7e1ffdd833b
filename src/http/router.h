/* From the raw request target to an operation. Pure; any thread. */
#ifndef ROUTER_H
#define ROUTER_H

#include "route.h"

/* The path of a request target (origin or absolute form), without query and fragment; empty when it has none.
 * Nothing is decoded: an escaped `/`, NUL or dot never takes part in routing. */
struct kvx_bytes kvx_http_path(struct kvx_bytes target);

/* The operation, or NULL. HEAD finds GET. When the path exists, `allow` (KVX_HTTP_ALLOW_MAX bytes) becomes
 * its methods, else it becomes empty. */
enum { KVX_HTTP_ALLOW_MAX = 64 };
const struct kvx_http_route *kvx_http_find(const struct kvx_http_route *routes, size_t n,
                                           struct kvx_bytes method, struct kvx_bytes path, char *allow);

#endif /* ROUTER_H */
