/* What people and programs see of an answer: golden texts, hostile texts, out of memory. */
#include "failing_allocator.h"
#include "view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1000000000 };

static const struct kvindex_worker worker_items[] = {
    {.instance_id = "7",
     .endpoint = "tcp://10.0.0.7:5557",
     .replay_endpoint = "tcp://10.0.0.7:5558",
     .state = KVINDEX_STATE_EXACT,
     .since_unix_ms = NOW - 3 * 3600000,
     .has_sequence = true,
     .last_sequence = 123456,
     .applied_batches = 123457,
     .last_event_unix_ms = NOW - 850,
     .block_size_tokens = 16,
     .model = "default",
     .tenant = "default",
     .additional_salt = "",
     .lora_name = "",
     .kind = KVINDEX_KIND_ENGINE,
     .device_blocks = 4000,
     .host_blocks = 5,
     .disk_blocks = 6,
     .external_blocks = 7},
    {.instance_id = "d\xc3\xa9"
                    "codeur\x1b[31m\"",
     .dp_rank = 12,
     .endpoint = "tcp://h:1",
     .replay_endpoint = "",
     .learned = true,
     .state = KVINDEX_STATE_DEGRADED,
     .reason = 2,
     .since_unix_ms = NOW - 61000,
     .missing_batches = 3,
     .restarts = 1,
     .model = "m",
     .tenant = "t",
     .additional_salt = "fp8",
     .lora_name = "l\"",
     .kind = KVINDEX_KIND_POOL},
};
static const struct kvindex_workers workers = {2, worker_items};

static const struct kvindex_hit hit_items[] = {
    {"a", 0, 2, 3, 3, 9, 40, KVINDEX_STATE_EXACT},
    {"b", 0, 5, 5, 5, 5, 41, KVINDEX_STATE_STALE},
    {"b", 1, 2, 2, 2, 10, 42, 99},
    {"c", 0, 2, 3, 3, 9, 43, KVINDEX_STATE_EXACT},
};
static const struct kvindex_result result = {4, hit_items, 12, 16};

static const char *const reasons[] = {"worker 7 is \x07 late", "second"};
static const struct kvindex_state_count states[] = {{KVINDEX_STATE_EXACT, 2}, {KVINDEX_STATE_STALE, 1}};
static const struct kvindex_health health = {true, false, 2, reasons, 3, 2, states};

static const uint64_t local[] = {1, UINT64_MAX}, engine[] = {3, 4};
static const struct kvindex_stored stored = {
    9, "a\"b", 1, 2, true, UINT64_MAX - 1, 2, local, engine, {"m", "t", "", 16}};

static const struct kvindex_partition_status partition_items[] = {
    {{"default", "default", "", 16}, 2, 0, {40, 5, 6, 7}, {0}, 30, 1023},
    {{"m\x1b[2J", "t", "fp8", 64}, 0, 1, {0}, {0, 1, 2, 3}, 0, 5 * 1024 * 1024 + 512 * 1024},
};
static const struct kvindex_partitions partitions = {2, partition_items};

static const char *const urls[] = {"http://10.0.0.8:8090", "http://\x07h"};
static const struct kvindex_peers peers = {2, urls};

static void write_workers(struct kvx_buf *b)
{
    ctl_view_workers(b, &workers, NOW);
}
static void write_workers_json(struct kvx_buf *b)
{
    ctl_json_workers(b, &workers);
}
static void write_result(struct kvx_buf *b)
{
    ctl_view_result(b, &result);
}
static void write_result_json(struct kvx_buf *b)
{
    ctl_json_result(b, &result);
}
static void write_health(struct kvx_buf *b)
{
    ctl_view_health(b, &health);
}
static void write_health_json(struct kvx_buf *b)
{
    ctl_json_health(b, &health);
}
static void write_partitions(struct kvx_buf *b)
{
    ctl_view_partitions(b, &partitions);
}
static void write_partitions_json(struct kvx_buf *b)
{
    ctl_json_partitions(b, &partitions);
}
static void write_peers(struct kvx_buf *b)
{
    ctl_view_peers(b, &peers);
}
static void write_peers_json(struct kvx_buf *b)
{
    ctl_json_peers(b, &peers);
}
static void write_stored(struct kvx_buf *b)
{
    ctl_json_stored(b, &stored);
}

