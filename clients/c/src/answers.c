/* Answers: plain structs over an unpacked message, in one allocation each. */
#include "private.h"

#include <stdint.h>

/* The public object stands first, so that its address is the whole's; behind the owner come the items. */
struct workers_answer {
    struct kvindex_workers public;
    struct kvindex_owner owner;
    struct kvindex_worker items[];
};
struct partitions_answer {
    struct kvindex_partitions public;
    struct kvindex_owner owner;
    struct kvindex_partition_status items[];
};
struct peers_answer {
    struct kvindex_peers public;
    struct kvindex_owner owner;
};
struct result_answer {
    struct kvindex_result public;
    struct kvindex_owner owner;
    struct kvindex_hit items[];
};
struct health_answer {
    struct kvindex_health public;
    struct kvindex_owner owner;
    struct kvindex_state_count items[];
};

/* An object of `size` bytes and `n` items, or NULL; the message is then freed: an answer is whole or not
 * there. */
static void *new_answer(struct kvindex_client *c, ProtobufCMessage *message, size_t size, size_t n,
                        size_t item, struct kvindex_error *e)
{
    void *answer = NULL;
    if (n <= (SIZE_MAX - size) / item)
        answer = c->allocator.alloc(c->allocator.user, size + n * item);
    if (!answer) {
        kvindex_message_free(&c->allocator, message);
        kvindex_no_memory(e);
    }
    return answer;
}

static void free_answer(const void *answer, const struct kvindex_owner *owner)
{
    const struct kvindex_allocator allocator = owner->allocator;
    kvindex_message_free(&allocator, owner->message);
    allocator.free(allocator.user, (void *)answer);
}

static struct kvindex_worker worker_of(const Kvindex__V1__WorkerStatus *w)
{
    const Kvindex__V1__TierBlocks *held = w->held_blocks;
    return (struct kvindex_worker){
        .instance_id = w->worker ? w->worker->instance_id : "",
        .dp_rank = w->worker ? w->worker->dp_rank : 0,
        .endpoint = w->endpoint,
        .replay_endpoint = w->replay_endpoint,
        .learned = w->learned,
        .state = (int)w->state,
        .reason = (int)w->reason,
        .since_unix_ms = w->since_unix_ms,
        .has_sequence = w->sequence_case == KVINDEX__V1__WORKER_STATUS__SEQUENCE_LAST_SEQUENCE,
        .last_sequence = w->last_sequence,
        .missing_batches = w->missing_batches,
        .applied_batches = w->applied_batches,
        .restarts = w->restarts,
        .last_event_unix_ms = w->last_event_unix_ms,
        .block_size_tokens = w->block_size_tokens,
        .model = w->model,
        .tenant = w->tenant,
        .additional_salt = w->additional_salt,
        .lora_name = w->lora_name,
        .kind = (int)w->kind,
        .device_blocks = held ? held->device_blocks : 0,
        .host_blocks = held ? held->host_blocks : 0,
        .disk_blocks = held ? held->disk_blocks : 0,
        .external_blocks = held ? held->external_blocks : 0,
    };
}

int kvindex_answer_workers(struct kvindex_client *c, ProtobufCMessage *message,
                           const struct kvindex_workers **out, struct kvindex_error *e)
{
    const Kvindex__V1__ListWorkersResponse *m = (const void *)message;
    struct workers_answer *a = new_answer(c, message, sizeof(*a), m->n_workers, sizeof(a->items[0]), e);
    if (!a)
        return KVINDEX_RESOURCE_EXHAUSTED;
    a->public = (struct kvindex_workers){.n = m->n_workers, .items = a->items};
    a->owner = (struct kvindex_owner){c->allocator, message};
    for (size_t i = 0; i < m->n_workers; i++)
        a->items[i] = worker_of(m->workers[i]);
    *out = &a->public;
    return KVINDEX_OK;
}

void kvindex_workers_free(const struct kvindex_workers *workers)
{
    if (workers)
        free_answer(workers, &((const struct workers_answer *)(const void *)workers)->owner);
}

struct kvindex_partition kvindex_partition_of(const Kvindex__V1__Partition *p)
{
    if (!p)
        return (struct kvindex_partition){"", "", "", 0};
    return (struct kvindex_partition){p->model, p->tenant, p->additional_salt, p->block_size_tokens};
}

static struct kvindex_tier_blocks tier_blocks_of(const Kvindex__V1__TierBlocks *t)
{
    if (!t)
        return (struct kvindex_tier_blocks){0};
    return (struct kvindex_tier_blocks){t->device_blocks, t->host_blocks, t->disk_blocks, t->external_blocks};
}

