/* The reader of a peer's dump, without a peer: what it hands over, what it refuses, and that neither depends
 * on how the text is cut into chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "failing_allocator.h"
#include "recover_dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_BYTES = 1 << 20 };

/* What was stored, one line a run: model/tenant/salt/size worker.rank tier parent: local=engine... */
struct record {
    struct kvx_buf text;
    uint64_t calls, fail_at;
};

static int keep(void *user, const struct kvx_recovered_run *run, struct kvx_error *e)
{
    struct record *r = user;
    const struct kvx_partition_choice *p = &run->partition;
    if (++r->calls == r->fail_at)
        return kvx_fail(e, KVX_NOMEM, "no room");
    kvx_buf_printf(&r->text, "%.*s/%.*s/%.*s/%u %.*s.%u %u ", (int)p->model.len, p->model.data,
                   (int)p->tenant.len, p->tenant.data, (int)p->additional_salt.len,
                   p->additional_salt.len ? p->additional_salt.data : "", p->block_size,
                   (int)run->instance.len, run->instance.data, run->dp_rank, (unsigned)run->tier);
    if (run->has_parent)
        kvx_buf_printf(&r->text, "%" PRIu64, run->parent);
    kvx_buf_char(&r->text, ':');
    for (size_t i = 0; i < run->n; i++)
        kvx_buf_printf(&r->text, " %" PRIu64 "=%" PRIu64, run->local[i], run->engine[i]);
    kvx_buf_char(&r->text, '\n');
    return 0;
}

struct outcome {
    int status;
    struct kvx_error error;
    struct kvx_dump_counts counts;
    struct record record;
};

static struct kvx_dump_reader_config config_of(struct outcome *o, const struct kvx_allocator *a)
{
    return (struct kvx_dump_reader_config){
        .allocator = a,
        .value_bytes_max = VALUE_BYTES,
        .plain = {.model = kvx_bytes_of("m"), .tenant = kvx_bytes_of("g"), .block_size = 16},
        .store = keep,
        .user = &o->record,
    };
}

/* Each chunk is a copy of its own, so that the address sanitizer sees a read beyond its end or its life. */
static int feed_copy(struct kvx_dump_reader *r, const char *data, size_t len, struct kvx_error *e)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, data, len);
    int status = kvx_dump_reader_feed(r, (struct kvx_bytes){copy, len}, e);
    free(copy);
    return status;
}

/* `first` bytes in one chunk, the rest in chunks of `step`. */
static void read_config(struct outcome *o, const struct kvx_dump_reader_config *config, struct kvx_bytes text,
                        size_t first, size_t step)
{
    struct kvx_dump_reader *r = NULL;
    o->status = kvx_dump_reader_new(&r, config);
    for (size_t at = 0; at < text.len && o->status == 0;) {
        size_t n = at ? step : first;
        n = n < text.len - at ? n : text.len - at;
        o->status = feed_copy(r, text.data + at, n, &o->error);
        at += n;
    }
    if (o->status == 0)
        o->status = kvx_dump_reader_finish(r, &o->error);
    if (r)
        o->counts = *kvx_dump_reader_counts(r);
    kvx_dump_reader_free(r);
}

static void outcome_init(struct outcome *o)
{
    *o = (struct outcome){0};
    kvx_buf_init(&o->record.text, &kvx_system_allocator, 1 << 24);
}

static const char *recorded(struct outcome *o)
{
    kvx_buf_char(&o->record.text, 0);
    assert_true(kvx_buf_ok(&o->record.text));
    return o->record.text.data;
}

static void read_whole(struct outcome *o, const char *text)
{
    outcome_init(o);
    struct kvx_dump_reader_config config = config_of(o, &kvx_system_allocator);
    struct kvx_bytes bytes = kvx_bytes_of(text);
    read_config(o, &config, bytes, bytes.len, bytes.len);
}

