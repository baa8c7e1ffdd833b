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

#include <stdint.h>

struct kvx_rcu;
struct kvx_rcu_reader;

int kvx_rcu_new(struct kvx_rcu **out, const struct kvx_allocator *) KVX_MUST_CHECK;
void kvx_rcu_free(struct kvx_rcu *); /* no reader and no index may be left */

int kvx_rcu_reader_new(struct kvx_rcu *, struct kvx_rcu_reader **out) KVX_MUST_CHECK;
void kvx_rcu_reader_free(struct kvx_rcu_reader *); /* outside a read section */

/* Read sections do not nest. Only the reader's own thread may call these. */
void kvx_rcu_enter(struct kvx_rcu_reader *);
void kvx_rcu_leave(struct kvx_rcu_reader *);

/* The writer's side. A writer unlinks an object, then takes a tag with kvx_rcu_tag, after the unlinking
 * stores. It may free the object once kvx_rcu_passed returns a value above that tag. Both may be called from
 * any thread and never wait for a reader; kvx_rcu_passed takes the lock of the list of readers. */
uint64_t kvx_rcu_tag(struct kvx_rcu *);
uint64_t kvx_rcu_passed(struct kvx_rcu *);

#endif /* INDEX_RCU_H */