int kvindex_answer_partitions(struct kvindex_client *c, ProtobufCMessage *message,
                              const struct kvindex_partitions **out, struct kvindex_error *e)
{
    const Kvindex__V1__ListPartitionsResponse *m = (const void *)message;
    struct partitions_answer *a = new_answer(c, message, sizeof(*a), m->n_partitions, sizeof(a->items[0]), e);
    if (!a)
        return KVINDEX_RESOURCE_EXHAUSTED;
    a->public = (struct kvindex_partitions){.n = m->n_partitions, .items = a->items};
    a->owner = (struct kvindex_owner){c->allocator, message};
    for (size_t i = 0; i < m->n_partitions; i++) {
        const Kvindex__V1__PartitionStatus *p = m->partitions[i];
        a->items[i] = (struct kvindex_partition_status){
            .partition = kvindex_partition_of(p->partition),
            .workers = p->workers,
            .pools = p->pools,
            .held_blocks = tier_blocks_of(p->held_blocks),
            .pool_blocks = tier_blocks_of(p->pool_blocks),
            .positions = p->positions,
            .memory_bytes = p->memory_bytes,
        };
    }
    *out = &a->public;
    return KVINDEX_OK;
}

void kvindex_partitions_free(const struct kvindex_partitions *partitions)
{
    if (partitions)
        free_answer(partitions, &((const struct partitions_answer *)(const void *)partitions)->owner);
}

int kvindex_answer_peers(struct kvindex_client *c, ProtobufCMessage *message,
                         const struct kvindex_peers **out, struct kvindex_error *e)
{
    const Kvindex__V1__ListPeersResponse *m = (const void *)message;
    struct peers_answer *a = new_answer(c, message, sizeof(*a), 0, 1, e);
    if (!a)
        return KVINDEX_RESOURCE_EXHAUSTED;
    a->public = (struct kvindex_peers){.n = m->n_urls, .urls = (const char *const *)m->urls};
    a->owner = (struct kvindex_owner){c->allocator, message};
    *out = &a->public;
    return KVINDEX_OK;
}

void kvindex_peers_free(const struct kvindex_peers *peers)
{
    if (peers)
        free_answer(peers, &((const struct peers_answer *)(const void *)peers)->owner);
}

static struct kvindex_hit hit_of(const Kvindex__V1__Hit *h)
{
    return (struct kvindex_hit){
        .instance_id = h->worker ? h->worker->instance_id : "",
        .dp_rank = h->worker ? h->worker->dp_rank : 0,
        .device_blocks = h->device_blocks,
        .through_host_blocks = h->through_host_blocks,
        .through_disk_blocks = h->through_disk_blocks,
        .through_external_blocks = h->through_external_blocks,
        .total_blocks = h->total_blocks,
        .state = (int)h->state,
    };
}

int kvindex_answer_result(struct kvindex_client *c, ProtobufCMessage *message,
                          const Kvindex__V1__QueryResult *result, const struct kvindex_result **out,
                          struct kvindex_error *e)
{
    static const Kvindex__V1__QueryResult nothing = KVINDEX__V1__QUERY_RESULT__INIT;
    if (!result)
        result = &nothing; /* on the wire an empty message may be left out */
    struct result_answer *a = new_answer(c, message, sizeof(*a), result->n_hits, sizeof(a->items[0]), e);
    if (!a)
        return KVINDEX_RESOURCE_EXHAUSTED;
    a->public = (struct kvindex_result){.n = result->n_hits,
                                        .hits = a->items,
                                        .asked_blocks = result->asked_blocks,
                                        .block_size_tokens = result->block_size_tokens};
    a->owner = (struct kvindex_owner){c->allocator, message};
    for (size_t i = 0; i < result->n_hits; i++)
        a->items[i] = hit_of(result->hits[i]);
    *out = &a->public;
    return KVINDEX_OK;
}

void kvindex_result_free(const struct kvindex_result *result)
{
    if (result)
        free_answer(result, &((const struct result_answer *)(const void *)result)->owner);
}

int kvindex_answer_health(struct kvindex_client *c, ProtobufCMessage *message,
                          const struct kvindex_health **out, struct kvindex_error *e)
{
    const Kvindex__V1__GetHealthResponse *m = (const void *)message;
    size_t n = m->n_workers_by_state;
    struct health_answer *a = new_answer(c, message, sizeof(*a), n, sizeof(a->items[0]), e);
    if (!a)
        return KVINDEX_RESOURCE_EXHAUSTED;
    a->public = (struct kvindex_health){.ready = m->ready,
                                        .draining = m->draining,
                                        .n_reasons = m->n_reasons,
                                        .reasons = (const char *const *)m->reasons,
                                        .workers = m->workers,
                                        .n_states = n,
                                        .states = a->items};
    a->owner = (struct kvindex_owner){c->allocator, message};
    for (size_t i = 0; i < n; i++)
        a->items[i] =
            (struct kvindex_state_count){(int)m->workers_by_state[i]->state, m->workers_by_state[i]->workers};
    *out = &a->public;
    return KVINDEX_OK;
}

void kvindex_health_free(const struct kvindex_health *health)
{
    if (health)
        free_answer(health, &((const struct health_answer *)(const void *)health)->owner);
}