#define EVENT(worker, data) "{\"worker_id\":" worker ",\"event\":{\"event_id\":0,\"data\":" data "}}"
#define STORED(parent, blocks) "{\"stored\":{\"parent_hash\":" parent ",\"blocks\":[" blocks "]}}"
#define BLOCK(engine, local) "{\"block_hash\":" engine ",\"tokens_hash\":" local "}"
#define PARTITION(key, events) "\"" key "\":{\"block_size\":16,\"events\":[" events "]}"

static void good(const char *text, const char *expected)
{
    struct outcome o;
    read_whole(&o, text);
    if (o.status)
        fail_msg("%s\n%s", o.error.text, text);
    assert_string_equal(recorded(&o), expected);
    kvx_buf_free(&o.record.text);
}

static void bad(int code, const char *text, const char *why)
{
    struct outcome o;
    read_whole(&o, text);
    if (o.status != code || !strstr(o.error.text, why))
        fail_msg("%s: status %d, \"%s\" instead of \"%s\"", text, o.status, o.error.text, why);
    kvx_buf_free(&o.record.text);
}

/* Everything at once, as both peers write it. */
static const char sample[] =
    " {\"a:b:c\": {\"block_size\":16,\"events\":[\n"
    "{\"worker_id\":18446744073709551615,\"storage_tier\":\"device\",\"residency_domain\":\"worker\","
    "\"event\":{\"event_id\":1,\"dp_rank\":4294967295,\"data\":{\"stored\":{\"parent_hash\":null,"
    "\"start_position\":null,\"blocks\":[{\"block_hash\":18446744073709551615,\"tokens_hash\":0,"
    "\"mm_extra_info\":null},{\"tokens_hash\":9,\"block_hash\":8,\"x\":[{\"\\\\\":\"}]\\\"\"}]}]}}},"
    "\"state_source\":{\"k\":[1,2]}},"
    "{\"event\":{\"data\":" STORED(
        "5",
        BLOCK(
            "6",
            "7")) "},\"storage_tier\":\"host_pinned\","
                  "\"worker_id\":\"caf\\u00e9 \\\"x\\\"\"},"
                  "{\"worker_id\":1,\"event\":{\"data\":{\"removed\":{\"block_hashes\":[1]}}}},"
                  "{\"worker_id\":1,\"event\":{\"data\":\"cleared\"}},"
                  "{\"worker_id\":1,\"residency_domain\":\"cluster\",\"event\":{\"data\":" STORED(
                      "null",
                      BLOCK(
                          "1",
                          "2")) "}},"
                                "{\"worker_id\":1,\"storage_tier\":\"tape\",\"event\":{\"data\":" STORED(
                                    "null",
                                    BLOCK(
                                        "1",
                                        "2")) "}},"
                                              "{\"worker_id\":1,\"event\":{\"data\":{\"stored\":{\"blocks\":["
                                              "]}}}}"
                                              "]} , "
                                              "\"k\":{\"model_name\":\"x\",\"routing_group\":\"y:\","
                                              "\"additional_salt\":\"s\",\"block_size\" : 4 ,"
                                              "\"events\" : [ " EVENT(
                                                  "7",
                                                  STORED(
                                                      "null",
                                                      BLOCK(
                                                          "1",
                                                          "2"))) " ] , \"later\":null},"
                                                                 "\"m:g\":{\"events\":[" EVENT(
                                                                     "1",
                                                                     STORED(
                                                                         "null",
                                                                         BLOCK(
                                                                             "3",
                                                                             "4"))) "," EVENT("2",
                                                                                              STORED(
                                                                                                  "3",
                                                                                                  BLOCK(
                                                                                                      "5",
                                                                                                      "6"))) "],\"extra\":[],\"block_size\":8},\"q:r\":{\"block_size\":1,\"events\":[]}}\n";

