/* Partitions in requests and answers. */
#ifndef RPC_PARTITION_H
#define RPC_PARTITION_H

#include "kvindex_rpc.h"
#include "service/service.h"

/* The one partition a request is about; its texts are borrowed. Empty texts, and block size 0, say nothing.
 */
struct kvx_partition_choice kvx_rpc_partition(const char *model, const char *tenant, const char *salt,
                                              uint32_t block_size);
/* Those that a listing is about: an empty text fits any. */
struct kvx_partition_choice kvx_rpc_partitions(const char *model, const char *tenant);

/* In the arena; NULL without memory. */
Kvindex__V1__Partition *kvx_rpc_partition_answer(struct kvx_arena *, const struct kvx_partition_name *);

#endif /* RPC_PARTITION_H */
