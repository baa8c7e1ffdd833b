/* The JSON reader, the bulk scanner, the decoder and the writer, without a server. jansson is the judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "json_bulk.h"
#include "json_decode.h"
#include "json_read.h"
#include "json_write.h"
#include "openapi_routes.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A copy of exactly `len` bytes, so that the address sanitizer sees a read beyond the end. */
static struct kvx_bytes exact_copy(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    return (struct kvx_bytes){copy, len};
}

static bool we_accept(struct kvx_bytes text)
{
    struct kvx_json_cursor c;
    struct kvx_error e;
    kvx_json_begin(&c, text, &e);
    return kvx_json_skip(&c) == 0 && kvx_json_finish(&c) == 0;
}

/* *differs: where jansson is stricter than the grammar, a real beyond a double's range. */
static bool jansson_accepts(struct kvx_bytes text, bool *differs)
{
    json_error_t error;
    json_t *value = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
    json_decref(value);
    *differs = !value && json_error_code(&error) == json_error_numeric_overflow;
    return value != NULL;
}

static void agree(const char *data, size_t len)
{
    struct kvx_bytes text = exact_copy(data, len);
    bool differs, ours = we_accept(text), theirs = jansson_accepts(text, &differs);
    if (ours != theirs && !differs)
        fail_msg("we %s, jansson %s: %.*s", ours ? "accept" : "refuse", theirs ? "accepts" : "refuses",
                 (int)len, data);
    free((void *)(uintptr_t)text.data);
}

