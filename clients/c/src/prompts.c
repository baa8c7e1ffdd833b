/* Queries and the dump: arguments into messages, messages into answers. */
#include "private.h"

#include <stdint.h>

static const struct kvindex_method query_method = KVINDEX_METHOD("Query", query, true);
static const struct kvindex_method query_by_hash_method = KVINDEX_METHOD("QueryByHash", query_by_hash, true);
static const struct kvindex_method dump_method = KVINDEX_METHOD("Dump", dump, true);

/* ---- Queries ---- */

/* The candidates of a question as messages, behind the list of their addresses. */
struct candidates {
    Kvindex__V1__Candidate **list;
    size_t n;
};

static int open_candidates(struct kvindex_client *c, const struct kvindex_query *q, struct candidates *out,
                           struct kvindex_error *e)
{
    const size_t each = sizeof(Kvindex__V1__Candidate) + sizeof(Kvindex__V1__Candidate *);
    *out = (struct candidates){.n = q->n_candidates};
    if (!out->n)
        return KVINDEX_OK;
    if (out->n <= SIZE_MAX / each)
        out->list = c->allocator.alloc(c->allocator.user, out->n * each);
    if (!out->list)
        return kvindex_no_memory(e);
    Kvindex__V1__Candidate *messages = (void *)(out->list + out->n);
    for (size_t i = 0; i < out->n; i++) {
        const struct kvindex_candidate *candidate = &q->candidates[i];
        out->list[i] = &messages[i];
        kvindex__v1__candidate__init(&messages[i]);
        messages[i].instance_id = kvindex_text(candidate->instance_id);
        if (candidate->dp_rank) {
            messages[i].rank_case = KVINDEX__V1__CANDIDATE__RANK_DP_RANK;
            messages[i].dp_rank = *candidate->dp_rank;
        }
    }
    return KVINDEX_OK;
}

static void close_candidates(struct kvindex_client *c, struct candidates *candidates)
{
    c->allocator.free(c->allocator.user, candidates->list);
}

static int ask_tokens(struct kvindex_client *c, const struct kvindex_query *q,
                      const struct candidates *candidates, const struct kvindex_result **out,
                      struct kvindex_error *e)
{
    Kvindex__V1__QueryRequest m = KVINDEX__V1__QUERY_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.n_token_ids = q->n_token_ids;
    m.token_ids = (uint32_t *)q->token_ids;
    m.bigrams = q->bigrams;
    m.model = kvindex_text(q->partition.model);
    m.tenant = kvindex_text(q->partition.tenant);
    m.additional_salt = kvindex_text(q->partition.additional_salt);
    m.block_size_tokens = q->partition.block_size_tokens;
    m.lora_name = kvindex_text(q->lora_name);
    m.cache_salt = kvindex_text(q->cache_salt);
    m.n_candidates = candidates->n;
    m.candidates = candidates->list;
    m.max_hits = q->max_hits;
    m.every_worker = q->every_worker;
    int status = kvindex_unary(c, &query_method, &m.base, &answer, e);
    if (status != KVINDEX_OK)
        return status;
    return kvindex_answer_result(c, answer,
                                 ((const Kvindex__V1__QueryResponse *)(const void *)answer)->result, out, e);
}

static int ask_hashes(struct kvindex_client *c, const struct kvindex_query *q,
                      const struct candidates *candidates, const struct kvindex_result **out,
                      struct kvindex_error *e)
{
    Kvindex__V1__QueryByHashRequest m = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.n_block_hashes = q->n_block_hashes;
    m.block_hashes = (uint64_t *)q->block_hashes;
    m.n_sequence_hashes = q->n_sequence_hashes;
    m.sequence_hashes = (uint64_t *)q->sequence_hashes;
    m.model = kvindex_text(q->partition.model);
    m.tenant = kvindex_text(q->partition.tenant);
    m.additional_salt = kvindex_text(q->partition.additional_salt);
    m.block_size_tokens = q->partition.block_size_tokens;
    m.n_candidates = candidates->n;
    m.candidates = candidates->list;
    m.max_hits = q->max_hits;
    m.every_worker = q->every_worker;
    int status = kvindex_unary(c, &query_by_hash_method, &m.base, &answer, e);
    if (status != KVINDEX_OK)
        return status;
    return kvindex_answer_result(
        c, answer, ((const Kvindex__V1__QueryByHashResponse *)(const void *)answer)->result, out, e);
}