static const struct golden {
    void (*write)(struct kvx_buf *);
    const char *text;
} goldens[] = {
    {write_workers,
     "INSTANCE        RANK  STATE           SINCE  BLOCKS  SEQUENCE  MISSING  LAST EVENT  KIND    MODEL    "
     "TENANT   SALT  BLOCK SIZE  ENDPOINT\n"
     "7                  0  exact              3h    4000    123456        0       850ms  engine  default  "
     "default  -             16  tcp://10.0.0.7:5557\n"
     "d\xc3\xa9"
     "codeur?[31m\"    12  degraded (gap)     1m       0         -        3           -  pool    m        "
     "t        fp8            0  tcp://h:1\n"},
    {write_workers_json,
     "[{\"instance_id\":\"7\",\"dp_rank\":0,\"endpoint\":\"tcp://10.0.0.7:5557\","
     "\"replay_endpoint\":\"tcp://10.0.0.7:5558\",\"learned\":false,\"state\":\"exact\",\"reason\":\"\","
     "\"since_unix_ms\":989200000,\"last_sequence\":123456,\"missing_batches\":0,\"applied_batches\":123457,"
     "\"restarts\":0,\"last_event_unix_ms\":999999150,\"block_size_tokens\":16,\"model\":\"default\","
     "\"tenant\":\"default\",\"held_blocks\":{\"device\":4000,\"host\":5,\"disk\":6,\"external\":7},"
     "\"additional_salt\":\"\",\"lora_name\":\"\",\"kind\":\"engine\"},"
     "{\"instance_id\":\"d\xc3\xa9"
     "codeur\\u001b[31m\\\"\",\"dp_rank\":12,\"endpoint\":\"tcp://h:1\","
     "\"replay_endpoint\":\"\",\"learned\":true,\"state\":\"degraded\",\"reason\":\"gap\","
     "\"since_unix_ms\":999939000,\"last_sequence\":null,\"missing_batches\":3,\"applied_batches\":0,"
     "\"restarts\":1,\"last_event_unix_ms\":0,\"block_size_tokens\":0,\"model\":\"m\",\"tenant\":\"t\","
     "\"held_blocks\":{\"device\":0,\"host\":0,\"disk\":0,\"external\":0},"
     "\"additional_salt\":\"fp8\",\"lora_name\":\"l\\\"\",\"kind\":\"pool\"}]\n"},
    {write_partitions, "MODEL    TENANT   SALT  BLOCK SIZE  WORKERS  POOLS  PREFIXES  DEVICE  HOST  DISK  "
                       "EXTERNAL  IN POOLS   MEMORY\n"
                       "default  default  -             16        2      0        30      40     5     6     "
                       "    7         0   1023 B\n"
                       "m?[2J    t        fp8           64        0      1         0       0     0     0     "
                       "    0         6  5.5 MiB\n"},
    {write_partitions_json,
     "[{\"model\":\"default\",\"tenant\":\"default\",\"additional_salt\":\"\",\"block_size_tokens\":16,"
     "\"workers\":2,\"pools\":0,\"held_blocks\":{\"device\":40,\"host\":5,\"disk\":6,\"external\":7},"
     "\"pool_blocks\":{\"device\":0,\"host\":0,\"disk\":0,\"external\":0},\"positions\":30,\"memory_bytes\":"
     "1023},"
     "{\"model\":\"m\\u001b[2J\",\"tenant\":\"t\",\"additional_salt\":\"fp8\",\"block_size_tokens\":64,"
     "\"workers\":0,\"pools\":1,\"held_blocks\":{\"device\":0,\"host\":0,\"disk\":0,\"external\":0},"
     "\"pool_blocks\":{\"device\":0,\"host\":1,\"disk\":2,\"external\":3},\"positions\":0,\"memory_bytes\":"
     "5767168}]\n"},
    {write_peers, "http://10.0.0.8:8090\nhttp://?h\n"},
    {write_peers_json, "[\"http://10.0.0.8:8090\",\"http://\\u0007h\"]\n"},
    {write_result, "12 blocks of 16 tokens, 4 workers\n"
                   "INSTANCE  RANK  DEVICE  +HOST  +DISK  +EXTERNAL  HOLDS  STATE\n"
                   "b            0       5      5      5          5     41  stale\n"
                   "b            1       2      2      2         10     42  unknown\n"
                   "a            0       2      3      3          9     40  exact\n"
                   "c            0       2      3      3          9     43  exact\n"},
    {write_result_json, "{\"asked_blocks\":12,\"block_size_tokens\":16,\"hits\":["
                        "{\"instance_id\":\"a\",\"dp_rank\":0,\"device_blocks\":2,\"through_host_blocks\":3,"
                        "\"through_disk_blocks\":3,"
                        "\"through_external_blocks\":9,\"total_blocks\":40,\"state\":\"exact\"},"
                        "{\"instance_id\":\"b\",\"dp_rank\":0,\"device_blocks\":5,\"through_host_blocks\":5,"
                        "\"through_disk_blocks\":5,"
                        "\"through_external_blocks\":5,\"total_blocks\":41,\"state\":\"stale\"},"
                        "{\"instance_id\":\"b\",\"dp_rank\":1,\"device_blocks\":2,\"through_host_blocks\":2,"
                        "\"through_disk_blocks\":2,"
                        "\"through_external_blocks\":10,\"total_blocks\":42,\"state\":\"unknown\"},"
                        "{\"instance_id\":\"c\",\"dp_rank\":0,\"device_blocks\":2,\"through_host_blocks\":3,"
                        "\"through_disk_blocks\":3,"
                        "\"through_external_blocks\":9,\"total_blocks\":43,\"state\":\"exact\"}]}\n"},
    {write_health, "ready, 3 workers: 2 exact, 1 stale\n  worker 7 is ? late\n  second\n"},
    {write_health_json,
     "{\"ready\":true,\"draining\":false,\"reasons\":[\"worker 7 is \\u0007 late\",\"second\"],"
     "\"workers\":3,\"workers_by_state\":{\"exact\":2,\"stale\":1}}\n"},
    {write_stored, "{\"event_id\":9,\"instance_id\":\"a\\\"b\",\"dp_rank\":1,\"tier\":\"host\","
                   "\"parent_engine_hash\":18446744073709551614,\"local_hashes\":[1,18446744073709551615],"
                   "\"engine_hashes\":[3,4],"
                   "\"model\":\"m\",\"tenant\":\"t\",\"additional_salt\":\"\",\"block_size_tokens\":16}\n"},
};
enum { GOLDENS = sizeof(goldens) / sizeof(goldens[0]) };

