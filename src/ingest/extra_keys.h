/* What, besides its tokens, makes up a block's identity: LoRA adapter, cache salt, multimodal items.
 *
 * Engines send it per event (lora_name, cache_salt) and per block (extra_keys, block_mm_infos, mm_keys). A
 * block with something that is not understood must not be indexed under its plain tokens.
 */
#ifndef INGEST_EXTRA_KEYS_H
#define INGEST_EXTRA_KEYS_H

#include "base/block_hash.h"
#include "decoder.h"

/* One per-block list of an event, walked block by block. */
struct kvx_key_list {
    struct kvx_cursor c;
    uint32_t left; /* entries */
    bool given;
};

struct kvx_keys {
    struct kvx_bytes lora, salt; /* empty: none */
    struct kvx_key_list extra, mm_infos, mm_keys;
    bool per_block; /* some block may have keys of its own; else kvx_keys_next need not be asked */
};

/* A block of some hundred tokens holds a handful of items; one with more is not understood. */
enum { KVX_BLOCK_ITEMS_MAX = 64 };

struct kvx_block_keys {
    size_t n;
    uint64_t mm[KVX_BLOCK_ITEMS_MAX]; /* ascending */
};

/* For a store of n blocks. `default_lora`: of events that name no adapter in any way. False: the event's
 * identity is not understood. Everything borrows from the payload. */
bool kvx_keys_start(struct kvx_keys *, const struct kvx_fields *, uint32_t n, struct kvx_bytes default_lora);

/* The next block's keys; `first` is the event's first block, which alone may name a salt. False: not
 * understood. */
bool kvx_keys_next(struct kvx_keys *, bool first, struct kvx_block_keys *out);

#endif /* INGEST_EXTRA_KEYS_H */