static const char *const texts[] = {
    "0",
    "-0",
    "1",
    "-1",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1.5",
    "1e5",
    "1E+5",
    "1e-5",
    "1e",
    "1e+",
    "0.0",
    "00",
    "true",
    "false",
    "null",
    "tru",
    "nul",
    "truex",
    "\"\"",
    "\"a\"",
    "\"a",
    "\"\\\"\"",
    "\"\\",
    "\"\\x\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u1234\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ude00\"",
    "\"\\ud83dx\"",
    "\"\x01\"",
    "\"\x7f\"",
    "\"\xc3\xa9\"",
    "\"\xc3\"",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "\"\xc0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf0\x9f\x98\x80\"",
    "[]",
    "[",
    "]",
    "[1]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,2",
    "{}",
    "{",
    "}",
    "{\"a\":1}",
    "{\"a\":1,}",
    "{\"a\"}",
    "{\"a\":}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":[{\"b\":[[]]}]}",
    "[[[[[]]]]]",
    "[[[]]",
    "[}",
    "{]",
    " [ 1 , 2 ] ",
    "[1]\n\t\r ",
    "[1] x",
    "",
    " ",
    "\xef\xbb\xbf[]",
    "[1,\f2]",
    "/**/[]",
    "[1]/",
    "NaN",
    "Infinity",
    "\"\\/\\b\\f\\n\\r\\t\"",
};

static void syntax(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        agree(texts[i], strlen(texts[i]));
}

/* Texts glued together and damaged: both readers must agree on each. */
static void damaged_syntax(void **state)
{
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char text[64];
        size_t len = 0, n = next_random() % 4 + 1;
        for (size_t i = 0; i < n; i++) {
            const char *part = texts[next_random() % (sizeof(texts) / sizeof(*texts))];
            if (len + strlen(part) < sizeof(text))
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", part);
        }
        static const char damage[] = "[]{},:\"\\0-19.eE tfn";
        for (uint64_t i = next_random() % 3; i && len; i--)
            text[next_random() % len] = damage[next_random() % (sizeof(damage) - 1)];
        agree(text, len);
    }
}

static void deep_nesting(void **state)
{
    char text[1000];
    (void)state;
    memset(text, '[', 500);
    memset(text + 500, ']', 500);
    assert_true(we_accept((struct kvx_bytes){text + 500 - KVX_JSON_DEPTH_MAX, 2 * KVX_JSON_DEPTH_MAX}));
    assert_false(we_accept((struct kvx_bytes){text, 1000}));
}

static void strings(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {{"\"plain\"", "plain"},
                 {"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
                 {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz"},
                 {" \"\\u0041\"", "A"}};
    struct kvx_arena arena;
    (void)state;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct kvx_json_cursor c;
        struct kvx_error e;
        struct kvx_bytes out;
        kvx_json_begin(&c, kvx_bytes_of(cases[i].json), &e);
        assert_int_equal(kvx_json_string(&c, &arena, &out), 0);
        assert_true(kvx_bytes_is(out, cases[i].text));
        assert_int_equal(kvx_json_finish(&c), 0);
    }
    kvx_arena_reset(&arena);
}

static const struct kvx_json_type u32_item = {.kind = KVX_JSON_U32, .size = 4, .max = UINT32_MAX};
static const struct kvx_json_type wide_item = {.kind = KVX_JSON_WIDE, .size = 8, .max = UINT64_MAX};
static const struct kvx_json_type u32_bulk = {
    .kind = KVX_JSON_BULK, .max = 1000, .item = &u32_item, .item_size = 4};
static const struct kvx_json_type wide_bulk = {
    .kind = KVX_JSON_BULK, .max = 1000, .item = &wide_item, .item_size = 8};

static int read_bulk(struct kvx_arena *arena, struct kvx_bytes text, const struct kvx_json_type *type,
                     struct kvx_json_list *out, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    kvx_json_begin(&c, text, e);
    int r = kvx_json_bulk(&c, arena, type, kvx_bytes_of("f"), out);
    return r ? r : kvx_json_finish(&c);
}

/* A number with a random count of digits, so that each length is as likely as another. */
static uint64_t random_number(bool wide)
{
    uint64_t v = next_random(), digits = next_random() % (wide ? 20 : 10) + 1, limit = 10;
    while (--digits)
        limit *= 10;
    v = digits < 20 && limit > 1 ? v % limit : v;
    return wide ? v : (uint32_t)v;
}

/* Half of the arrays are as machines write token ids: "1,23" or "1, 23", of numbers that are rarely large. */
static size_t random_array(char *out, uint64_t *values, size_t n, bool wide)
{
    static const char *const spaces[] = {"", "", "", "", " ", "  ", "\n\t"};
    bool plain = next_random() % 2;
    const char *plain_space = spaces[next_random() % 2 * 4];
    size_t len = (size_t)sprintf(out, "[");
    for (size_t i = 0; i < n; i++) {
        values[i] = random_number(wide);
        if (plain && next_random() % 32)
            values[i] %= 10000000;
        const char *a = plain ? plain_space : spaces[next_random() % 7];
        const char *b = plain ? "" : spaces[next_random() % 7];
        bool negative = wide && values[i] && values[i] <= UINT64_C(1) << 63 && next_random() % 4 == 0;
        len += (size_t)sprintf(out + len, "%s%s%s%" PRIu64 "%s", i ? "," : "", a, negative ? "-" : "",
                               values[i], b);
        if (negative)
            values[i] = 0 - values[i];
    }
    return len + (size_t)sprintf(out + len, "]");
}

static void random_bulk(void **state)
{
    static char text[40000];
    static uint64_t values[1000];
    struct kvx_arena arena;
    (void)state;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    for (int round = 0; round < 3000; round++) {
        bool wide = round % 2;
        size_t n = next_random() % (round % 100 == 0 ? 1001 : 30);
        struct kvx_bytes json = exact_copy(text, random_array(text, values, n, wide));
        struct kvx_json_list list;
        struct kvx_error e;
        if (read_bulk(&arena, json, wide ? &wide_bulk : &u32_bulk, &list, &e) != 0)
            fail_msg("%s: %.*s", e.text, (int)json.len, json.data);
        assert_int_equal(list.n, n);
        for (size_t i = 0; i < n; i++)
            assert_true((wide ? ((const uint64_t *)list.items)[i] : ((const uint32_t *)list.items)[i]) ==
                        values[i]);
        free((void *)(uintptr_t)json.data);
        kvx_arena_recycle(&arena, 1 << 16);
    }
    kvx_arena_reset(&arena);
}

/* One byte changed: jansson and the scanner must agree whether it is still an array of fitting integers. */
static void damaged_bulk(void **state)
{
    static char text[2000];
    static uint64_t values[60];
    struct kvx_arena arena;
    (void)state;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    for (int round = 0; round < 100000; round++) {
        static const char damage[] = "[]{},:\"\\0-19.eE tfn";
        size_t len = random_array(text, values, next_random() % 60, false);
        text[next_random() % len] = damage[next_random() % (sizeof(damage) - 1)];
        struct kvx_bytes json = exact_copy(text, len);
        struct kvx_json_list list = {0};
        struct kvx_error e;
        json_error_t error;
        bool ours = read_bulk(&arena, json, &u32_bulk, &list, &e) == 0;
        json_t *array = json_loadb(json.data, json.len, 0, &error), *item;
        size_t i;
        bool theirs = json_is_array(array);
        json_array_foreach(array, i, item)
        {
            json_int_t v = json_integer_value(item);
            theirs = theirs && json_is_integer(item) && v >= 0 && v <= (json_int_t)UINT32_MAX;
            if (theirs && ours)
                assert_true(i < list.n && ((const uint32_t *)list.items)[i] == (uint64_t)v);
        }
        if (ours != theirs || (ours && list.n != json_array_size(array)))
            fail_msg("we %s: %s: %.*s", ours ? "accept" : "refuse", ours ? "" : e.text, (int)json.len,
                     json.data);
        json_decref(array);
        free((void *)(uintptr_t)json.data);
        kvx_arena_recycle(&arena, 1 << 16);
    }
    kvx_arena_reset(&arena);
}

static void bulk_limits(void **state)
{
    static const struct kvx_json_type small_item = {.kind = KVX_JSON_U32, .size = 4, .min = 3, .max = 5};
    static const struct kvx_json_type small = {
        .kind = KVX_JSON_BULK, .min = 1, .max = 20, .item = &small_item, .item_size = 4};
    static const struct {
        const char *json, *error;
    } cases[] = {{"[3,4,5]", NULL},
                 {"[]", "`f`: fewer than 1 items"},
                 {"[3,2]", "`f`[1]: 2 is not in 3..5"},
                 {"[3,6,3,3,3,3,3,3,3,3,3,3,3,3,3,3]", "`f`[1]: 6 is not in 3..5"},
                 {"[3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3]", NULL},
                 {"[3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3]", "`f`: more than 20 items"},
                 {"[3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3]", "`f`: more than 20"},
                 {"[123456789012345678901234567890123456789012345]",
                  "`f`[0]: 1234567890123456789012345678901234567890... is not in 3..5"},
                 {"{}", "`f`: expected an array, not an object"}};
    struct kvx_arena arena;
    (void)state;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct kvx_json_list list;
        struct kvx_error e = {0};
        int r = read_bulk(&arena, kvx_bytes_of(cases[i].json), &small, &list, &e);
        assert_int_equal(r, cases[i].error ? KVX_INVALID : 0);
        if (cases[i].error && !strstr(e.text, cases[i].error))
            fail_msg("%s, not %s", e.text, cases[i].error);
    }
    kvx_arena_reset(&arena);
}

/* Each item of a long array is judged, wherever it stands. */
static void bulk_ranges(void **state)
{
    enum { ITEMS = 100 };
    static const struct kvx_json_type item = {.kind = KVX_JSON_U32, .size = 4, .min = 30, .max = 5000};
    static const struct kvx_json_type type = {
        .kind = KVX_JSON_BULK, .max = ITEMS, .item = &item, .item_size = 4};
    static const char *const outside[] = {"29", "5001", "0", "100000000", "4294967295"};
    static const char *const inside[] = {"30", "5000", "999", "4000"};
    struct kvx_arena arena;
    (void)state;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    for (size_t round = 0; round < 2 * ITEMS * 5; round++) {
        char text[8 * ITEMS], wanted[64];
        size_t at = round / 10, len = (size_t)sprintf(text, "[");
        for (size_t i = 0; i < ITEMS; i++)
            len += (size_t)sprintf(text + len, "%s%s",
                                   i == 0      ? ""
                                   : round % 2 ? ","
                                               : ", ",
                                   i == at ? outside[round / 2 % 5] : inside[(i + round) % 4]);
        len += (size_t)sprintf(text + len, "]");
        struct kvx_bytes json = exact_copy(text, len);
        struct kvx_json_list list;
        struct kvx_error e = {0};
        sprintf(wanted, "`f`[%zu]: %s is not in 30..5000", at, outside[round / 2 % 5]);
        assert_int_equal(read_bulk(&arena, json, &type, &list, &e), KVX_INVALID);
        assert_string_equal(e.text, wanted);
        free((void *)(uintptr_t)json.data);
        kvx_arena_recycle(&arena, 1 << 16);
    }
    kvx_arena_reset(&arena);
}

static void decode_out_of_memory(void **state)
{
    const char *body = "{\"token_ids\":[1,2,3,4],\"unkn\\u006fwn\":[\"\\u0041\"]}";
    (void)state;
    for (unsigned n = 1;; n++) {
        struct failing_allocator memory;
        struct kvx_arena arena;
        struct kvx_http_query_request request;
        struct kvx_error e;
        failing_allocator_init(&memory);
        memory.fail_at = n;
        kvx_arena_init(&arena, &memory.allocator, 1 << 20);
        int r = kvx_json_decode(&kvx_http_type_query_request, kvx_bytes_of(body), &arena, &request, &e);
        kvx_arena_reset(&arena);
        assert_int_equal(memory.live, 0);
        if (r == 0) {
            assert_true(n > 1);
            break;
        }
        assert_int_equal(r, KVX_NOMEM);
    }
}

/* Fields of every kind through writer and decoder and back. */
enum colour { RED, GREEN, COLOUR_COUNT };
struct everything {
    bool flag;
    bool has_small;
    uint32_t small;
    uint64_t big, with_default;
    enum colour colour;
    struct kvx_json_id id;
    struct kvx_bytes text;
    struct kvx_json_list bulk;
};
static const struct kvx_bytes colours[] = {{"red", 3}, {"green", 5}};
static const struct kvx_json_type flag_type = {.kind = KVX_JSON_BOOL, .size = sizeof(bool)};
static const struct kvx_json_type big_type = {.kind = KVX_JSON_U64, .size = 8, .max = UINT64_MAX};
static const struct kvx_json_type colour_type = {
    .kind = KVX_JSON_ENUM, .size = 4, .names = colours, .n_names = 2};
static const struct kvx_json_type id_type = {
    .kind = KVX_JSON_ID, .size = sizeof(struct kvx_json_id), .max = UINT64_MAX, .text_min = 1, .text_max = 3};
static const struct kvx_json_type text_type = {
    .kind = KVX_JSON_TEXT, .size = sizeof(struct kvx_bytes), .max = 3};
#define LEAD(n) .name = {#n, sizeof(#n) - 1}, .lead = {"\"" #n "\":", sizeof(#n) + 2}
#define PLACE(n) .offset = offsetof(struct everything, n), .has_offset = KVX_JSON_ALWAYS
static const struct kvx_json_field fields[] = {
    {LEAD(flag), .type = &flag_type, PLACE(flag), .required = true},
    {LEAD(small), .type = &u32_item, .offset = offsetof(struct everything, small),
     .has_offset = offsetof(struct everything, has_small), .nullable = true},
    {LEAD(big), .type = &big_type, PLACE(big), .required = true},
    {LEAD(with_default), .type = &big_type, PLACE(with_default), .value = 77},
    {LEAD(colour), .type = &colour_type, PLACE(colour), .required = true},
    {LEAD(id), .type = &id_type, PLACE(id), .required = true},
    {LEAD(text), .type = &text_type, PLACE(text), .required = true},
    {LEAD(bulk), .type = &wide_bulk, PLACE(bulk), .required = true},
};
static const struct kvx_json_type everything_type = {
    .kind = KVX_JSON_OBJECT, .size = sizeof(struct everything), .fields = fields, .n_fields = 8};

static void round_trip(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{\"flag\":true,\"small\":5,\"big\":18446744073709551615,\"colour\":\"green\",\"id\":0,\"text\":"
         "\"\\u00e9a\","
         "\"bulk\":[-1,1],\"with_default\":3}",
         "{\"flag\":true,\"small\":5,\"big\":18446744073709551615,\"with_default\":3,\"colour\":\"green\","
         "\"id\":0,"
         "\"text\":\"\xc3\xa9"
         "a\",\"bulk\":[18446744073709551615,1]}"},
        {"{\"bulk\":[],\"text\":\"\",\"id\":\"0\",\"colour\":\"red\",\"big\":0,\"small\":null,\"flag\":"
         "false}",
         "{\"flag\":false,\"big\":0,\"with_default\":77,\"colour\":\"red\",\"id\":\"0\",\"text\":\"\","
         "\"bulk\":[]}"},
        {"{\"bulk\":[],\"text\":\"\\u00e9ab\",\"id\":\"0\",\"colour\":\"red\",\"big\":0,\"flag\":false}",
         "`text`: 4 bytes, but 0..3 are allowed"},
        {"{\"bulk\":[],\"text\":\"abcd\",\"id\":\"0\",\"colour\":\"red\",\"big\":0,\"flag\":false}",
         "`text`: 4 bytes, but 0..3 are allowed"},
        {"{\"bulk\":[],\"text\":\"\",\"id\":\"0\",\"colour\":\"blue\",\"big\":0,\"flag\":false}",
         "`colour`: not one of the known values, which are red, green"},
        {"{\"bulk\":[],\"text\":\"\",\"id\":\"0\",\"colour\":\"red\",\"big\":0,\"flag\":0}",
         "`flag`: expected a boolean, not a number"},
        {"{\"bulk\":[],\"text\":\"\",\"id\":\"0\",\"colour\":1,\"big\":0,\"flag\":true}",
         "`colour`: expected a string, not a number"},
    };
    struct kvx_arena arena;
    struct kvx_buf out;
    (void)state;
    kvx_arena_init(&arena, &kvx_system_allocator, 1 << 20);
    kvx_buf_init(&out, &kvx_system_allocator, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct everything value;
        struct kvx_error e = {0};
        int r = kvx_json_decode(&everything_type, kvx_bytes_of(cases[i].in), &arena, &value, &e);
        kvx_buf_clear(&out);
        if (r == 0)
            kvx_json_write(&out, &everything_type, &value);
        kvx_buf_char(&out, 0);
        assert_string_equal(r ? e.text : out.data, cases[i].out);
    }
    kvx_buf_free(&out);
    kvx_arena_reset(&arena);
}

/* Writing to a buffer that cannot grow fails visibly and not otherwise. */
static void write_out_of_memory(void **state)
{
    const struct kvx_http_status status = {.status = KVX_HTTP_STATUS_STATUS_OK};
    struct failing_allocator memory;
    struct kvx_buf out;
    (void)state;
    failing_allocator_init(&memory);
    memory.fail_at = 1;
    kvx_buf_init(&out, &memory.allocator, 1 << 20);
    kvx_json_write(&out, &kvx_http_type_status, &status);
    assert_false(kvx_buf_ok(&out));
    kvx_buf_free(&out);
    kvx_buf_init(&out, &kvx_system_allocator, 5);
    kvx_json_write(&out, &kvx_http_type_status, &status);
    assert_false(kvx_buf_ok(&out));
    kvx_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax),
        cmocka_unit_test(damaged_syntax),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(strings),
        cmocka_unit_test(random_bulk),
        cmocka_unit_test(damaged_bulk),
        cmocka_unit_test(bulk_limits),
        cmocka_unit_test(bulk_ranges),
        cmocka_unit_test(decode_out_of_memory),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(write_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
