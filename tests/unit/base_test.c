#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "failing_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void errors_have_one_table(void **state)
{
    (void)state;
    char name[KVX_ERROR_TEXT_MAX + 1] = "";
    struct kvx_error e;
    assert_int_equal(kvx_fail(&e, KVX_CONFLICT, "`block_size`: %d", 7), KVX_CONFLICT);
    assert_string_equal(e.text, "`block_size`: 7");
    assert_int_equal(kvx_code_http(KVX_CONFLICT), 409);
    assert_int_equal(kvx_code_grpc(KVX_CONFLICT), 9);
    assert_int_equal(kvx_code_http(KVX_TOO_LARGE), 413);
    assert_int_equal(kvx_code_http(-4242), 500); /* unknown codes are internal errors */
    assert_int_equal(kvx_fail(NULL, KVX_INVALID, "x"), KVX_INVALID);
    kvx_fail(&e, KVX_INVALID, "%.3s, \xff, %s", "\xc3\xa9\xc3\xa9", "\xf0\x9f\x98\x80"); /* cut inside */
    assert_string_equal(e.text, "\xc3\xa9?, ?, \xf0\x9f\x98\x80");
    memset(name, 'a', sizeof(name) - 1);
    memcpy(name + KVX_ERROR_TEXT_MAX - 2, "\xc3\xa9", 3);
    kvx_fail(&e, KVX_INVALID, "%s", name); /* as long as it may be, and a character more */
    assert_int_equal(strlen(e.text), KVX_ERROR_TEXT_MAX - 1);
    assert_true(kvx_bytes_is_text(kvx_bytes_of(e.text)));
}

static void arena_keeps_its_cap(void **state)
{
    (void)state;
    struct failing_allocator f;
    struct kvx_arena a;
    failing_allocator_init(&f);
    kvx_arena_init(&a, &f.allocator, 100000);
    size_t got = 0;
    while (kvx_arena_alloc(&a, 1000))
        got += 1000;
    assert_true(got >= 90000 && got <= 100000);
    assert_true(a.used <= 100000);
    assert_int_equal((int64_t)a.used, f.live);
    assert_null(kvx_arena_alloc(&a, SIZE_MAX - 8));
    assert_null(kvx_arena_array(&a, SIZE_MAX / 2, 4));
    kvx_arena_recycle(&a, 60000);
    assert_true(f.live > 0 && f.live <= 60000);
    uint64_t calls = f.calls;
    char *text = kvx_arena_text(&a, kvx_bytes_of("kept"));
    assert_string_equal(text, "kept");
    assert_int_equal(f.calls, calls); /* served from the kept block */
    assert_int_equal((uintptr_t)kvx_arena_alloc(&a, 3) % 16, 0);
    kvx_arena_reset(&a);
    assert_int_equal(f.live, 0);
    f.fail_at = f.calls + 1;
    assert_null(kvx_arena_alloc(&a, 10));
}

static void expect_json(const char *in, size_t len, const char *want)
{
    struct kvx_buf b;
    kvx_buf_init(&b, &kvx_system_allocator, 1 << 20);
    kvx_buf_json(&b, (struct kvx_bytes){in, len});
    kvx_buf_char(&b, 0);
    assert_string_equal(b.data, want);
    kvx_buf_free(&b);
}

static void json_strings(void **state)
{
    (void)state;
    expect_json("plain", 5, "\"plain\"");
    expect_json("a\"b\\c\n\t\r\x01", 9, "\"a\\\"b\\\\c\\n\\t\\r\\u0001\"");
    expect_json("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    expect_json("a\xff"
                "b\xed\xa0\x80",
                6,
                "\"a\xef\xbf\xbd"
                "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_json("\0", 1, "\"\\u0000\"");
    assert_true(kvx_bytes_is_text(kvx_bytes_of("\xe2\x82\xac ok")));
    assert_false(kvx_bytes_is_text((struct kvx_bytes){"a\0b", 3}));
    assert_false(kvx_bytes_is_text(kvx_bytes_of("\xc0\x80")));
    assert_false(kvx_bytes_is_text(kvx_bytes_of("\xe2\x82")));
}

