/* What the concurrent test's holders had after each operation of the writer, and between two moments. */
#ifndef INDEX_MOMENTS_H
#define INDEX_MOMENTS_H

#include "index/index.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    WORKERS = 3,
    POOL = WORKERS, /* a holder too */
    HOLDERS,
    TIERS = KVX_TIER_COUNT,
    ALL_TIERS = KVX_ALL_TIERS,
    SHARED = 40,
    TAILS = 3,
    TAIL = 110,
    PROMPT = SHARED + TAIL,
    POSITIONS = SHARED + TAILS * TAIL,
    WORDS = (POSITIONS + 63) / 64,
    STATES = 1 << 14,
    LIVES = 64
};

/* Position number of block i of a prompt; its local hash is the number + 1. */
static inline unsigned position(unsigned tail, unsigned i)
{
    return i < SHARED ? i : SHARED + tail * TAIL + (i - SHARED);
}

static inline bool bit(const uint64_t *words, unsigned pos)
{
    return words[pos / 64] >> pos % 64 & 1;
}

/* What each holder has after one operation. Relaxed atomics: `begun` and `done` order them. */
struct state {
    _Atomic uint64_t held[HOLDERS][TIERS][WORDS];
    _Atomic unsigned life[HOLDERS];
};

struct record {
    struct state *states; /* STATES of them, by operation number */
    _Atomic uint64_t begun, done;
};

/* The writer is about to make `now` true. `reborn`: the holder that is removed and added again, or HOLDERS.
 */
void record_begin(struct record *, const uint64_t now[HOLDERS][TIERS][WORDS], const unsigned life[HOLDERS],
                  unsigned reborn);

/* What was held in all and in any of the states from `done` to `begun`. False if they were overwritten
 * meanwhile. */
struct moments {
    uint64_t all[HOLDERS][TIERS][WORDS], any[HOLDERS][TIERS][WORDS];
    bool lived[HOLDERS]; /* one registration, all the time */
};

bool moments_between(struct record *, uint64_t done, uint64_t begun, struct moments *);

#endif /* INDEX_MOMENTS_H */
