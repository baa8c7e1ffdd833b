/* Query and QueryByHash: local hashes in, one hit per worker out. Takes no lock. */
#include "base/block_hash.h"
#include "service_private.h"

#include <stdlib.h>

struct found {
    struct kvx_hit hit;
    uint64_t serial; /* of the instance: answers are in order of first registration */
};

static int by_instance_and_rank(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->serial != y->serial)
        return x->serial < y->serial ? -1 : 1;
    return x->hit.dp_rank < y->hit.dp_rank ? -1 : x->hit.dp_rank > y->hit.dp_rank;
}

/* Matches usually come in order already. */
static void sort_found(struct found *found, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (by_instance_and_rank(&found[i - 1], &found[i]) > 0) {
            qsort(found, n, sizeof(*found), by_instance_and_rank);
            return;
        }
}

/* Inside a read section: afterwards the worker may be gone, so everything is copied. */
static int copy_match(const struct kvx_match *match, struct kvx_arena *arena, struct found *out)
{
    const struct kvx_worker *w = match->label;
    struct kvx_bytes id = kvx_worker_id(w);
    char *text = kvx_arena_text(arena, id);
    if (!text)
        return KVX_NOMEM;
    out->serial = w->serial;
    out->hit = (struct kvx_hit){
        .instance = {{text, id.len}, w->numeric},
        .dp_rank = w->dp_rank,
        .total_blocks = match->held_blocks,
        .state = (enum kvx_source_state)atomic_load_explicit(&w->feed->status.state, memory_order_relaxed),
    };
    memcpy(out->hit.blocks, match->blocks, sizeof(out->hit.blocks));
    return KVX_OK;
}

static int match_and_copy(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                          const uint64_t *local, size_t n, struct found **out, size_t *count)
{
    const struct kvx_match *matches;
    struct found *found = NULL;
    size_t n_matches = 0;
    kvx_rcu_enter(c->reader);
    const struct kvx_prompt prompt = {.hashes = local, .n = n};
    int status = kvx_index_match(s->partition.index, c->lookup, &prompt, &matches, &n_matches);
    if (!status) {
        found = kvx_arena_array(arena, n_matches, sizeof(*found));
        status = found ? KVX_OK : KVX_NOMEM;
    }
    for (size_t i = 0; !status && i < n_matches; i++)
        status = copy_match(&matches[i], arena, &found[i]);
    kvx_rcu_leave(c->reader);
    if (!status) {
        *out = found;
        *count = n_matches;
    }
    return status;
}

static int answer(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena, const uint64_t *local,
                  size_t n, struct kvx_query_result *result, struct kvx_error *e)
{
    struct found *found = NULL;
    size_t count = 0;
    int status = n ? match_and_copy(s, c, arena, local, n, &found, &count) : KVX_OK;
    struct kvx_hit *hits = status ? NULL : kvx_arena_array(arena, count, sizeof(*hits));
    if (!hits)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    sort_found(found, count);
    for (size_t i = 0; i < count; i++)
        hits[i] = found[i].hit;
    *result = (struct kvx_query_result){
        .hits = hits,
        .n = count,
        .blocks_asked = n,
        .block_size = atomic_load_explicit(&s->partition.block_size, memory_order_relaxed),
    };
    return KVX_OK;
}

int kvx_service_query(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                      const struct kvx_query_args *args, struct kvx_query_result *result, struct kvx_error *e)
{
    uint32_t block_size = atomic_load_explicit(&s->partition.block_size, memory_order_relaxed);
    size_t n = block_size ? args->n_tokens / block_size : 0;
    uint64_t *local = kvx_arena_array(arena, n, sizeof(*local));
    if (!local)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    if (n)
        kvx_block_hashes(KVX_HASH_SEED, args->tokens, args->n_tokens, block_size, local);
    return answer(s, c, arena, local, n, result, e);
}

int kvx_service_query_by_hash(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                              const struct kvx_query_args *args, struct kvx_query_result *result,
                              struct kvx_error *e)
{
    return answer(s, c, arena, args->block_hashes, args->n_hashes, result, e);
}