static const char sample_runs[] = "a:b/c//16 18446744073709551615.4294967295 0 : 0=18446744073709551615 9=8\n"
                                  "a:b/c//16 caf\xc3\xa9 \"x\".0 1 5: 7=6\n"
                                  "x/y:/s/4 7.0 0 : 2=1\n"
                                  "m/g//8 1.0 0 : 4=3\n"
                                  "m/g//8 2.0 0 3: 6=5\n";

static void both_forms(void **state)
{
    (void)state;
    struct outcome o;
    read_whole(&o, sample);
    assert_string_equal(o.error.text, "");
    assert_string_equal(recorded(&o), sample_runs);
    assert_int_equal(o.counts.bytes, sizeof(sample) - 1);
    assert_int_equal(o.counts.partitions, 4);
    assert_int_equal(o.counts.events, 10);
    assert_int_equal(o.counts.other_events, 2);
    assert_int_equal(o.counts.foreign_events, 2);
    assert_int_equal(o.counts.nameless_blocks, 0);
    kvx_buf_free(&o.record.text);

    good("[" EVENT("3", STORED("null", BLOCK("1", "2"))) " , " EVENT("\"w\"",
                                                                     STORED("1", BLOCK("3", "4"))) "]",
         "m/g//16 3.0 0 : 2=1\nm/g//16 w.0 0 1: 4=3\n");
    good("[]", "");
    good(" { } ", "");
}

/* Whatever the peer means by these, it is not a partition of ours; in a choice they would fit any. */
static void partitions_without_name(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{" PARTITION(":g", EVENT("1", STORED("null", BLOCK("1", "2")))) "}",
        "{" PARTITION("m:", EVENT("1", STORED("null", BLOCK("1", "2")))) "}",
        "{\"m:g\":{\"block_size\":0,\"events\":[" EVENT("1", STORED("null", BLOCK("1", "2"))) "]}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct outcome o;
        read_whole(&o, texts[i]);
        assert_int_equal(o.status, 0);
        assert_int_equal(o.record.calls, 0);
        assert_int_equal(o.counts.nameless_blocks, 1);
        kvx_buf_free(&o.record.text);
    }
    good("{\"m:g\":{\"additional_salt\":null,\"block_size\":2,\"events\":[" EVENT(
             "1", STORED("null", BLOCK("1", "2"))) "],\"model_name\":\"m\",\"routing_group\":\"g\"}}",
         "m/g//2 1.0 0 : 2=1\n");
}

static void broken_streams(void **state)
{
    (void)state;
    bad(KVX_INVALID, "", "cut short");
    bad(KVX_INVALID, "  ", "cut short");
    bad(KVX_INVALID, "<html>", "expected an array of events or an object");
    bad(KVX_INVALID, "\"x\"", "expected an array of events");
    bad(KVX_INVALID, "[] []", "expected the end");
    bad(KVX_INVALID, "[]]", "expected the end");
    bad(KVX_INVALID, "[", "cut short");
    bad(KVX_INVALID, "[,]", "expected a value");
    bad(KVX_INVALID, "[" EVENT("1", "\"cleared\"") ",]", "expected a value");
    bad(KVX_INVALID, "[" EVENT("1", "\"cleared\"") " " EVENT("1", "\"cleared\"") "]", "expected `,` or `]`");
    bad(KVX_INVALID, "[1]", "`events`: expected an object, not a number");
    bad(KVX_INVALID, "{\"m:g\"}", "expected `:`");
    bad(KVX_INVALID, "{1:2}", "expected a key");
    bad(KVX_INVALID, "{" PARTITION("m:g", "") ",}", "expected a key");
    bad(KVX_INVALID, "{" PARTITION("m:g", "") "]", "expected `,` or `}`");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":16,\"events\":[]]}", "expected `,` or `}`");
    bad(KVX_INVALID, "{\"m:g\":{,}}", "expected a key or `}`");
    bad(KVX_INVALID, "{\"m:g\":{\"x\":}}", "expected a value");
    bad(KVX_INVALID, "{\"m:g\":{\"x\":01}}", "must not start with 0");
    bad(KVX_INVALID, "{\"m:g\":{\"x\":[}]}}", "byte 12: the body is not valid JSON");
    bad(KVX_INVALID, "{\"m\\q:g\":{}}", "unknown escape");
    bad(KVX_INVALID, "{\"m\xff:g\":{}}", "not UTF-8");
    bad(KVX_INVALID, "{\"m:g\":[]}", "a partition must be an object");
}

