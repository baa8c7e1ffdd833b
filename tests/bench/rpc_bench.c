/* gRPC QueryByHash with 512 hashes: calls per second and per CPU-second of the server, unary and streamed, at
 * depth.
 *
 *   rpc_bench [seconds [workers [server threads]]]
 *
 * Client: the gRPC C core, one connection. Every answer is compared with the first one, and that one with
 * what the workers hold. */
#include "rpc_bench.h"

#include "base/clock.h"
#include "kvindex/v1/kvindex.pb-c.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, SAMPLES_MAX = 1 << 20 };

struct bench {
    grpc_channel *channel;
    grpc_completion_queue *cq;
    grpc_slice request;  /* of the unary call, or of the stream: request_id 1 */
    grpc_slice expected; /* the answer's bytes, from the first call */
    bool have_expected;
    uint64_t done, wrong;
    uint32_t *latency_us;
    size_t n_latencies;
};

/* One call in flight, or one stream. */
struct slot {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    grpc_byte_buffer *answer;
    uint64_t started_ns;
};

static void die(const char *what)
{
    fprintf(stderr, "rpc_bench: %s\n", what);
    exit(1);
}

static void count(struct bench *b, uint64_t started_ns)
{
    b->done++;
    if (b->n_latencies < SAMPLES_MAX)
        b->latency_us[b->n_latencies++] = (uint32_t)((kvx_now_ns() - started_ns) / 1000);
}

static void compare(struct bench *b, grpc_byte_buffer *answer)
{
    grpc_byte_buffer_reader reader;
    if (!answer || !grpc_byte_buffer_reader_init(&reader, answer))
        die("a call without an answer");
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    if (!b->have_expected)
        b->expected = grpc_slice_ref(bytes);
    b->have_expected = true;
    b->wrong += !grpc_slice_eq(bytes, b->expected);
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(answer);
}

static grpc_call *new_call(struct bench *b, const char *method)
{
    grpc_slice path = grpc_slice_from_static_string(method);
    return grpc_channel_create_call(b->channel, NULL, GRPC_PROPAGATE_DEFAULTS, b->cq, path, NULL,
                                    gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
}

static void batch(struct slot *s, const grpc_op *ops, size_t n, void *tag)
{
    if (grpc_call_start_batch(s->call, ops, n, tag, NULL) != GRPC_CALL_OK)
        die("the core refused a batch");
}

/* ---- Unary ---- */

static void start_unary(struct bench *b, struct slot *s)
{
    grpc_op ops[6] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
                      {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}};
    *s = (struct slot){.call = new_call(b, "/kvindex.v1.KvIndexer/QueryByHash"), .started_ns = kvx_now_ns()};
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&b->request, 1);
    ops[1].data.send_message.send_message = message;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &s->initial;
    ops[4].data.recv_message.recv_message = &s->answer;
    ops[5].data.recv_status_on_client.trailing_metadata = &s->trailing;
    ops[5].data.recv_status_on_client.status = &s->status;
    ops[5].data.recv_status_on_client.status_details = &s->details;
    batch(s, ops, 6, s);
    grpc_byte_buffer_destroy(message);
}

static void finish_unary(struct bench *b, struct slot *s)
{
    if (s->status != GRPC_STATUS_OK)
        die("a call failed");
    compare(b, s->answer);
    count(b, s->started_ns);
    grpc_slice_unref(s->details);
    grpc_metadata_array_destroy(&s->initial);
    grpc_metadata_array_destroy(&s->trailing);
    grpc_call_unref(s->call);
}

