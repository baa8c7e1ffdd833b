/* Any bytes as "METHOD target": whatever is found is exactly a row of the table, by method and raw path; and
 * what the query string says is text within its limits, or a failure that names the parameter. */
#include "fuzz.h"

#include "openapi_routes.h"
#include "query_string.h"
#include "router.h"

#include <stdlib.h>

static void check_name(struct kvx_bytes name)
{
    if (name.len > 4 * 256 || (name.len && !kvx_bytes_is_text(name)))
        abort();
}

static void read_parameters(struct kvx_bytes target)
{
    struct kvx_http_dump_parameters dump;
    struct kvx_http_list_workers_parameters workers;
    struct kvx_arena arena;
    struct kvx_error e = {0};
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 24);
    int r = kvx_http_query_string(&kvx_http_type_dump_parameters, target, &arena, &dump, &e);
    if (r != 0 && (r != KVX_INVALID || e.text[0] != '`'))
        abort();
    if (r == 0 && dump.has_format && dump.format >= KVX_HTTP_DUMP_FORMAT_COUNT)
        abort();
    if (r == 0 && (dump.has_format || dump.has_model_name) &&
        !kvx_http_query_known(&kvx_http_type_dump_parameters, target))
        abort();
    if (kvx_http_query_string(&kvx_http_type_list_workers_parameters, target, &arena, &workers, &e) == 0) {
        check_name(workers.model_name);
        check_name(workers.routing_group);
    }
    kvx_arena_reset(&arena);
}

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
    read_parameters(target);
    return 0;
}
