/* Recovery at the start: fills the index from the /dump of a peer, another kvindex or NVIDIA's indexer.
 *
 * Blocks are taken for the workers the peer names; those not registered here wait for their registration.
 * Partitions whose block size is another one here are left out and counted. A peer whose dump fails anywhere
 * leaves nothing behind, and the next one is asked.
 *
 * Call while the sources are connected and nothing of them is read yet, so that what happens after the peer
 * took its dump is waiting here. No request may be served meanwhile, for a worker that registers midway would
 * be connected later than the dump was taken: kvx_service_recovering sees to that, and must be called before
 * a protocol listens. One thread.
 */
#ifndef HTTP_RECOVER_H
#define HTTP_RECOVER_H

#include "service/service.h"

struct kvx_recover_config {
    const struct kvx_allocator *allocator;
    struct kvx_service *service;
    struct kvx_log *log;               /* may be NULL */
    struct kvx_partition_choice plain; /* where a dump without partitions belongs */
    uint64_t timeout_ns;               /* for one peer, from connecting to the last byte */
    uint64_t bytes_max;                /* of one dump */
    /* Asked at least every 50 ms; true ends the recovery. */
    bool (*stop)(void *user);
    void *user;
};

/* Remembers the URLs of a comma-separated list in the service. KVX_INVALID names the entry. */
int kvx_recover_add_peers(struct kvx_service *, const char *list, struct kvx_error *) KVX_MUST_CHECK;
/* Asks the service's peers in their order until one has answered whole. 1: one has; 0: none, and the index is
 * as before. KVX_CANCELLED: stopped; else the index may hold blocks of a failed peer and must not be served.
 */
int kvx_recover(const struct kvx_recover_config *, struct kvx_error *) KVX_MUST_CHECK;

#endif /* HTTP_RECOVER_H */