static void run_unary(struct bench *b, unsigned depth, uint64_t until_ns)
{
    struct slot slots[DEPTH_MAX];
    for (unsigned i = 0; i < depth; i++)
        start_unary(b, &slots[i]);
    for (unsigned open = depth; open > 0;) {
        grpc_event e = grpc_completion_queue_next(b->cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        finish_unary(b, e.tag);
        if (kvx_now_ns() < until_ns)
            start_unary(b, e.tag);
        else
            open--;
    }
}

/* ---- One stream: answers come in the order of the questions, so a ring of times is enough ---- */

struct stream {
    struct slot slot;
    uint64_t started_ns[DEPTH_MAX];
    uint64_t asked, answered;
    bool sending;
    int sent_tag, received_tag, ended_tag, opened_tag;
};

static void ask(struct bench *b, struct stream *s)
{
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&b->request, 1);
    op.data.send_message.send_message = message;
    s->started_ns[s->asked++ % DEPTH_MAX] = kvx_now_ns();
    s->sending = true;
    batch(&s->slot, &op, 1, &s->sent_tag);
    grpc_byte_buffer_destroy(message);
}

static void receive(struct stream *s)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &s->slot.answer;
    batch(&s->slot, &op, 1, &s->received_tag);
}

static void open_stream(struct bench *b, struct stream *s)
{
    grpc_op begin[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    *s = (struct stream){.slot.call = new_call(b, "/kvindex.v1.KvIndexer/QueryStream")};
    begin[1].data.recv_initial_metadata.recv_initial_metadata = &s->slot.initial;
    end.data.recv_status_on_client.trailing_metadata = &s->slot.trailing;
    end.data.recv_status_on_client.status = &s->slot.status;
    end.data.recv_status_on_client.status_details = &s->slot.details;
    batch(&s->slot, &end, 1, &s->ended_tag);
    batch(&s->slot, begin, 2, &s->opened_tag);
    ask(b, s);
    receive(s);
}

static void run_stream(struct bench *b, unsigned depth, uint64_t until_ns)
{
    struct stream s;
    open_stream(b, &s);
    for (bool ended = false; !ended;) {
        grpc_event e = grpc_completion_queue_next(b->cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        ended = e.tag == &s.ended_tag;
        if (e.tag == &s.sent_tag)
            s.sending = false;
        if (e.tag == &s.received_tag && s.slot.answer) {
            compare(b, s.slot.answer);
            count(b, s.started_ns[s.answered++ % DEPTH_MAX]);
            receive(&s);
        }
        bool more = kvx_now_ns() < until_ns;
        if (more && !s.sending && s.asked - s.answered < depth && !ended)
            ask(b, &s);
        if (!more && !s.sending && s.asked == s.answered && !ended) {
            grpc_op close = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
            s.sending = true;
            until_ns = 0;
            batch(&s.slot, &close, 1, &s.opened_tag);
        }
    }
    if (s.slot.status != GRPC_STATUS_OK)
        die("the stream failed");
    grpc_slice_unref(s.slot.details);
    grpc_metadata_array_destroy(&s.slot.initial);
    grpc_metadata_array_destroy(&s.slot.trailing);
    grpc_call_unref(s.slot.call);
}

/* ---- Measuring ---- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(struct bench *b, const char *name, unsigned depth, double seconds, double cpu)
{
    qsort(b->latency_us, b->n_latencies, sizeof(*b->latency_us), by_value);
    printf("{\"bench\":\"rpc %s\",\"in_flight\":%u,\"per_second\":%.0f,\"per_server_cpu_second\":%.0f,"
           "\"p50_us\":%u,\"p99_us\":%u,\"answers\":%llu,\"wrong\":%llu}\n",
           name, depth, (double)b->done / seconds, (double)b->done / cpu, b->latency_us[b->n_latencies / 2],
           b->latency_us[b->n_latencies * 99 / 100], (unsigned long long)b->done,
           (unsigned long long)b->wrong);
    fflush(stdout);
}

static void set_request(struct bench *b, bool streamed)
{
    uint64_t hashes[BENCH_BLOCKS];
    Kvindex__V1__QueryByHashRequest by_hash = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    Kvindex__V1__QueryStreamRequest in_stream = KVINDEX__V1__QUERY_STREAM_REQUEST__INIT;
    for (uint64_t i = 0; i < BENCH_BLOCKS; i++)
        hashes[i] = bench_hash(i);
    by_hash.n_block_hashes = BENCH_BLOCKS;
    by_hash.block_hashes = hashes;
    in_stream.request_id = 1;
    in_stream.question_case = KVINDEX__V1__QUERY_STREAM_REQUEST__QUESTION_QUERY_BY_HASH;
    in_stream.query_by_hash = &by_hash;
    const ProtobufCMessage *m = streamed ? &in_stream.base : &by_hash.base;
    b->request = grpc_slice_malloc(protobuf_c_message_get_packed_size(m));
    protobuf_c_message_pack(m, GRPC_SLICE_START_PTR(b->request));
}

/* The answer that all others were compared with must be right itself. */
static void judge(const struct bench *b, bool streamed, unsigned workers)
{
    size_t len = GRPC_SLICE_LENGTH(b->expected);
    const uint8_t *data = GRPC_SLICE_START_PTR(b->expected);
    const Kvindex__V1__QueryByHashResponse *unary = NULL;
    const Kvindex__V1__QueryStreamResponse *answer = NULL;
    if (streamed)
        answer = kvindex__v1__query_stream_response__unpack(NULL, len, data);
    else
        unary = kvindex__v1__query_by_hash_response__unpack(NULL, len, data);
    const Kvindex__V1__QueryResult *r = answer ? answer->result : unary ? unary->result : NULL;
    if (!r || r->n_hits != workers || b->wrong)
        die("wrong answers");
    for (size_t i = 0; i < r->n_hits; i++)
        if (r->hits[i]->device_blocks != BENCH_BLOCKS - strtoul(r->hits[i]->worker->instance_id, NULL, 10))
            die("a wrong score");
    kvindex__v1__query_stream_response__free_unpacked((void *)answer, NULL);
    kvindex__v1__query_by_hash_response__free_unpacked((void *)unary, NULL);
}

static void measure(struct bench *b, pid_t server, unsigned workers, bool streamed, unsigned depth,
                    double seconds)
{
    set_request(b, streamed);
    b->done = b->wrong = b->n_latencies = 0;
    double cpu = bench_cpu_seconds(server);
    uint64_t start = kvx_now_ns();
    uint64_t until = start + (uint64_t)(seconds * 1e9);
    if (streamed)
        run_stream(b, depth, until);
    else
        run_unary(b, depth, until);
    double spent = (double)(kvx_now_ns() - start) / 1e9;
    report(b, streamed ? "QueryStream" : "QueryByHash", depth, spent, bench_cpu_seconds(server) - cpu);
    judge(b, streamed, workers);
    grpc_slice_unref(b->expected);
    grpc_slice_unref(b->request);
    b->have_expected = false;
}

int main(int argc, char **argv)
{
    static const unsigned depths[] = {1, 64};
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    unsigned workers = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 4;
    unsigned threads = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
    char target[64];
    pid_t server;
    struct bench b = {.latency_us = malloc(SAMPLES_MAX * sizeof(uint32_t))};
    uint16_t port = bench_server_start(workers, threads, &server);
    if (!port || !b.latency_us || workers >= BENCH_BLOCKS)
        die("cannot start the server");
    grpc_init();
    snprintf(target, sizeof(target), "127.0.0.1:%u", port);
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    b.channel = grpc_channel_create(target, plain, NULL);
    grpc_channel_credentials_release(plain);
    b.cq = grpc_completion_queue_create_for_next(NULL);
    for (int streamed = 0; streamed < 2; streamed++)
        for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
            measure(&b, server, workers, streamed, depths[i], seconds);
    kill(server, SIGTERM);
    grpc_completion_queue_shutdown(b.cq);
    while (grpc_completion_queue_next(b.cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(b.cq);
    grpc_channel_destroy(b.channel);
    grpc_shutdown();
    free(b.latency_us);
    return 0;
}