static void broken_partitions(void **state)
{
    (void)state;
    bad(KVX_INVALID, "{\"m:g\":{}}", "`block_size` is missing");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":1}}", "`events` is missing");
    bad(KVX_INVALID, "{\"m:g\":{\"events\":[]}}", "`block_size` is missing");
    bad(KVX_INVALID, "{\"mg\":{\"block_size\":1,\"events\":[]}}", "not MODEL:GROUP");
    bad(KVX_INVALID, "{\"mg\":{\"model_name\":\"m\",\"block_size\":1,\"events\":[]}}", "not MODEL:GROUP");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":1,\"block_size\":1,\"events\":[]}}",
        "`block_size` is there twice");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":1,\"events\":[],\"events\":[]}}", "`events` is there twice");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":-1,\"events\":[]}}",
        "`block_size`: expected an integer in 0..");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":4294967296,\"events\":[]}}", "`block_size`: expected");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":\"16\",\"events\":[]}}", "`block_size`: expected an integer");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":16.0,\"events\":[]}}", "`block_size`: expected an integer");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":16,\"events\":{}}}",
        "`events`: expected an array, not an object");
    bad(KVX_INVALID, "{\"m:g\":{\"events\":null,\"block_size\":16}}", "`events`: expected an array");
    bad(KVX_INVALID, "{\"m:g\":{\"events\":[1],\"block_size\":16}}", "`events`: expected an object");
    bad(KVX_INVALID, "{\"m:g\":{\"model_name\":7,\"block_size\":16,\"events\":[]}}",
        "`model_name`: expected a string");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":16,\"events\":[],\"model_name\":\"n\"}}",
        "`model_name` comes after `events` and contradicts");
    bad(KVX_INVALID, "{\"m:g\":{\"block_size\":16,\"events\":[],\"additional_salt\":\"n\"}}",
        "`additional_salt` comes after `events`");
    bad(KVX_UNAVAILABLE, "{" PARTITION("a:b", "") ",\"m:g\":{\"error\":\"index offline\"}}",
        "could not dump partition `m:g`: \"index offline\"");
}