/* What the message of one form has no room for would get lost silently. */
static int check(const struct kvindex_query *q, bool by_hash, struct kvindex_error *e)
{
    if (q->candidates && !q->n_candidates) /* a filter that left nobody must not ask about everybody */
        return kvindex_fail(e, KVINDEX_INVALID_ARGUMENT,
                            "`candidates` is empty; NULL asks about all workers");
    if (by_hash && q->n_token_ids)
        return kvindex_fail(e, KVINDEX_INVALID_ARGUMENT,
                            "`token_ids` and `%s` are both given; one form of the prompt is wanted",
                            q->block_hashes ? "block_hashes" : "sequence_hashes");
    if (by_hash && ((q->lora_name && *q->lora_name) || (q->cache_salt && *q->cache_salt) || q->bigrams))
        return kvindex_fail(
            e, KVINDEX_INVALID_ARGUMENT,
            "`lora_name`, `cache_salt` and `bigrams` belong to tokens: hashes have them inside");
    return KVINDEX_OK;
}

int kvindex_query(struct kvindex_client *c, const struct kvindex_query *q, const struct kvindex_result **out,
                  struct kvindex_error *e)
{
    bool by_hash = q->block_hashes || q->sequence_hashes;
    struct candidates candidates;
    int status = check(q, by_hash, e);
    if (status == KVINDEX_OK)
        status = open_candidates(c, q, &candidates, e);
    if (status != KVINDEX_OK)
        return status;
    status = (by_hash ? ask_hashes : ask_tokens)(c, q, &candidates, out, e);
    close_candidates(c, &candidates);
    return status;
}

int kvindex_query_tokens(struct kvindex_client *c, const uint32_t *token_ids, size_t n,
                         const struct kvindex_result **out, struct kvindex_error *e)
{
    const struct kvindex_query q = {.token_ids = token_ids, .n_token_ids = n};
    return kvindex_query(c, &q, out, e);
}

int kvindex_query_hashes(struct kvindex_client *c, const uint64_t *block_hashes, size_t n,
                         const struct kvindex_result **out, struct kvindex_error *e)
{
    const struct kvindex_query q = {.block_hashes = block_hashes, .n_block_hashes = n};
    return kvindex_query(c, &q, out, e);
}

/* ---- Dump ---- */

struct listener {
    kvindex_stored_fn *stored;
    void *user;
};

static int take_slice(void *user, const ProtobufCMessage *message, bool *stop, struct kvindex_error *e)
{
    const struct listener *l = user;
    const Kvindex__V1__DumpResponse *m = (const void *)message;
    for (size_t i = 0; i < m->n_events && !*stop; i++) {
        const Kvindex__V1__StoredBlocks *s = m->events[i];
        if (s->n_local_hashes != s->n_engine_hashes)
            return kvindex_fail(e, KVINDEX_INTERNAL,
                                "the server sent %zu local and %zu engine hashes in one event",
                                s->n_local_hashes, s->n_engine_hashes);
        const struct kvindex_stored event = {
            .event_id = s->event_id,
            .instance_id = s->worker ? s->worker->instance_id : "",
            .dp_rank = s->worker ? s->worker->dp_rank : 0,
            .tier = (int)s->tier,
            .has_parent = s->parent_case == KVINDEX__V1__STORED_BLOCKS__PARENT_PARENT_ENGINE_HASH,
            .parent_engine_hash = s->parent_engine_hash,
            .n = s->n_local_hashes,
            .local_hashes = s->local_hashes,
            .engine_hashes = s->engine_hashes,
            .partition = kvindex_partition_of(m->partition),
        };
        *stop = l->stored(l->user, &event) != 0;
    }
    return KVINDEX_OK;
}

int kvindex_dump(struct kvindex_client *c, kvindex_stored_fn *stored, void *user, struct kvindex_error *e)
{
    const struct kvindex_partition any = {0};
    return kvindex_dump_in(c, &any, stored, user, e);
}

int kvindex_dump_in(struct kvindex_client *c, const struct kvindex_partition *partition,
                    kvindex_stored_fn *stored, void *user, struct kvindex_error *e)
{
    Kvindex__V1__DumpRequest m = KVINDEX__V1__DUMP_REQUEST__INIT;
    struct listener listener = {stored, user};
    m.model = kvindex_text(partition->model);
    m.tenant = kvindex_text(partition->tenant);
    return kvindex_stream(c, &dump_method, &m.base, take_slice, &listener, e);
}
