/* Answers: plain structs over an unpacked message, in one allocation each. */
#include "private.h"

#include <stdint.h>

/* The public object stands first, so that its address is the whole's; behind the owner come the items. */
struct workers_answer {
    struct kvindex_workers public;
    struct kvindex_owner owner;
    struct kvindex_worker items[];
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
