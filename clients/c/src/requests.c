/* The public operations: arguments into messages, messages into answers. */
#include "private.h"

#define METHOD(name, type, reads)                                                         \
    {                                                                                     \
        "/kvindex.v1.KvIndexer/" name, &kvindex__v1__##type##_response__descriptor, reads \
    }
static const struct kvindex_method register_method = METHOD("Register", register, false);
static const struct kvindex_method unregister_method = METHOD("Unregister", unregister, false);
static const struct kvindex_method workers_method = METHOD("ListWorkers", list_workers, true);
static const struct kvindex_method query_method = METHOD("Query", query, true);
static const struct kvindex_method query_by_hash_method = METHOD("QueryByHash", query_by_hash, true);
static const struct kvindex_method dump_method = METHOD("Dump", dump, true);
static const struct kvindex_method health_method = METHOD("GetHealth", get_health, true);

/* protobuf-c's structs are not const; packing only reads them. */
static char *text(const char *s)
{
    return (char *)(s ? s : "");
}

int kvindex_register(struct kvindex_client *c, const struct kvindex_registration *r, struct kvindex_error *e)
{
    Kvindex__V1__RegisterRequest m = KVINDEX__V1__REGISTER_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.instance_id = text(r->instance_id);
    m.dp_rank = r->dp_rank;
    m.endpoint = text(r->endpoint);
    m.replay_endpoint = text(r->replay_endpoint);
    m.block_size_tokens = r->block_size_tokens;
    int status = kvindex_unary(c, &register_method, &m.base, &answer, e);
    if (status == KVINDEX_OK)
        kvindex_message_free(&c->allocator, answer);
    return status;
}

int kvindex_unregister(struct kvindex_client *c, const char *instance_id, const uint32_t *dp_rank,
                       uint64_t *removed_workers, struct kvindex_error *e)
{
    Kvindex__V1__UnregisterRequest m = KVINDEX__V1__UNREGISTER_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.instance_id = text(instance_id);
    if (dp_rank) {
        m.rank_case = KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK;
        m.dp_rank = *dp_rank;
    }
    int status = kvindex_unary(c, &unregister_method, &m.base, &answer, e);
    if (status != KVINDEX_OK)
        return status;
    if (removed_workers)
        *removed_workers = ((const Kvindex__V1__UnregisterResponse *)(const void *)answer)->removed_workers;
    kvindex_message_free(&c->allocator, answer);
    return KVINDEX_OK;
}

int kvindex_list_workers(struct kvindex_client *c, const struct kvindex_workers **out,
                         struct kvindex_error *e)
{
    Kvindex__V1__ListWorkersRequest m = KVINDEX__V1__LIST_WORKERS_REQUEST__INIT;
    ProtobufCMessage *answer;
    int status = kvindex_unary(c, &workers_method, &m.base, &answer, e);
    return status == KVINDEX_OK ? kvindex_answer_workers(c, answer, out, e) : status;
}

int kvindex_query_tokens(struct kvindex_client *c, const uint32_t *token_ids, size_t n,
                         const struct kvindex_result **out, struct kvindex_error *e)
{
    Kvindex__V1__QueryRequest m = KVINDEX__V1__QUERY_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.n_token_ids = n;
    m.token_ids = (uint32_t *)token_ids;
    int status = kvindex_unary(c, &query_method, &m.base, &answer, e);
    if (status != KVINDEX_OK)
        return status;
    return kvindex_answer_result(c, answer,
                                 ((const Kvindex__V1__QueryResponse *)(const void *)answer)->result, out, e);
}

int kvindex_query_hashes(struct kvindex_client *c, const uint64_t *block_hashes, size_t n,
                         const struct kvindex_result **out, struct kvindex_error *e)
{
    Kvindex__V1__QueryByHashRequest m = KVINDEX__V1__QUERY_BY_HASH_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.n_block_hashes = n;
    m.block_hashes = (uint64_t *)block_hashes;
    int status = kvindex_unary(c, &query_by_hash_method, &m.base, &answer, e);
    if (status != KVINDEX_OK)
        return status;
    return kvindex_answer_result(
        c, answer, ((const Kvindex__V1__QueryByHashResponse *)(const void *)answer)->result, out, e);
}

int kvindex_get_health(struct kvindex_client *c, const struct kvindex_health **out, struct kvindex_error *e)
{
    Kvindex__V1__GetHealthRequest m = KVINDEX__V1__GET_HEALTH_REQUEST__INIT;
    ProtobufCMessage *answer;
    int status = kvindex_unary(c, &health_method, &m.base, &answer, e);
    return status == KVINDEX_OK ? kvindex_answer_health(c, answer, out, e) : status;
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
        };
        *stop = l->stored(l->user, &event) != 0;
    }
    return KVINDEX_OK;
}

int kvindex_dump(struct kvindex_client *c, kvindex_stored_fn *stored, void *user, struct kvindex_error *e)
{
    Kvindex__V1__DumpRequest m = KVINDEX__V1__DUMP_REQUEST__INIT;
    struct listener listener = {stored, user};
    return kvindex_stream(c, &dump_method, &m.base, take_slice, &listener, e);
}
