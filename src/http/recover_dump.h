/* Reads a peer's /dump while it arrives, in chunks of any size and in bounded memory.
 *
 * Both forms are taken: an array of RouterEvents, and an object of partitions,
 *     {"MODEL:GROUP": {"block_size": 16, "events": [RouterEvent, ...]}, ...}
 * whose key is split at its last `:`, unless `model_name`, `routing_group` or `additional_salt` in the
 * partition say it plainly. Members come in any order: `events` before `block_size` are kept until the
 * partition ends, within the bound of one value. Whatever breaks these rules makes the whole dump fail; what
 * was stored before stays stored. One thread.
 */
#ifndef RECOVER_DUMP_H
#define RECOVER_DUMP_H

#include "service/service.h"

struct kvx_dump_reader;

struct kvx_dump_reader_config {
    const struct kvx_allocator *allocator;
    size_t value_bytes_max; /* of one event, or of another value that is kept whole */
    /* Where the events of an array belong. Without a block size such a dump fails at its first event. */
    struct kvx_partition_choice plain;
    /* Takes a run of at least one block. A negative result ends the reading with that code. */
    int (*store)(void *user, const struct kvx_recovered_run *, struct kvx_error *);
    void *user;
};

struct kvx_dump_counts {
    uint64_t bytes, partitions, events;
    uint64_t other_events;    /* not stores */
    uint64_t foreign_events;  /* of a tier or residency domain that has no place here */
    uint64_t nameless_blocks; /* of partitions whose model, group or block size is empty */
};

int kvx_dump_reader_new(struct kvx_dump_reader **out, const struct kvx_dump_reader_config *) KVX_MUST_CHECK;
void kvx_dump_reader_free(struct kvx_dump_reader *); /* NULL is fine */
/* KVX_INVALID (the text says where and why), KVX_TOO_LARGE, KVX_UNAVAILABLE (the peer itself reports a failed
 * partition), KVX_NOMEM, or what `store` returned. After a failure only free is allowed. */
int kvx_dump_reader_feed(struct kvx_dump_reader *, struct kvx_bytes chunk, struct kvx_error *) KVX_MUST_CHECK;
/* The stream has ended: KVX_INVALID when the dump had not. */
int kvx_dump_reader_finish(struct kvx_dump_reader *, struct kvx_error *) KVX_MUST_CHECK;
const struct kvx_dump_counts *kvx_dump_reader_counts(const struct kvx_dump_reader *);

#endif /* RECOVER_DUMP_H */
