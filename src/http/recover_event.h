/* One RouterEvent of a peer's dump, from its complete text. Belongs to one thread. */
#ifndef RECOVER_EVENT_H
#define RECOVER_EVENT_H

#include "base/arena.h"
#include "index/index.h"
#include "json_read.h"

enum kvx_peer_event_kind {
    KVX_PEER_STORED,
    KVX_PEER_OTHER,   /* removed, cleared and whatever else is no store */
    KVX_PEER_FOREIGN, /* a tier or a residency domain that has no place here */
};

struct kvx_peer_event {
    enum kvx_peer_event_kind kind;
    struct kvx_bytes instance; /* numbers in decimal */
    uint32_t dp_rank;
    enum kvx_tier tier;
    bool has_parent;
    uint64_t parent;
    size_t n; /* blocks */
    const uint64_t *local, *engine;
};

struct kvx_hash_list {
    uint64_t *items;
    size_t cap;
};

/* Memory that is used again for each event. */
struct kvx_peer_event_reader {
    const struct kvx_allocator *allocator;
    struct kvx_arena arena;
    struct kvx_hash_list local, engine; /* n of each */
    size_t n;
};

/* Takes no memory yet. `text_bytes_max` is that of the longest event. */
void kvx_peer_event_reader_init(struct kvx_peer_event_reader *, const struct kvx_allocator *,
                                size_t text_bytes_max);
void kvx_peer_event_reader_free(struct kvx_peer_event_reader *);
/* Reads the value at the cursor. `out` lives until the next call, and as long as the text does. KVX_INVALID
 * names the field; KVX_NOMEM. */
int kvx_peer_event_read(struct kvx_peer_event_reader *, struct kvx_json_cursor *,
                        struct kvx_peer_event *out) KVX_MUST_CHECK;

/* Reads an integer in 0..max; `name` is the field's, for the message. */
int kvx_dump_number(struct kvx_json_cursor *, const char *name, uint64_t max, uint64_t *out) KVX_MUST_CHECK;

#endif /* RECOVER_EVENT_H */
