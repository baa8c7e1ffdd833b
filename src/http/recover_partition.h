/* One partition of a peer's dump: which one it is, and whether its events can be stored yet. One thread. */
#ifndef RECOVER_PARTITION_H
#define RECOVER_PARTITION_H

#include "base/buf.h"
#include "recover_event.h"
#include "service/service.h"

enum kvx_dump_member {
    KVX_DUMP_BLOCK_SIZE,
    KVX_DUMP_MODEL,
    KVX_DUMP_GROUP,
    KVX_DUMP_SALT,
    KVX_DUMP_EVENTS,
    KVX_DUMP_ERROR,
    KVX_DUMP_MEMBERS,
    KVX_DUMP_UNKNOWN = KVX_DUMP_MEMBERS,
};

struct kvx_dump_partition {
    struct kvx_partition_choice choice; /* once settled */
    bool usable;                        /* named, and its blocks have a size */
    struct kvx_bytes kept_events;       /* the array's text, when it came before the block size */

    /* private */
    struct kvx_arena arena; /* of the names */
    struct kvx_buf kept;
    struct kvx_bytes key;
    struct kvx_bytes said[KVX_DUMP_MEMBERS]; /* the texts; data NULL: not said */
    uint64_t block_size;
    unsigned seen;               /* one bit a member */
    bool settled;                /* events have been stored under `choice` */
    enum kvx_dump_member member; /* whose value comes next */
};

void kvx_dump_partition_init(struct kvx_dump_partition *, const struct kvx_allocator *,
                             size_t value_bytes_max);
void kvx_dump_partition_free(struct kvx_dump_partition *);
/* `key` is the JSON text of the key, quotes included. All below: KVX_INVALID with a text, KVX_NOMEM. */
int kvx_dump_partition_begin(struct kvx_dump_partition *, struct kvx_bytes key,
                             struct kvx_error *) KVX_MUST_CHECK;
int kvx_dump_partition_member(struct kvx_dump_partition *, struct kvx_bytes key,
                              struct kvx_error *) KVX_MUST_CHECK;
/* True when the member's value is `events` that can be read one by one: settle then. */
bool kvx_dump_partition_streams(const struct kvx_dump_partition *);
int kvx_dump_partition_settle(struct kvx_dump_partition *, struct kvx_error *) KVX_MUST_CHECK;
/* The member's whole value. KVX_UNAVAILABLE: it is the peer's own `error`. */
int kvx_dump_partition_value(struct kvx_dump_partition *, struct kvx_bytes text,
                             struct kvx_error *) KVX_MUST_CHECK;
/* *kept: `kept_events` are to be read now, under `choice`. */
int kvx_dump_partition_end(struct kvx_dump_partition *, bool *kept, struct kvx_error *) KVX_MUST_CHECK;

#endif /* RECOVER_PARTITION_H */
