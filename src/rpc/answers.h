/* From the service's results to protobuf-c messages. Everything lives in the environment's arena. */
#ifndef RPC_ANSWERS_H
#define RPC_ANSWERS_H

#include "env.h"
#include "kvindex_rpc.h"

Kvindex__V1__SourceState kvx_rpc_state(enum kvx_source_state);
Kvindex__V1__SourceReason kvx_rpc_reason(enum kvx_source_reason);
Kvindex__V1__Tier kvx_rpc_tier(enum kvx_tier);
/* The other way; the value is one of the schema's. */
enum kvx_source_kind kvx_rpc_kind(Kvindex__V1__SourceKind);

/* The functions below return NULL, or false, without memory. */
Kvindex__V1__Worker *kvx_rpc_worker(struct kvx_arena *, const struct kvx_instance_id *, uint32_t dp_rank);
Kvindex__V1__QueryResult *kvx_rpc_query_result(struct kvx_arena *, const struct kvx_query_result *);
bool kvx_rpc_worker_status(struct kvx_arena *, const struct kvx_worker_info *, Kvindex__V1__WorkerStatus *);
bool kvx_rpc_partition_status(struct kvx_arena *, const struct kvx_partition_info *,
                              Kvindex__V1__PartitionStatus *);
/* `n` pointers to `n` uninitialised items of `size` bytes, for a repeated message field. */
void *kvx_rpc_list(struct kvx_arena *, size_t n, size_t size);

#endif /* RPC_ANSWERS_H */
