/* Operations about workers, partitions, peers and health: arguments into messages, messages into answers. */
#include "private.h"

static const struct kvindex_method register_method = KVINDEX_METHOD("Register", register, false);
static const struct kvindex_method unregister_method = KVINDEX_METHOD("Unregister", unregister, false);
static const struct kvindex_method workers_method = KVINDEX_METHOD("ListWorkers", list_workers, true);
static const struct kvindex_method partitions_method =
    KVINDEX_METHOD("ListPartitions", list_partitions, true);
static const struct kvindex_method add_peer_method = KVINDEX_METHOD("RegisterPeer", register_peer, false);
static const struct kvindex_method remove_peer_method =
    KVINDEX_METHOD("DeregisterPeer", deregister_peer, false);
static const struct kvindex_method peers_method = KVINDEX_METHOD("ListPeers", list_peers, true);
static const struct kvindex_method health_method = KVINDEX_METHOD("GetHealth", get_health, true);

char *kvindex_text(const char *s)
{
    return (char *)(s ? s : "");
}

/* An operation whose answer says nothing. */
static int command(struct kvindex_client *c, const struct kvindex_method *method,
                   const ProtobufCMessage *request, struct kvindex_error *e)
{
    ProtobufCMessage *answer;
    int status = kvindex_unary(c, method, request, &answer, e);
    if (status == KVINDEX_OK)
        kvindex_message_free(&c->allocator, answer);
    return status;
}

/* ---- Workers ---- */

int kvindex_register(struct kvindex_client *c, const struct kvindex_registration *r, struct kvindex_error *e)
{
    Kvindex__V1__RegisterRequest m = KVINDEX__V1__REGISTER_REQUEST__INIT;
    m.instance_id = kvindex_text(r->instance_id);
    m.dp_rank = r->dp_rank;
    m.endpoint = kvindex_text(r->endpoint);
    m.replay_endpoint = kvindex_text(r->replay_endpoint);
    m.block_size_tokens = r->block_size_tokens;
    m.kind = (Kvindex__V1__SourceKind)r->kind;
    m.model = kvindex_text(r->model);
    m.tenant = kvindex_text(r->tenant);
    m.additional_salt = kvindex_text(r->additional_salt);
    m.lora_name = kvindex_text(r->lora_name);
    return command(c, &register_method, &m.base, e);
}

int kvindex_unregister(struct kvindex_client *c, const char *instance_id, const uint32_t *dp_rank,
                       uint64_t *removed_workers, struct kvindex_error *e)
{
    const struct kvindex_partition nothing_said = {0};
    return kvindex_unregister_in(c, &nothing_said, instance_id, dp_rank, removed_workers, e);
}

int kvindex_unregister_in(struct kvindex_client *c, const struct kvindex_partition *partition,
                          const char *instance_id, const uint32_t *dp_rank, uint64_t *removed_workers,
                          struct kvindex_error *e)
{
    Kvindex__V1__UnregisterRequest m = KVINDEX__V1__UNREGISTER_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.instance_id = kvindex_text(instance_id);
    if (dp_rank) {
        m.rank_case = KVINDEX__V1__UNREGISTER_REQUEST__RANK_DP_RANK;
        m.dp_rank = *dp_rank;
    }
    m.model = kvindex_text(partition->model);
    m.tenant = kvindex_text(partition->tenant);
    m.additional_salt = kvindex_text(partition->additional_salt);
    m.block_size_tokens = partition->block_size_tokens;
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
    const struct kvindex_partition any = {0};
    return kvindex_list_workers_in(c, &any, out, e);
}

int kvindex_list_workers_in(struct kvindex_client *c, const struct kvindex_partition *partition,
                            const struct kvindex_workers **out, struct kvindex_error *e)
{
    Kvindex__V1__ListWorkersRequest m = KVINDEX__V1__LIST_WORKERS_REQUEST__INIT;
    ProtobufCMessage *answer;
    m.model = kvindex_text(partition->model);
    m.tenant = kvindex_text(partition->tenant);
    int status = kvindex_unary(c, &workers_method, &m.base, &answer, e);
    return status == KVINDEX_OK ? kvindex_answer_workers(c, answer, out, e) : status;
}

/* ---- Partitions, peers, health ---- */

int kvindex_list_partitions(struct kvindex_client *c, const struct kvindex_partitions **out,
                            struct kvindex_error *e)
{
    Kvindex__V1__ListPartitionsRequest m = KVINDEX__V1__LIST_PARTITIONS_REQUEST__INIT;
    ProtobufCMessage *answer;
    int status = kvindex_unary(c, &partitions_method, &m.base, &answer, e);
    return status == KVINDEX_OK ? kvindex_answer_partitions(c, answer, out, e) : status;
}

int kvindex_register_peer(struct kvindex_client *c, const char *url, struct kvindex_error *e)
{
    Kvindex__V1__RegisterPeerRequest m = KVINDEX__V1__REGISTER_PEER_REQUEST__INIT;
    m.url = kvindex_text(url);
    return command(c, &add_peer_method, &m.base, e);
}

int kvindex_deregister_peer(struct kvindex_client *c, const char *url, struct kvindex_error *e)
{
    Kvindex__V1__DeregisterPeerRequest m = KVINDEX__V1__DEREGISTER_PEER_REQUEST__INIT;
    m.url = kvindex_text(url);
    return command(c, &remove_peer_method, &m.base, e);
}

int kvindex_list_peers(struct kvindex_client *c, const struct kvindex_peers **out, struct kvindex_error *e)
{
    Kvindex__V1__ListPeersRequest m = KVINDEX__V1__LIST_PEERS_REQUEST__INIT;
    ProtobufCMessage *answer;
    int status = kvindex_unary(c, &peers_method, &m.base, &answer, e);
    return status == KVINDEX_OK ? kvindex_answer_peers(c, answer, out, e) : status;
}

int kvindex_get_health(struct kvindex_client *c, const struct kvindex_health **out, struct kvindex_error *e)
{
    Kvindex__V1__GetHealthRequest m = KVINDEX__V1__GET_HEALTH_REQUEST__INIT;
    ProtobufCMessage *answer;
    int status = kvindex_unary(c, &health_method, &m.base, &answer, e);
    return status == KVINDEX_OK ? kvindex_answer_health(c, answer, out, e) : status;
}
