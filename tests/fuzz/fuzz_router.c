/* Any bytes as "METHOD target": whatever is found is exactly a row of the table, by method and raw path. */
#include "fuzz.h"

#include "openapi_routes.h"
#include "router.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char allow[KVX_HTTP_ALLOW_MAX];
    const char *text = (const char *)data, *space = memchr(text, ' ', size);
    if (!space)
        return 0;
    const struct kvx_bytes method = {text, (size_t)(space - text)};
    const struct kvx_bytes target = {space + 1, size - method.len - 1};
    const struct kvx_bytes path = kvx_http_path(target);
    const struct kvx_http_route *route =
        kvx_http_find(kvx_http_routes, KVX_HTTP_OPERATION_COUNT, method, path, allow);
    if (path.len > target.len || memchr(path.data, '?', path.len) || memchr(path.data, '#', path.len))
        abort();
    if (path.len && (path.data < target.data || path.data + path.len > target.data + target.len))
        abort();
    if (route && !kvx_bytes_equal(route->path, path))
        abort();
    if (route && !kvx_bytes_equal(route->method, method) &&
        !(kvx_bytes_is(method, "HEAD") && kvx_bytes_is(route->method, "GET")))
        abort();
    if (strlen(allow) >= sizeof(allow))
        abort();
    return 0;
}
