#include "router.h"

#include <stdio.h>
#include <strings.h>

struct kvx_bytes kvx_http_path(struct kvx_bytes target)
{
    static const char scheme[] = "http://";
    const size_t len = sizeof(scheme) - 1;
    for (size_t i = 0; i < target.len; i++)
        if (target.data[i] == '?' || target.data[i] == '#')
            target.len = i;
    if (target.len >= len && strncasecmp(target.data, scheme, len) == 0) {
        const char *slash = memchr(target.data + len, '/', target.len - len);
        const char *end = target.data + target.len;
        target = slash ? (struct kvx_bytes){slash, (size_t)(end - slash)} : (struct kvx_bytes){end, 0};
    }
    return target;
}

static void allow_method(char *allow, struct kvx_bytes method)
{
    size_t used = strlen(allow);
    const char *lead = used ? ", " : "", *head = kvx_bytes_is(method, "GET") ? ", HEAD" : "";
    if (used + strlen(lead) + method.len + strlen(head) >= KVX_HTTP_ALLOW_MAX)
        return;
    snprintf(allow + used, KVX_HTTP_ALLOW_MAX - used, "%s%.*s%s", lead, (int)method.len, method.data, head);
}

const struct kvx_http_route *kvx_http_find(const struct kvx_http_route *routes, size_t n,
                                           struct kvx_bytes method, struct kvx_bytes path, char *allow)
{
    if (kvx_bytes_is(method, "HEAD"))
        method = kvx_bytes_of("GET");
    allow[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (!kvx_bytes_equal(routes[i].path, path))
            continue;
        if (kvx_bytes_equal(routes[i].method, method))
            return &routes[i];
        allow_method(allow, routes[i].method);
    }
    return NULL;
}
