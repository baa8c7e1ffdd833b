/* Read-copy-update: readers take no lock and wait for nobody; writers free memory only after every reader
 * that could see it has left. An epoch scheme in C11 atomics.
 *
 * A `kvx_rcu` is one domain (one per process, shared by all partitions). Each reading thread owns a
 * `kvx_rcu_reader`. Read sections are short: no blocking call, no I/O inside.
 */
#ifndef INDEX_RCU_H
#define INDEX_RCU_H

#include "base/alloc.h"
#include "base/err.h"

struct kvx_rcu;
struct kvx_rcu_reader;

int kvx_rcu_new(struct kvx_rcu **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_rcu_free(struct kvx_rcu *); /* no reader and no index may be left */

int kvx_rcu_reader_new(struct kvx_rcu *, struct kvx_rcu_reader **out) KVX_MUST_CHECK;
void kvx_rcu_reader_free(struct kvx_rcu_reader *); /* outside a read section */

/* Read sections do not nest. Only the reader's own thread may call these. */
void kvx_rcu_enter(struct kvx_rcu_reader *);
void kvx_rcu_leave(struct kvx_rcu_reader *);

#endif /* INDEX_RCU_H */
