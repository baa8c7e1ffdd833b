/* Any bytes as JSON: our reader accepts what jansson accepts, and a query decodes to the numbers jansson
 * sees.
 *
 * Known differences, where the texts are not compared: jansson refuses reals beyond a double's range and
 * integers beyond a long long (read as reals here, so only their syntax is compared), refuses duplicate keys
 * only on request, and allows deeper nesting. */
#include "fuzz.h"

#include "dialect.h"
#include "json_bulk.h"
#include "json_decode.h"
#include "json_read.h"
#include "openapi_routes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static bool we_accept(struct kvx_bytes text, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    kvx_json_begin(&c, text, e);
    return kvx_json_skip(&c) == 0 && kvx_json_finish(&c) == 0;
}

static void compare_syntax(struct kvx_bytes text)
{
    struct kvx_error e = {0};
    json_error_t error;
    json_t *theirs = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
    bool ours = we_accept(text, &e);
    bool differs = (!theirs && json_error_code(&error) == json_error_numeric_overflow) ||
                   (!ours && strstr(e.text, "nested too deeply"));
    require(differs || ours == (theirs != NULL), "the readers do not agree on what is JSON");
    json_decref(theirs);
}

/* True when `array` holds exactly these numbers. */
static bool same_numbers(const json_t *array, const struct kvx_http_query_request *request)
{
    size_t i;
    json_t *item;
    if (!json_is_array(array) || json_array_size(array) != request->token_ids.n)
        return false;
    json_array_foreach(array, i, item)
    {
        if (!json_is_integer(item) || json_integer_value(item) != (json_int_t)request->token_ids.items[i])
            return false;
    }
    return true;
}

static bool all_tokens(const json_t *array)
{
    size_t i;
    json_t *item;
    if (!json_is_array(array) || json_array_size(array) > 1048576)
        return false;
    json_array_foreach(array, i, item)
    {
        if (!json_is_integer(item) || json_integer_value(item) < 0 || json_integer_value(item) > UINT32_MAX)
            return false;
    }
    return true;
}

/* A refusal for what a field says that is not the array of tokens. */
static bool names_another_field(const struct kvx_error *e)
{
    return e->text[0] == '`' && strncmp(e->text, "`token_ids`", strlen("`token_ids`")) != 0;
}

static void compare_query(struct kvx_bytes text)
{
    struct kvx_http_query_request request;
    struct kvx_arena arena;
    struct kvx_error e = {0};
    json_error_t error;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 24);
    int r = kvx_json_decode(&kvx_http_type_query_request, text, &arena, &request, &e);
    require(r == 0 || (r == KVX_INVALID && e.text[0]), "a failure without a reason");
    json_t *theirs = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(theirs) && !memchr(text.data, 0, text.len)) {
        const json_t *array = json_object_get(theirs, "token_ids");
        if (r == 0)
            require(same_numbers(array, &request), "the numbers differ");
        else
            require(!all_tokens(array) || strstr(e.text, "nested too deeply") || names_another_field(&e),
                    "a good query was refused");
    }
    json_decref(theirs);
    kvx_arena_reset(&arena);
}

static void decode_others(struct kvx_bytes text)
{
    static const struct kvx_json_type *const types[] = {
        &kvx_http_type_register_request, &kvx_http_type_unregister_request,
        &kvx_http_type_query_by_hash_request, &kvx_http_type_query_request, &kvx_http_type_peer_request};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        union {
            struct kvx_http_register_request registers;
            struct kvx_http_unregister_request unregisters;
            struct kvx_http_query_by_hash_request hashes;
            struct kvx_http_query_request tokens;
            struct kvx_http_peer_request peer;
        } out;
        enum kvx_http_dialect dialect = KVX_HTTP_DIALECT_COUNT;
        struct kvx_arena arena;
        struct kvx_error e = {0};
        kvx_arena_init(&arena, &kvx_system_allocator, 1 << 24);
        require(types[i]->size <= sizeof(out), "room");
        int r = kvx_json_decode(types[i], text, &arena, &out, &e);
        if (r == 0)
            r = dialect_of(types[i], &out, &dialect, &e);
        require(r == 0 ? dialect < KVX_HTTP_DIALECT_COUNT : r == KVX_INVALID && e.text[0],
                "a failure without a reason");
        kvx_arena_reset(&arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kvx_bytes text = {(const char *)data, size};
    if (memchr(data, 0, size)) {
        struct kvx_error e;
        require(!we_accept(text, &e), "a NUL byte was accepted");
    } else {
        compare_syntax(text);
    }
    compare_query(text);
    decode_others(text);
    return 0;
}