static void broken_events(void **state)
{
    (void)state;
    static const struct {
        const char *event, *why;
    } cases[] = {
        {"{}", "`worker_id` is missing in `events`"},
        {"{\"worker_id\":1}", "`event` is missing in `events`"},
        {"{\"worker_id\":1,\"event\":{}}", "`data` is missing in `event`"},
        {"{\"worker_id\":1,\"worker_id\":1,\"event\":{\"data\":\"cleared\"}}", "`worker_id` is there twice"},
        {EVENT("-1", "\"cleared\""), "`worker_id`: expected an integer in 0..18446744073709551615"},
        {EVENT("18446744073709551616", "\"cleared\""), "`worker_id`: expected an integer"},
        {EVENT("1e3", "\"cleared\""), "`worker_id`: expected an integer"},
        {EVENT("\"\"", "\"cleared\""), "`worker_id` is empty"},
        {EVENT("null", "\"cleared\""), "`worker_id`: expected a string, not null"},
        {EVENT("1", "null"), "`data`: expected an object, not null"},
        {EVENT("1", "{\"stored\":{}}"), "`blocks` is missing in `stored`"},
        {EVENT("1", "{\"stored\":{\"blocks\":{}}}"), "`blocks`: expected an array, not an object"},
        {EVENT("1", "{\"stored\":{\"blocks\":[]},\"removed\":{}}"), "both `stored` and `removed`"},
        {EVENT("1", STORED("-1", "")), "`parent_hash`: expected an integer in 0..18446744073709551615"},
        {EVENT("1", STORED("\"1\"", "")), "`parent_hash`: expected an integer, not a string"},
        {EVENT("1", STORED("null", "{\"block_hash\":1}")), "`tokens_hash` is missing in `blocks`"},
        {EVENT("1", STORED("null", BLOCK("18446744073709551616", "1"))), "`block_hash`: expected"},
        {EVENT("1", STORED("null", BLOCK("1", "123456789012345678901234567890123456789"))), "`tokens_hash`"},
        {EVENT("1", STORED("null", BLOCK("1", "2") ",")), "expected a value"},
        {EVENT("1", STORED("null", BLOCK("1", "2") BLOCK("1", "2"))), "expected `,` or `]`"},
        {"{\"worker_id\":1,\"event\":{\"dp_rank\":4294967296,\"data\":\"cleared\"}}", "`dp_rank`: expected"},
        {"{\"worker_id\":1,\"storage_tier\":null,\"event\":{\"data\":\"cleared\"}}",
         "`storage_tier`: expected"},
        {"{\"worker_id\":1,\"residency_domain\":null,\"event\":{\"data\":\"cleared\"}}",
         "`residency_domain`"},
        {"{\"worker_id\":1,\"event\":{\"data\":\"cleared\"},\"x\":tru}", "expected a value"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "[%s]", cases[i].event);
        bad(KVX_INVALID, text, cases[i].why);
        snprintf(text, sizeof(text), "{\"m:g\":{\"events\":[%s],\"block_size\":16}}", cases[i].event);
        bad(KVX_INVALID, text, cases[i].why);
    }
}

static void array_without_block_size(void **state)
{
    (void)state;
    struct outcome o;
    outcome_init(&o);
    struct kvx_dump_reader_config config = config_of(&o, &kvx_system_allocator);
    config.plain.block_size = 0;
    struct kvx_bytes text = kvx_bytes_of("[" EVENT("1", "\"cleared\"") "]");
    read_config(&o, &config, text, text.len, 1);
    assert_int_equal(o.status, KVX_INVALID);
    assert_non_null(strstr(o.error.text, "no block size is known"));
    read_config(&o, &config, kvx_bytes_of("[]"), 2, 1);
    assert_int_equal(o.status, 0);
    kvx_buf_free(&o.record.text);
}

/* Deep nesting and endless values are noticed while they arrive, not after. */
static void endless_values(void **state)
{
    (void)state;
    static const char *const repeated[] = {"[", "{\"a\":", "\"x\",", "1", "\\\\"};
    static const char *const starts[] = {"[", "[", "[[", "{\"m:g\":{\"x\":1", "{\"a:"};
    for (size_t i = 0; i < sizeof(repeated) / sizeof(*repeated); i++) {
        struct outcome o;
        struct kvx_dump_reader *r;
        outcome_init(&o);
        struct kvx_dump_reader_config config = config_of(&o, &kvx_system_allocator);
        config.value_bytes_max = 4096;
        assert_int_equal(kvx_dump_reader_new(&r, &config), 0);
        int status = feed_copy(r, starts[i], strlen(starts[i]), &o.error);
        unsigned n = 0;
        for (; status == 0 && n < 10000; n++)
            status = feed_copy(r, repeated[i], strlen(repeated[i]), &o.error);
        assert_true(status == (i < 2 ? KVX_INVALID : KVX_TOO_LARGE));
        assert_non_null(strstr(o.error.text, i < 2 ? "nested too deeply" : "more than 4096 bytes"));
        assert_true(n <= 4097);
        kvx_dump_reader_free(r);
        kvx_buf_free(&o.record.text);
    }
}

