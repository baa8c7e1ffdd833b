/* Finds an instance by its partition and id: open addressing, at most half full. Private to the service;
 * under `table`. */
#ifndef INSTANCE_MAP_H
#define INSTANCE_MAP_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"

struct kvx_instance;
struct kvx_partition;

struct kvx_instance_map {
    struct kvx_instance **slots; /* NULL: free */
    size_t cap, n;               /* cap is 0 or a power of two */
};

void kvx_instance_map_free(struct kvx_instance_map *, const struct kvx_allocator *);
struct kvx_instance *kvx_instance_map_find(const struct kvx_instance_map *, const struct kvx_partition *,
                                           struct kvx_bytes id);
/* Room for one more; false without memory, and the map is unchanged. */
bool kvx_instance_map_room(struct kvx_instance_map *, const struct kvx_allocator *) KVX_MUST_CHECK;
/* After kvx_instance_map_room; it must not be there yet. */
void kvx_instance_map_put(struct kvx_instance_map *, struct kvx_instance *);
/* It must be there. */
void kvx_instance_map_take(struct kvx_instance_map *, const struct kvx_instance *);

#endif /* INSTANCE_MAP_H */
