/* Routing on raw request targets, and the generated route table itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "openapi_routes.h"
#include "router.h"

#include <stdlib.h>

static void paths(void **state)
{
    static const struct {
        const char *target, *path;
    } cases[] = {{"/a", "/a"},
                 {"/a?b=/c", "/a"},
                 {"/a#b", "/a"},
                 {"http://h/a?x", "/a"},
                 {"HTTP://h", ""},
                 {"*", "*"},
                 {"/http://h/", "/http://h/"},
                 {"", ""},
                 {"/%2f", "/%2f"},
                 {"http://", ""},
                 {"http://h?/x", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_true(kvx_bytes_is(kvx_http_path(kvx_bytes_of(cases[i].target)), cases[i].path));
}

static const struct kvx_http_route *find(const char *method, const char *path, char *allow)
{
    return kvx_http_find(kvx_http_routes, KVX_HTTP_OPERATION_COUNT, kvx_bytes_of(method), kvx_bytes_of(path),
                         allow);
}

static void routes(void **state)
{
    char allow[KVX_HTTP_ALLOW_MAX];
    (void)state;
    for (size_t i = 0; i < KVX_HTTP_OPERATION_COUNT; i++) {
        const struct kvx_http_route *r = &kvx_http_routes[i];
        assert_ptr_equal(find(r->method.data, r->path.data, allow), r);
        assert_non_null(kvx_http_operation_names[i]);
        assert_true((r->request && !r->query) == (r->max_body > 0));
    }
    assert_ptr_equal(find("HEAD", "/workers", allow), &kvx_http_routes[KVX_HTTP_LIST_WORKERS]);
    assert_null(find("HEAD", "/query", allow));
    assert_string_equal(allow, "POST");
    assert_null(find("POST", "/workers", allow));
    assert_string_equal(allow, "GET, HEAD");
    assert_null(find("get", "/workers", allow));
    assert_null(find("GET", "/workers/", allow));
    assert_string_equal(allow, "");
}

/* More methods than the Allow text can hold are cut between methods. */
static void many_methods(void **state)
{
    static const char *const names[] = {
        "POST", "GET", "DELETE", "A-VERY-LONG-METHOD-NAME-INDEED-IT-IS", "PUT-X-LONGER", "PATCH"};
    struct kvx_http_route table[6] = {0};
    char allow[KVX_HTTP_ALLOW_MAX];
    (void)state;
    for (int i = 0; i < 6; i++)
        table[i] = (struct kvx_http_route){.method = kvx_bytes_of(names[i]), .path = {"/a", 2}};
    assert_null(kvx_http_find(table, 6, kvx_bytes_of("X"), kvx_bytes_of("/a"), allow));
    assert_string_equal(allow, "POST, GET, HEAD, DELETE, A-VERY-LONG-METHOD-NAME-INDEED-IT-IS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(routes),
                                       cmocka_unit_test(many_methods)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