static void every_split(void **state)
{
    (void)state;
    const struct kvx_bytes text = {sample, sizeof(sample) - 1};
    for (size_t first = 1; first <= text.len; first++)
        for (unsigned k = 0; k < 2; k++) {
            struct outcome o;
            outcome_init(&o);
            struct kvx_dump_reader_config config = config_of(&o, &kvx_system_allocator);
            read_config(&o, &config, text, first, k ? text.len : first);
            assert_int_equal(o.status, 0);
            assert_string_equal(recorded(&o), sample_runs);
            kvx_buf_free(&o.record.text);
        }
}

/* A dump that ends anywhere before its end is never taken for whole. */
static void every_cut(void **state)
{
    (void)state;
    const size_t whole = strlen(sample) - 1; /* a newline follows the last brace */
    for (size_t len = 0; len < whole; len++) {
        struct outcome o;
        outcome_init(&o);
        struct kvx_dump_reader_config config = config_of(&o, &kvx_system_allocator);
        read_config(&o, &config, (struct kvx_bytes){sample, len}, len, len);
        assert_int_equal(o.status, KVX_INVALID);
        assert_non_null(strstr(o.error.text, "cut short"));
        kvx_buf_free(&o.record.text);
    }
}

/* Every allocation and every store fails once; each time the failure comes back and nothing is lost. */
static void every_failure(void **state)
{
    (void)state;
    const struct kvx_bytes text = {sample, sizeof(sample) - 1};
    bool succeeded = false;
    for (uint64_t n = 1; !succeeded; n++) {
        struct failing_allocator f;
        struct outcome o;
        failing_allocator_init(&f);
        f.fail_at = n;
        outcome_init(&o);
        struct kvx_dump_reader_config config = config_of(&o, &f.allocator);
        read_config(&o, &config, text, 7, 7);
        succeeded = f.calls < n;
        assert_int_equal(o.status, succeeded ? 0 : KVX_NOMEM);
        assert_int_equal(f.live, 0);
        kvx_buf_free(&o.record.text);
    }
    for (uint64_t n = 1; n <= 5; n++) {
        struct outcome o;
        outcome_init(&o);
        o.record.fail_at = n;
        struct kvx_dump_reader_config config = config_of(&o, &kvx_system_allocator);
        read_config(&o, &config, text, 100, 100);
        assert_int_equal(o.status, KVX_NOMEM);
        assert_non_null(strstr(o.error.text, "no room"));
        assert_int_equal(o.record.calls, n);
        kvx_buf_free(&o.record.text);
    }
}

/* Many blocks in one event: the lists grow. */
static void long_event(void **state)
{
    (void)state;
    enum { BLOCKS = 5000 };
    struct kvx_buf text;
    struct outcome o;
    outcome_init(&o);
    kvx_buf_init(&text, &kvx_system_allocator, 1 << 22);
    kvx_buf_text(&text, "[{\"worker_id\":1,\"event\":{\"data\":{\"stored\":{\"blocks\":[");
    for (unsigned i = 0; i < BLOCKS; i++)
        kvx_buf_printf(&text, "%s{\"block_hash\":%u,\"tokens_hash\":%u}", i ? "," : "", i, i * 3);
    kvx_buf_text(&text, "]}}}}]");
    struct kvx_dump_reader_config config = config_of(&o, &kvx_system_allocator);
    read_config(&o, &config, (struct kvx_bytes){text.data, text.len}, 1000, 1000);
    assert_string_equal(o.error.text, "");
    assert_int_equal(o.record.calls, 1);
    const char *lines = recorded(&o);
    assert_non_null(strstr(lines, " 3=1 6=2 "));
    assert_non_null(strstr(lines, " 14997=4999\n"));
    kvx_buf_free(&o.record.text);
    kvx_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms),     cmocka_unit_test(partitions_without_name),
        cmocka_unit_test(broken_streams), cmocka_unit_test(broken_partitions),
        cmocka_unit_test(broken_events),  cmocka_unit_test(array_without_block_size),
        cmocka_unit_test(endless_values), cmocka_unit_test(every_split),
        cmocka_unit_test(every_cut),      cmocka_unit_test(every_failure),
        cmocka_unit_test(long_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
