/* The writer's side of RCU: which epoch a retired object belongs to, and which epochs no reader can be in any
 * more.
 *
 * A writer unlinks an object, then takes a tag with kvx_rcu_tag. It may free the object once kvx_rcu_passed
 * returns a value above that tag. Both never block on a reader.
 */
#ifndef INDEX_RCU_PRIVATE_H
#define INDEX_RCU_PRIVATE_H

#include "index/rcu.h"

#include <stdint.h>

/* Call after the unlinking stores. Any thread. */
uint64_t kvx_rcu_tag(struct kvx_rcu *);
/* Every object whose tag is below the returned value can be freed. Any thread; takes the reader list's lock.
 */
uint64_t kvx_rcu_passed(struct kvx_rcu *);

#endif /* INDEX_RCU_PRIVATE_H */
