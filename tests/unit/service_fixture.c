#include "service_fixture.h"

#include <string.h>

static int fake_open(void *self, const struct kvx_source_spec *spec, struct kvx_source **out,
                     struct kvx_error *e)
{
    struct fixture *f = self;
    if (f->refuse_open || f->n_sources == FIXTURE_SOURCES_MAX)
        return kvx_fail(e, KVX_INVALID, "`endpoint`: refused by the fake driver");
    struct fake_source *s = &f->sources[f->n_sources++];
    *s = (struct fake_source){.feed = spec->feed, .block_size = spec->block_size, .pool = spec->pool};
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
    struct kvx_source_driver driver = {.self = f, .open = fake_open, .close = fake_close};
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
        .partition.block_size = block_size,
        .one_block_size = true,
    };
    return kvx_service_register(f->service, &args, &f->error);
}

int fixture_register_in(struct fixture *f, const char *id, uint32_t rank,
                        const struct kvx_partition_choice *partition, enum kvx_source_kind kind)
{
    const struct kvx_register_args args = {
        .instance = {kvx_bytes_of(id), false},
        .dp_rank = rank,
        .endpoint = kvx_bytes_of("tcp://127.0.0.1:5557"),
        .partition = *partition,
        .kind = kind,
    };
    return kvx_service_register(f->service, &args, &f->error);
}

int fixture_unregister_in(struct fixture *f, const char *id, int rank,
                          const struct kvx_partition_choice *partition)
{
    const struct kvx_unregister_args args = {.partition = *partition,
                                             .instance = {kvx_bytes_of(id), false},
                                             .has_dp_rank = rank >= 0,
                                             .dp_rank = (uint32_t)(rank >= 0 ? rank : 0)};
    return kvx_service_unregister(f->service, &f->arena, &args, &f->removed, &f->n_removed, &f->error);
}

int fixture_unregister(struct fixture *f, const char *id, int rank)
{
    return fixture_unregister_in(f, id, rank, &(struct kvx_partition_choice){0});
}

static int store(struct kvx_feed *feed, const struct kvx_feed_scope *scope, bool has_rank, uint32_t rank,
                 const struct kvx_store *what)
{
    struct kvx_feed_worker *worker;
    struct kvx_store_result result;
    struct kvx_store run = *what;
    int status = kvx_feed_worker(feed, scope, has_rank, rank, &worker);
    if (status < 0)
        return status;
    kvx_index_lock(worker->index);
    run.worker = worker->ref;
    status = kvx_index_store(worker->index, &run, &result);
    kvx_index_unlock(worker->index);
    return status;
}

int fixture_store_in(struct fixture *f, size_t source, const struct kvx_feed_scope *scope, enum kvx_tier tier,
                     uint64_t first, size_t n)
{
    uint64_t local[256];
    for (size_t i = 0; i < n; i++)
        local[i] = first + i;
    return store(f->sources[source].feed, scope, false, 0,
                 &(struct kvx_store){.tier = tier, .n = n, .local = local, .engine = local});
}

int fixture_store(struct fixture *f, size_t source, bool has_rank, uint32_t rank, uint64_t first, size_t n,
                  uint64_t naming)
{
    uint64_t local[256], engine[256];
    for (size_t i = 0; i < n; i++) {
        local[i] = first + i;
        engine[i] = local[i] + naming;
    }
    return store(f->sources[source].feed, NULL, has_rank, rank,
                 &(struct kvx_store){.n = n, .local = local, .engine = engine});
}

int fixture_query(struct fixture *f, const struct kvx_query_args *args, uint64_t first, size_t n)
{
    uint64_t local[256];
    struct kvx_query_args query = *args;
    for (size_t i = 0; i < n; i++)
        local[i] = first + i;
    if (query.form == KVX_PROMPT_TOKENS) {
        query.form = KVX_PROMPT_LOCAL_HASHES;
        query.hashes = local;
        query.n_hashes = n;
    }
    return kvx_service_query(f->service, f->caller, &f->arena, &query, &f->result, &f->error);
}

int fixture_score(struct fixture *f, const char *id, uint32_t rank, uint64_t first, size_t n)
{
    int score = -1, status = fixture_query(f, &(struct kvx_query_args){0}, first, n);
    for (size_t i = 0; !status && i < f->result.n; i++)
        if (kvx_bytes_is(f->result.hits[i].instance.text, id) && f->result.hits[i].dp_rank == rank)
            score = (int)f->result.hits[i].blocks[KVX_TIER_DEVICE];
    kvx_arena_reset(&f->arena);
    return status < 0 ? status : score;
}
