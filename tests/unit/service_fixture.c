#include "service_fixture.h"

#include <string.h>

static int fake_open(void *self, const struct kvx_source_spec *spec, struct kvx_source **out,
                     struct kvx_error *e)
{
    struct fixture *f = self;
    if (f->refuse_open || f->n_sources == FIXTURE_SOURCES_MAX)
        return kvx_fail(e, KVX_INVALID, "`endpoint`: refused by the fake driver");
    struct fake_source *s = &f->sources[f->n_sources++];
    *s = (struct fake_source){.feed = spec->feed, .block_size = spec->block_size};
    *out = (struct kvx_source *)s;
    return KVX_OK;
}

static void fake_close(void *self, struct kvx_source *source)
{
    (void)self;
    ((struct fake_source *)source)->closed = true; /* released by the test, as a thread would later */
}

int fixture_open(struct fixture *f, uint32_t block_size)
{
    struct kvx_source_driver driver = {f, fake_open, fake_close};
    struct kvx_service_config config = {
        .allocator = &f->memory.allocator,
        .metrics = &f->metrics,
        .block_size = block_size,
        .ready_timeout_ns = UINT64_C(3600000000000),
        .pending_blocks_max = 100,
        .pending_bytes_max = 1 << 20,
        .max_inflight = FIXTURE_INFLIGHT_MAX,
        .fault_hook = true,
    };
    int status = kvx_service_new(&f->service, &config, &f->error);
    if (status < 0)
        return status;
    kvx_service_attach(f->service, &driver);
    kvx_service_started(f->service);
    kvx_arena_init(&f->arena, &f->memory.allocator, 1 << 20);
    status = kvx_caller_new(&f->caller, f->service);
    if (status < 0)
        kvx_service_free(f->service);
    return status;
}

void fixture_close(struct fixture *f)
{
    kvx_service_close_sources(f->service);
    for (size_t i = 0; i < f->n_sources; i++)
        if (f->sources[i].feed)
            kvx_feed_release(f->sources[i].feed);
    f->n_sources = 0;
    kvx_arena_reset(&f->arena);
    kvx_caller_free(f->caller);
    kvx_service_free(f->service);
    kvx_metrics_free(&f->metrics);
}

int fixture_register(struct fixture *f, const char *id, uint32_t rank, uint32_t block_size)
{
    const struct kvx_register_args args = {
        .instance = {kvx_bytes_of(id), id[0] >= '0' && id[0] <= '9'},
        .dp_rank = rank,
        .endpoint = kvx_bytes_of("tcp://127.0.0.1:5557"),
        .block_size = block_size,
    };
    return kvx_service_register(f->service, &args, &f->error);
}

int fixture_unregister(struct fixture *f, const char *id, int rank)
{
    const struct kvx_unregister_args args = {.instance = {kvx_bytes_of(id), false},
                                             .has_dp_rank = rank >= 0,
                                             .dp_rank = (uint32_t)(rank >= 0 ? rank : 0)};
    return kvx_service_unregister(f->service, &args, NULL, &f->error);
}

int fixture_store(struct fixture *f, size_t source, bool has_rank, uint32_t rank, uint64_t first, size_t n,
                  uint64_t naming)
{
    struct kvx_feed_worker *worker;
    struct kvx_store_result result;
    uint64_t local[256], engine[256];
    struct kvx_feed *feed = f->sources[source].feed;
    int status = kvx_feed_worker(feed, has_rank, rank, &worker);
    if (status < 0)
        return status;
    for (size_t i = 0; i < n; i++) {
        local[i] = first + i;
        engine[i] = local[i] + naming;
    }
    struct kvx_index *index = kvx_feed_index(feed);
    kvx_index_lock(index);
    struct kvx_store store = {
        .worker = worker->ref, .tier = KVX_TIER_DEVICE, .n = n, .local = local, .engine = engine};
    status = kvx_index_store(index, &store, &result);
    kvx_index_unlock(index);
    return status;
}

int fixture_score(struct fixture *f, const char *id, uint32_t rank, uint64_t first, size_t n)
{
    uint64_t local[256];
    struct kvx_query_result result;
    int score = -1;
    for (size_t i = 0; i < n; i++)
        local[i] = first + i;
    const struct kvx_query_args args = {.block_hashes = local, .n_hashes = n};
    int status = kvx_service_query_by_hash(f->service, f->caller, &f->arena, &args, &result, &f->error);
    for (size_t i = 0; !status && i < result.n; i++)
        if (kvx_bytes_is(result.hits[i].instance.text, id) && result.hits[i].dp_rank == rank)
            score = (int)result.hits[i].blocks[KVX_TIER_DEVICE];
    kvx_arena_reset(&f->arena);
    return status < 0 ? status : score;
}