static void buffer_numbers_and_bounds(void **state)
{
    (void)state;
    struct kvx_buf b;
    kvx_buf_init(&b, &kvx_system_allocator, 64);
    kvx_buf_u64(&b, UINT64_MAX);
    kvx_buf_char(&b, ' ');
    kvx_buf_i64(&b, INT64_MIN);
    kvx_buf_char(&b, ' ');
    kvx_buf_u64(&b, 0);
    assert_memory_equal(b.data, "18446744073709551615 -9223372036854775808 0", b.len);
    kvx_buf_printf(&b, "%0100d", 1);
    assert_false(kvx_buf_ok(&b));
    kvx_buf_clear(&b);
    kvx_buf_text(&b, "again");
    assert_true(kvx_buf_ok(&b));
    assert_int_equal(b.len, 5);
    kvx_buf_free(&b);

    struct failing_allocator f;
    failing_allocator_init(&f);
    f.fail_at = 1;
    kvx_buf_init(&b, &f.allocator, 64);
    kvx_buf_text(&b, "lost");
    assert_false(kvx_buf_ok(&b));
    assert_int_equal(b.len, 0);
    kvx_buf_free(&b);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void log_lines_in_both_formats(void **state)
{
    (void)state;
    char path[] = "/tmp/kvindex-log-XXXXXX", moved[sizeof(path) + 2];
    close(mkstemp(path));
    for (int format = KVX_LOG_TEXT; format <= KVX_LOG_JSON; format++) {
        struct kvx_log *log;
        struct kvx_error e;
        assert_int_equal(kvx_log_new(&log, path, KVX_LOG_INFO, (enum kvx_log_format)format, &e), 0);
        kvx_log(log, KVX_LOG_DEBUG, "hidden");
        kvx_log(log, KVX_LOG_WARN, "gap", KVX_S("instance", "a\nb"), KVX_U("missing", 3), KVX_I("delta", -4));
        kvx_log(NULL, KVX_LOG_ERROR, "no log at all");
        kvx_log_free(log);
    }
    char *text = read_all(path);
    assert_null(strstr(text, "hidden"));
    assert_non_null(strstr(text, " warn  gap instance=\"a\\nb\" missing=3 delta=-4\n"));
    assert_non_null(strstr(
        text, "\"level\":\"warn\",\"msg\":\"gap\",\"instance\":\"a\\nb\",\"missing\":3,\"delta\":-4}\n"));
    free(text);

    struct kvx_log *log;
    struct kvx_error e;
    assert_int_equal(kvx_log_new(&log, path, KVX_LOG_INFO, KVX_LOG_TEXT, &e), 0);
    snprintf(moved, sizeof(moved), "%s.1", path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(kvx_log_reopen(log, &e), 0);
    kvx_log(log, KVX_LOG_INFO, "after rotation");
    kvx_log_free(log);
    text = read_all(path);
    assert_non_null(strstr(text, "after rotation"));
    free(text);
    unlink(path);
    unlink(moved);
    assert_int_equal(kvx_log_new(&log, "/nonexistent/folder/x.log", KVX_LOG_INFO, KVX_LOG_TEXT, &e),
                     KVX_INVALID);
}

static void repeated_lines_are_held_back(void **state)
{
    (void)state;
    struct kvx_log_limit limit = {0};
    uint64_t held = 99;
    assert_true(kvx_log_due(&limit, KVX_SECONDS(3600), &held));
    assert_int_equal(held, 0);
    for (int i = 0; i < 5; i++)
        assert_false(kvx_log_due(&limit, KVX_SECONDS(3600), &held));
    atomic_store(&limit.next_ns, 0);
    assert_true(kvx_log_due(&limit, KVX_SECONDS(3600), &held));
    assert_int_equal(held, 5);
}

static void metrics_page(void **state)
{
    (void)state;
    static const char *const names[] = {"Query", "Dump"};
    static struct kvx_metrics m;
    struct kvx_request_stats *http;
    struct kvx_buf page;
    assert_int_equal(kvx_metrics_protocol(&m, &kvx_system_allocator, "http", names, 2, &http), 0);
    kvx_count(&m, KVX_COUNT_GAPS_SEEN, 3);
    kvx_metrics_request(http, 1, KVX_OK, 15000);
    kvx_metrics_request(http, 1, KVX_INVALID, KVX_SECONDS(100));
    kvx_buf_init(&page, &kvx_system_allocator, 1 << 20);
    kvx_metrics_write(&m, &page);
    kvx_buf_char(&page, 0);
    assert_non_null(
        strstr(page.data, "# TYPE kvindex_sequence_gaps_total counter\nkvindex_sequence_gaps_total 3\n"));
    assert_non_null(strstr(page.data, "kvindex_events_total{event=\"stored\",outcome=\"applied\"} 0\n"));
    assert_non_null(strstr(page.data, "{protocol=\"http\",operation=\"Dump\",le=\"1e-05\"} 0\n"));
    assert_non_null(strstr(page.data, "{protocol=\"http\",operation=\"Dump\",le=\"2e-05\"} 1\n"));
    assert_non_null(strstr(page.data, "{protocol=\"http\",operation=\"Dump\",le=\"+Inf\"} 2\n"));
    assert_non_null(
        strstr(page.data, "kvindex_request_errors_total{protocol=\"http\",operation=\"Dump\"} 1\n"));
    kvx_buf_free(&page);
    kvx_metrics_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_one_table),
        cmocka_unit_test(arena_keeps_its_cap),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(buffer_numbers_and_bounds),
        cmocka_unit_test(log_lines_in_both_formats),
        cmocka_unit_test(repeated_lines_are_held_back),
        cmocka_unit_test(metrics_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
