#include "ingest_source_engine.h"

#include "base/block_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>
#include <zmq.h>

static void to_be64(uint64_t value, uint8_t out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t from_be64(const uint8_t in[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

/* ---- Payloads ---- */

static uint64_t engine_hash(const struct engine *e, uint64_t family, uint64_t block)
{
    return e->naming + family * 1000000 + block + 1;
}

static void pack_text(msgpack_packer *pk, const char *text)
{
    msgpack_pack_str(pk, strlen(text));
    msgpack_pack_str_body(pk, text, strlen(text));
}

static void begin_batch(struct engine *e, msgpack_packer *pk, size_t events)
{
    msgpack_pack_array(pk, 3);
    msgpack_pack_double(pk, (double)e->time_ms / 1000);
    msgpack_pack_array(pk, events);
}

static void end_batch(struct engine *e, msgpack_packer *pk)
{
    if (e->rank < 0)
        msgpack_pack_nil(pk);
    else
        msgpack_pack_int(pk, e->rank);
}

static void pack_store(struct engine *e, msgpack_packer *pk, uint64_t family, uint64_t first, size_t n)
{
    begin_batch(e, pk, 1);
    msgpack_pack_array(pk, 7);
    pack_text(pk, "BlockStored");
    msgpack_pack_array(pk, n);
    for (size_t i = 0; i < n; i++)
        msgpack_pack_uint64(pk, engine_hash(e, family, first + i));
    if (first)
        msgpack_pack_uint64(pk, engine_hash(e, family, first - 1));
    else
        msgpack_pack_nil(pk);
    msgpack_pack_array(pk, n * ENGINE_BLOCK_SIZE);
    for (size_t i = 0; i < n * ENGINE_BLOCK_SIZE; i++)
        msgpack_pack_uint64(pk, family * 100000 + first * ENGINE_BLOCK_SIZE + i);
    msgpack_pack_int(pk, ENGINE_BLOCK_SIZE);
    msgpack_pack_nil(pk);
    pack_text(pk, "GPU");
    end_batch(e, pk);
}

void *engine_store_payload(struct engine *e, uint64_t family, uint64_t first, size_t n, size_t *len)
{
    msgpack_sbuffer buffer;
    msgpack_packer pk;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
    pack_store(e, &pk, family, first, n);
    *len = buffer.size;
    return msgpack_sbuffer_release(&buffer);
}

void engine_local_hashes(uint64_t family, size_t n, uint64_t *out)
{
    uint32_t *tokens = malloc(n * ENGINE_BLOCK_SIZE * sizeof *tokens);
    assert_non_null(tokens);
    for (size_t i = 0; i < n * ENGINE_BLOCK_SIZE; i++)
        tokens[i] = (uint32_t)(family * 100000 + i);
    kvx_block_hashes(KVX_HASH_SEED, tokens, n * ENGINE_BLOCK_SIZE, ENGINE_BLOCK_SIZE, out);
    free(tokens);
}

/* ---- Live ---- */

void engine_frames(struct engine *e, size_t n, const void *const *data, const size_t *len)
{
    for (size_t i = 0; i < n; i++)
        assert_int_not_equal(zmq_send(e->pub, data[i], len[i], i + 1 < n ? ZMQ_SNDMORE : 0), -1);
}

void engine_publish(struct engine *e, uint64_t seq, const void *payload, size_t len)
{
    uint8_t number[8];
    to_be64(seq, number);
    void *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, payload, len);
    pthread_mutex_lock(&e->lock);
    assert_true(e->count < ENGINE_BATCHES_MAX);
    e->batches[e->count++] = (struct engine_batch){seq, copy, len};
    pthread_mutex_unlock(&e->lock);
    if (!e->off_air)
        engine_frames(e, 3, (const void *[]){"kv-events", number, payload}, (size_t[]){9, 8, len});
}

static void publish_packed(struct engine *e, uint64_t seq, msgpack_sbuffer *buffer)
{
    engine_publish(e, seq, buffer->data, buffer->size);
    msgpack_sbuffer_destroy(buffer);
}

void engine_store(struct engine *e, uint64_t seq, uint64_t family, uint64_t first, size_t n)
{
    size_t len;
    void *payload = engine_store_payload(e, family, first, n, &len);
    engine_publish(e, seq, payload, len);
    free(payload);
}

void engine_remove(struct engine *e, uint64_t seq, uint64_t family, uint64_t block)
{
    msgpack_sbuffer buffer;
    msgpack_packer pk;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
    begin_batch(e, &pk, 1);
    msgpack_pack_array(&pk, 3);
    pack_text(&pk, "BlockRemoved");
    msgpack_pack_array(&pk, 1);
    msgpack_pack_uint64(&pk, engine_hash(e, family, block));
    pack_text(&pk, "GPU");
    end_batch(e, &pk);
    publish_packed(e, seq, &buffer);
}

void engine_clear(struct engine *e, uint64_t seq)
{
    msgpack_sbuffer buffer;
    msgpack_packer pk;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
    begin_batch(e, &pk, 1);
    msgpack_pack_array(&pk, 1);
    pack_text(&pk, "AllBlocksCleared");
    end_batch(e, &pk);
    publish_packed(e, seq, &buffer);
}

void engine_empty(struct engine *e, uint64_t seq)
{
    msgpack_sbuffer buffer;
    msgpack_packer pk;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
    begin_batch(e, &pk, 0);
    end_batch(e, &pk);
    publish_packed(e, seq, &buffer);
}

/* ---- Replay ---- */

static void reply(struct engine *e, void *router, zmq_msg_t *identity, uint64_t seq, const void *payload,
                  size_t len)
{
    uint8_t number[8];
    to_be64(seq, number);
    bool topic = e->layout == LAYOUT_TOPIC;
    zmq_send(router, zmq_msg_data(identity), zmq_msg_size(identity), ZMQ_SNDMORE);
    zmq_send(router, "", 0, ZMQ_SNDMORE);
    if (topic)
        zmq_send(router, "kv-events", seq == UINT64_MAX ? 0 : 9, ZMQ_SNDMORE);
    zmq_send(router, number, 8, ZMQ_SNDMORE);
    zmq_send(router, payload, len, 0);
}

static void answer(struct engine *e, void *router, zmq_msg_t *identity, uint64_t start)
{
    static const uint8_t atom_range[] = {0x92, 0x00, 0x07}; /* [oldest, latest] */
    unsigned sent = 0;
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < e->count && !e->silent; i++) {
        const struct engine_batch *b = &e->batches[i];
        if (b->seq < start)
            continue;
        sent++;
        if (!e->lose_every || sent % e->lose_every != 0)
            reply(e, router, identity, b->seq, b->payload, b->len);
    }
    if (!e->silent && !e->no_marker) {
        bool atom = e->layout == LAYOUT_ATOM;
        reply(e, router, identity, UINT64_MAX, atom ? atom_range : NULL, atom ? sizeof atom_range : 0);
    }
    pthread_mutex_unlock(&e->lock);
}

/* As engines do: a request is [identity, empty, start]; anything else is ignored. */
static void serve_request(struct engine *e, void *router)
{
    zmq_msg_t frame[3];
    size_t n = 0;
    bool more = true;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, router, 0) < 0)
            break;
        more = zmq_msg_more(&part);
        if (n < 3) {
            zmq_msg_init(&frame[n]);
            zmq_msg_move(&frame[n++], &part);
        }
        zmq_msg_close(&part);
    }
    if (n == 3 && zmq_msg_size(&frame[1]) == 0 && zmq_msg_size(&frame[2]) == 8) {
        uint64_t start = from_be64(zmq_msg_data(&frame[2]));
        atomic_store(&e->last_start, start);
        answer(e, router, &frame[0], start);
        atomic_fetch_add(&e->requests, 1);
    }
    while (n)
        zmq_msg_close(&frame[--n]);
}

