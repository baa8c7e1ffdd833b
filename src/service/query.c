/* Query and QueryByHash: a prompt in, one hit per worker out. Takes no lock. */
#include "base/block_hash.h"
#include "candidates.h"
#include "partitions.h"

#include <stdlib.h>

/* How often sequence hashes may have to be turned on for one query: each time its partition was a new one. */
enum { SEQUENCE_TRIES = 3 };

/* A match, and where it stands in the answer. */
struct found {
    const struct kvx_match *match;
    uint64_t serial; /* of the instance: answers are in order of first registration */
    uint32_t dp_rank;
};

static int by_registration(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->serial != y->serial)
        return x->serial < y->serial ? -1 : 1;
    return x->dp_rank < y->dp_rank ? -1 : x->dp_rank > y->dp_rank;
}

static int best_first(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    for (unsigned reach = 0; reach < KVX_REACH_COUNT; reach++)
        if (x->match->blocks[reach] != y->match->blocks[reach])
            return x->match->blocks[reach] > y->match->blocks[reach] ? -1 : 1;
    return by_registration(a, b);
}

/* Matches usually come in order already. */
static void sort_found(struct found *found, size_t n, int (*order)(const void *, const void *))
{
    for (size_t i = 1; i < n; i++)
        if (order(&found[i - 1], &found[i]) > 0) {
            qsort(found, n, sizeof(*found), order);
            return;
        }
}

/* Inside the read section: afterwards the worker may be gone, so everything is copied. */
static int copy_hit(const struct kvx_match *match, struct kvx_arena *arena, struct kvx_hit *out)
{
    const struct kvx_worker *w = match->label;
    struct kvx_bytes id = kvx_worker_id(w);
    char *text = kvx_arena_text(arena, id);
    if (!text)
        return KVX_NOMEM;
    *out = (struct kvx_hit){
        .instance = {{text, id.len}, w->numeric},
        .dp_rank = w->dp_rank,
        .total_blocks = match->held_blocks,
        .state = (enum kvx_source_state)atomic_load_explicit(&kvx_worker_feed(w)->status.state,
                                                             memory_order_relaxed),
    };
    memcpy(out->blocks, match->blocks, sizeof(out->blocks));
    return KVX_OK;
}

static int copy_hits(const struct kvx_match *matches, size_t n, size_t max_hits, struct kvx_arena *arena,
                     struct kvx_query_result *result)
{
    struct found *found = kvx_arena_array(arena, n, sizeof(*found));
    if (!found)
        return KVX_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct kvx_worker *w = matches[i].label;
        found[i] = (struct found){&matches[i], w->serial, w->dp_rank};
    }
    sort_found(found, n, max_hits ? best_first : by_registration);
    if (max_hits && n > max_hits)
        n = max_hits;
    struct kvx_hit *hits = kvx_arena_array(arena, n, sizeof(*hits));
    int status = hits ? KVX_OK : KVX_NOMEM;
    for (size_t i = 0; !status && i < n; i++)
        status = copy_hit(found[i].match, arena, &hits[i]);
    result->hits = hits;
    result->n = n;
    return status;
}

/* Whole blocks of `tokens`. A bigram block ends with the token behind it, which must be there. */
static size_t block_count(const struct kvx_query_args *args, uint32_t block_size)
{
    size_t usable = args->n_tokens - (args->bigrams && args->n_tokens);
    return block_size ? usable / block_size : 0;
}

/* The prompt's hashes, hashed here if it came as tokens. */
static int hash_prompt(const struct kvx_query_args *args, uint32_t block_size, struct kvx_arena *arena,
                       struct kvx_prompt *prompt)
{
    if (args->form != KVX_PROMPT_TOKENS) {
        prompt->hashes = args->hashes;
        prompt->n = args->n_hashes;
        return KVX_OK;
    }
    size_t n = block_count(args, block_size);
    uint64_t *local = kvx_arena_array(arena, n, sizeof(*local));
    if (!local)
        return KVX_NOMEM;
    uint64_t seed = kvx_block_seed(args->lora_name, args->cache_salt);
    if (n && !args->bigrams)
        kvx_block_hashes(seed, args->tokens, n * block_size, block_size, local);
    for (size_t i = 0; args->bigrams && i < n; i++)
        local[i] = kvx_block_hash(seed, args->tokens + i * block_size, (size_t)block_size + 1, NULL, 0);
    prompt->hashes = local;
    prompt->n = n;
    return KVX_OK;
}

static int no_memory(struct kvx_error *e)
{
    return kvx_fail(e, KVX_NOMEM, "out of memory");
}

/* One lookup, in a read section. `*later`: the partition, counted, whose index must turn sequence hashes on
 * before the question can be answered. */
static int look_up(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                   const struct kvx_query_args *args, struct kvx_prompt *prompt,
                   struct kvx_query_result *result, struct kvx_partition **later, struct kvx_error *e)
{
    const struct kvx_match *matches;
    size_t fitting, n;
    struct kvx_partition *p = kvx_partition_find(s, &args->partition, &fitting);
    if (!p && fitting)
        return kvx_partition_several(s, &args->partition, e);
    if (!p && args->must_exist)
        return kvx_partition_unknown(s, &args->partition, e);
    uint32_t block_size = p ? p->name.block_size : kvx_default_block_size(s, &args->partition);
    if (hash_prompt(args, block_size, arena, prompt) < 0)
        return no_memory(e);
    *result = (struct kvx_query_result){.blocks_asked = prompt->n, .block_size = block_size};
    if (!p)
        return KVX_OK;
    result->tenant = (struct kvx_bytes){kvx_arena_text(arena, p->name.tenant), p->name.tenant.len};
    int status = kvx_index_match(p->index, c->lookup, prompt, &matches, &n);
    if (status == KVX_UNAVAILABLE) {
        kvx_partition_hold(p);
        *later = p;
        return status;
    }
    if (status || !result->tenant.data || copy_hits(matches, n, args->max_hits, arena, result) < 0)
        return no_memory(e);
    return KVX_OK;
}

int kvx_service_query(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                      const struct kvx_query_args *args, struct kvx_query_result *result, struct kvx_error *e)
{
    struct kvx_candidates candidates;
    struct kvx_query_result found;
    struct kvx_prompt prompt = {.sequence = args->form == KVX_PROMPT_SEQUENCE_HASHES,
                                .every_worker = args->every_worker};
    if (args->candidates) {
        int status = kvx_candidates_init(&candidates, arena, args->candidates, args->n_candidates, e);
        if (status)
            return status;
        prompt.wanted = kvx_candidates_wanted;
        prompt.user = &candidates;
    }
    for (int tries = 0; tries <= SEQUENCE_TRIES; tries++) {
        struct kvx_partition *later = NULL;
        kvx_rcu_enter(c->reader);
        int status = look_up(s, c, arena, args, &prompt, &found, &later, e);
        kvx_rcu_leave(c->reader);
        if (!status)
            *result = found;
        if (!later)
            return status;
        status = kvx_index_sequences(later->index);
        kvx_partition_drop(later);
        if (status)
            return no_memory(e);
    }
    return kvx_fail(e, KVX_UNAVAILABLE, "the partition came and went; try again");
}