static void golden_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOLDENS; i++) {
        struct kvx_buf b;
        kvx_buf_init(&b, &kvx_system_allocator, 1 << 20);
        goldens[i].write(&b);
        kvx_buf_char(&b, 0);
        assert_true(kvx_buf_ok(&b));
        assert_string_equal(b.data, goldens[i].text);
        kvx_buf_free(&b);
    }
}

/* A failed allocation shows in the buffer, and nothing is left behind. */
static void out_of_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOLDENS; i++) {
        bool ok = false;
        uint64_t fail_at = 1;
        for (; !ok; fail_at++) {
            struct failing_allocator f;
            struct kvx_buf b;
            failing_allocator_init(&f);
            f.fail_at = fail_at;
            kvx_buf_init(&b, &f.allocator, 1 << 20);
            goldens[i].write(&b);
            ok = kvx_buf_ok(&b);
            assert_true(ok == (f.calls < fail_at));
            kvx_buf_free(&b);
            assert_int_equal(f.live, 0);
        }
        assert_true(fail_at > 2);
    }
}

static void nothing_to_show(void **state)
{
    (void)state;
    static const struct kvindex_result none = {0, NULL, 0, 0};
    static const struct kvindex_workers nobody = {0, NULL};
    static const struct kvindex_health draining = {false, true, 0, NULL, 0, 0, NULL};
    static const struct kvindex_stored root = {0, "a", 0, 77, false, 5, 0, NULL, NULL, {"", "", "", 0}};
    struct kvx_buf b;
    kvx_buf_init(&b, &kvx_system_allocator, 1 << 20);
    ctl_view_result(&b, &none);
    ctl_json_workers(&b, &nobody);
    ctl_view_health(&b, &draining);
    ctl_json_stored(&b, &root);
    kvx_buf_char(&b, 0);
    assert_string_equal(b.data,
                        "0 blocks of 0 tokens, 0 workers\n[]\nshutting down, 0 workers\n"
                        "{\"event_id\":0,\"instance_id\":\"a\",\"dp_rank\":0,\"tier\":\"unknown\","
                        "\"parent_engine_hash\":null,\"local_hashes\":[],\"engine_hashes\":[],\"model\":\"\","
                        "\"tenant\":\"\",\"additional_salt\":\"\",\"block_size_tokens\":0}\n");
    kvx_buf_free(&b);
}

static void ages(void **state)
{
    (void)state;
    static const struct {
        uint64_t then, now;
        const char *text;
    } cases[] = {{0, 100, "-"},
                 {101, 100, "-"},
                 {100, 100, "0ms"},
                 {1, 1000, "999ms"},
                 {1, 1001, "1s"},
                 {1, 60000, "59s"},
                 {1, 60001, "1m"},
                 {1, 3600001, "1h"},
                 {1, 86400000, "23h"},
                 {1, 86400001, "1d"},
                 {1, UINT64_MAX, "213503982334d"}};
    char text[24];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ctl_age(text, cases[i].then, cases[i].now);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_texts),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(nothing_to_show),
        cmocka_unit_test(ages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