static void *replay_thread(void *arg)
{
    struct engine *e = arg;
    int zero = 0;
    void *router = zmq_socket(e->context, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(router, ZMQ_SNDHWM, &e->router_hwm, sizeof e->router_hwm);
    int bound = -1;
    for (int i = 0; i < 200 && bound; i++) {
        bound = zmq_bind(router, e->replay_endpoint);
        if (bound)
            zmq_poll(NULL, 0, 10); /* the former life's port is still being closed */
    }
    while (bound == 0 && !atomic_load(&e->stopping)) {
        zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, 10) > 0)
            serve_request(e, router);
    }
    zmq_close(router);
    return NULL;
}

/* ---- Life ---- */

/* A port that nobody uses just now. */
static void free_endpoint(char out[96])
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_PAIR);
    size_t size = 96;
    assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, out, &size), 0);
    zmq_close(socket);
    zmq_ctx_term(context);
}

static void start(struct engine *e, const char *endpoint, const char *replay_endpoint, bool with_replay,
                  int router_hwm)
{
    int zero = 0, bound = -1;
    memset(e, 0, sizeof *e);
    e->rank = -1;
    e->time_ms = 1700000000000;
    e->router_hwm = router_hwm;
    pthread_mutex_init(&e->lock, NULL);
    if (endpoint)
        snprintf(e->endpoint, sizeof e->endpoint, "%s", endpoint);
    else
        free_endpoint(e->endpoint);
    e->context = zmq_ctx_new();
    e->pub = zmq_socket(e->context, ZMQ_PUB);
    zmq_setsockopt(e->pub, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(e->pub, ZMQ_SNDHWM, &zero, sizeof zero);
    for (int i = 0; i < 200 && bound; i++) {
        bound = zmq_bind(e->pub, e->endpoint);
        if (bound)
            zmq_poll(NULL, 0, 10);
    }
    assert_int_equal(bound, 0);
    if (!with_replay)
        return;
    if (replay_endpoint)
        snprintf(e->replay_endpoint, sizeof e->replay_endpoint, "%s", replay_endpoint);
    else
        free_endpoint(e->replay_endpoint);
    e->has_router = true;
    assert_int_equal(pthread_create(&e->thread, NULL, replay_thread, e), 0);
}

void engine_start(struct engine *e, const char *endpoint, const char *replay_endpoint, bool with_replay)
{
    start(e, endpoint, replay_endpoint, with_replay, 0);
}

void engine_start_lossy(struct engine *e, int router_hwm)
{
    start(e, NULL, NULL, true, router_hwm);
}

void engine_forget(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    while (e->count)
        free(e->batches[--e->count].payload);
    pthread_mutex_unlock(&e->lock);
}

void engine_stop(struct engine *e)
{
    atomic_store(&e->stopping, true);
    if (e->has_router)
        pthread_join(e->thread, NULL);
    zmq_close(e->pub);
    zmq_ctx_term(e->context);
    engine_forget(e);
    pthread_mutex_destroy(&e->lock);
}
