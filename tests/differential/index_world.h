/* One round of the differential test: an index, its literal reference, and the population that both see. */
#ifndef INDEX_WORLD_H
#define INDEX_WORLD_H

#include "failing_allocator.h"
#include "index/index.h"
#include "reference_index.h"

#include <inttypes.h>

enum {
    WORKERS = 6,
    POOLS = 2,
    HOLDERS = WORKERS + POOLS,
    PROMPTS = 48,
    PROMPT_MAX = 220,
    RUN_MAX = 110,
    PENDING_MAX = 150,
    UNRESOLVED_MAX = 40,
    POOL_UNRESOLVED_MAX = 150,
    PARENTS_MAX = 64
};

struct prompt {
    size_t n;
    uint64_t local[PROMPT_MAX], key[PROMPT_MAX], sequence[PROMPT_MAX];
};

/* BY_SEQUENCE: pools only. */
enum naming { SHARED, PRIVATE, IGNORES_PREFIX, FEW, NAMINGS, BY_SEQUENCE };

struct world {
    uint64_t seed, random;
    unsigned round;
    struct failing_allocator memory;
    struct kvx_rcu *rcu;
    struct kvx_rcu_reader *reader;
    bool reading;
    struct kvx_lookup *lookup;
    struct kvx_index *ix;
    struct reference *ref;
    /* workers, then pools */
    struct kvx_worker_ref worker[HOLDERS];
    enum naming naming[HOLDERS];
    uint64_t process[HOLDERS]; /* seed of a private naming; changes now and then */
    unsigned pools;
    bool sequences;                  /* turned on */
    unsigned wanted, asked[WORKERS]; /* which workers a lookup is about; how often it asked for each */
    size_t prompts, alphabet;
    struct prompt prompt[PROMPTS];
    /* in this round an engine hash names one position at most, so that dumps can be checked exactly */
    bool unambiguous;
    uint64_t stored, removed, queried, steps, step_limit;
};

uint64_t mix(uint64_t);
uint64_t draw(struct world *, uint64_t below); /* the round's own random numbers */

/* Prints what to repeat, and exits. */
void world_fail(const struct world *, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#define CHECK_EQUAL(w, what, got, want)                                                    \
    do {                                                                                   \
        uint64_t got_ = (got), want_ = (want);                                             \
        if (got_ != want_)                                                                 \
            world_fail(w, "%s: index %" PRIu64 ", reference %" PRIu64, what, got_, want_); \
    } while (0)

/* A prompt that begins like an old one, in a free slot or in an old one's. */
void new_prompt(struct world *);
void name_sequences(struct prompt *);
/* The engine hash under which this worker stores block `i` of the prompt. */
uint64_t name_of(const struct world *, unsigned worker, const struct prompt *, size_t i);

#endif /* INDEX_WORLD_H */
