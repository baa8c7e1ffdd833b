/* The --workers list: `id[:dp_rank]=endpoint,...`, as NVIDIA's indexer takes it, but a malformed entry is an
 * error. */
#ifndef SERVICE_WORKER_LIST_H
#define SERVICE_WORKER_LIST_H

#include "service/service.h"

/* Registers every entry in one partition, in order. KVX_INVALID names the entry; what `register` refuses
 * comes back with its text. */
int kvx_service_register_list(struct kvx_service *, const struct kvx_partition_choice *, const char *list,
                              struct kvx_error *) KVX_MUST_CHECK;

#endif /* SERVICE_WORKER_LIST_H */
