#include "apply.h"

/* About a millisecond each. */
enum { SWEEP_SLICES_MAX = 64 };

/* What one batch did, summed up before it is counted: one atomic add a counter and batch, not one an event.
 */
struct tally {
    struct kvx_store_result store;
    struct kvx_remove_result remove;
    size_t events[KVX_EVENT_CLEAR + 1];
    size_t stale, nomem;
};

int kvx_apply_init(struct kvx_apply *a, const struct kvx_allocator *allocator, struct kvx_metrics *metrics,
                   const struct kvx_source_spec *spec)
{
    *a = (struct kvx_apply){.allocator = allocator,
                            .metrics = metrics,
                            .feed = spec->feed,
                            .block_size = spec->block_size,
                            .pool = spec->pool};
    if (spec->lora_name) {
        a->lora_name = kvx_text_copy(allocator, kvx_bytes_of(spec->lora_name));
        if (!a->lora_name)
            return KVX_NOMEM;
    }
    int code = kvx_groups_new(&a->groups, allocator);
    return code ? code : kvx_salts_new(&a->salts, allocator);
}

void kvx_apply_free(struct kvx_apply *a)
{
    kvx_salts_free(a->salts);
    kvx_groups_free(a->groups);
    kvx_text_free(a->allocator, a->lora_name);
    kvx_dealloc(a->allocator, a->known, a->capacity * sizeof *a->known);
    kvx_dealloc(a->allocator, a->listed, a->capacity * sizeof(struct kvx_feed_worker *));
}

static int reserve(struct kvx_apply *a, size_t capacity)
{
    if (capacity <= a->capacity)
        return 0;
    const size_t listed_size = sizeof(struct kvx_feed_worker *);
    void *listed = kvx_alloc(a->allocator, capacity * listed_size);
    void *known = listed ? kvx_realloc(a->allocator, a->known, a->capacity * sizeof *a->known,
                                       capacity * sizeof *a->known)
                         : NULL;
    if (!known) {
        kvx_dealloc(a->allocator, listed, capacity * listed_size);
        return KVX_NOMEM;
    }
    kvx_dealloc(a->allocator, a->listed, a->capacity * listed_size);
    a->listed = listed;
    a->known = known;
    a->capacity = capacity;
    return 0;
}

/* Relaxed: a hint only. What decides is the comparison under the writer lock. */
static uint32_t generation_of(struct kvx_feed_worker *worker)
{
    return atomic_load_explicit(&worker->generation, memory_order_relaxed);
}

static struct kvx_known_worker *find(struct kvx_apply *a, const struct kvx_feed_worker *worker)
{
    for (size_t i = 0; i < a->known_count; i++)
        if (a->known[i].worker == worker)
            return &a->known[i];
    return NULL;
}

/* Brings `known` up to date with the feed's list, or without memory with as much of it as there is room for:
 * what `known` had before may be gone. `*emptied`: others have begun generations of workers we knew. */
static int list_workers(struct kvx_apply *a, bool *emptied)
{
    int rc = 0;
    size_t n = kvx_feed_workers(a->feed, a->listed, a->capacity);
    if (n > a->capacity) {
        rc = reserve(a, n);
        n = kvx_feed_workers(a->feed, a->listed, a->capacity);
        n = rc ? a->capacity : n;
    }
    *emptied = false;
    for (size_t i = 0; i < n; i++) {
        /* Both lists grow at the end, so that they nearly always agree. */
        bool same = i < a->known_count && a->known[i].worker == a->listed[i];
        const struct kvx_known_worker *k = same ? &a->known[i] : find(a, a->listed[i]);
        *emptied |= k && k->generation != generation_of(a->listed[i]);
    }
    for (size_t i = 0; i < n; i++)
        a->known[i] = (struct kvx_known_worker){a->listed[i], generation_of(a->listed[i])};
    a->known_count = n;
    return rc;
}

/* The memory of a worker that the feed has just handed out; NULL without memory. */
static struct kvx_known_worker *remember(struct kvx_apply *a, struct kvx_feed_worker *worker)
{
    struct kvx_known_worker *k = find(a, worker);
    if (k)
        return k;
    if (a->known_count == a->capacity && reserve(a, a->capacity ? a->capacity * 2 : 1))
        return NULL;
    k = &a->known[a->known_count++];
    *k = (struct kvx_known_worker){worker, generation_of(worker)};
    return k;
}

/* Under the lock: `k` begins a new life that holds nothing. When too many dead generations wait for their
 * sweep, the lock is released for a few slices of it. */
static int begin_generation(struct kvx_known_worker *k)
{
    struct kvx_worker_ref ref;
    struct kvx_index *index = k->worker->index;
    int rc = kvx_worker_restart(index, k->worker->ref, &ref);
    for (int slices = 0; rc == KVX_UNAVAILABLE && slices < SWEEP_SLICES_MAX; slices++) {
        kvx_index_unlock(index);
        kvx_index_sweep(index);
        kvx_index_lock(index);
        if (k->worker->ref.generation != k->generation)
            return KVX_STALE;
        rc = kvx_worker_restart(index, k->worker->ref, &ref);
    }
    if (rc)
        return rc;
    k->worker->ref = ref;
    k->generation = ref.generation;
    atomic_store_explicit(&k->worker->generation, ref.generation, memory_order_relaxed);
    return 0;
}

/* Engines announce each block that they evict in an event of its own. For the index, removals that follow
 * each other are one: it then meets the blocks of a chain together. Returns how many events from `first` on
 * `*whole` stands for. */
static size_t join_removals(const struct kvx_event *first, size_t n, struct kvx_event *whole)
{
    size_t joined = 1;
    *whole = *first;
    for (; first->kind == KVX_EVENT_REMOVE && joined < n; joined++) {
        const struct kvx_event *next = &first[joined];
        if (next->kind != KVX_EVENT_REMOVE || next->tiers != whole->tiers ||
            next->engine != whole->engine + whole->n)
            break;
        whole->n += next->n;
    }
    return joined;
}

/* `e` stands for so many events. */
static int apply_event(struct kvx_known_worker *k, const struct kvx_event *e, size_t events, struct tally *t)
{
    struct kvx_index *index = k->worker->index;
    struct kvx_worker_ref ref = k->worker->ref;
    struct kvx_store_result s = {0};
    struct kvx_remove_result r = {0};
    enum kvx_tier tier = (enum kvx_tier)(e->tiers ? __builtin_ctz(e->tiers) : 0);
    int rc = 0;
    switch (e->kind) {
    case KVX_EVENT_STORE:
        rc = kvx_index_store(index,
                             &(struct kvx_store){.worker = ref,
                                                 .tier = tier,
                                                 .has_parent = e->has_parent,
                                                 .parent = e->parent,
                                                 .n = e->n,
                                                 .local = e->local,
                                                 .engine = e->engine},
                             &s);
        break;
    case KVX_EVENT_RESIDE:
        rc = kvx_index_reside(index, ref, tier, e->n, e->engine, &s);
        break;
    case KVX_EVENT_REMOVE:
        rc = kvx_index_remove(index, ref, e->tiers, e->n, e->engine, &r);
        break;
    case KVX_EVENT_CLEAR:
        rc = e->tiers == KVX_ALL_TIERS ? begin_generation(k) : kvx_worker_clear_tiers(index, ref, e->tiers);
        break;
    }
    t->store.added += s.added;
    t->store.known += s.known;
    t->store.pending += s.pending;
    t->store.resolved += s.resolved;
    t->store.dropped += s.dropped;
    t->remove.removed += r.removed;
    t->remove.several += r.several;
    t->remove.unknown += r.unknown;
    *(rc == 0 ? &t->events[e->kind] : rc == KVX_STALE ? &t->stale : &t->nomem) += events;
    return rc;
}

static void count_tally(struct kvx_metrics *m, const struct tally *t)
{
    kvx_count(m, KVX_COUNT_STORED_APPLIED, t->events[KVX_EVENT_STORE]);
    kvx_count(m, KVX_COUNT_RESIDED_APPLIED, t->events[KVX_EVENT_RESIDE]);
    kvx_count(m, KVX_COUNT_REMOVED_APPLIED, t->events[KVX_EVENT_REMOVE]);
    kvx_count(m, KVX_COUNT_CLEARED_APPLIED, t->events[KVX_EVENT_CLEAR]);
    kvx_count(m, KVX_COUNT_EVENT_STALE, t->stale);
    kvx_count(m, KVX_COUNT_EVENT_NOMEM, t->nomem);
    kvx_count(m, KVX_COUNT_BLOCKS_ADDED, t->store.added);
    kvx_count(m, KVX_COUNT_BLOCKS_KNOWN, t->store.known);
    kvx_count(m, KVX_COUNT_BLOCKS_PENDING, t->store.pending);
    kvx_count(m, KVX_COUNT_BLOCKS_RESOLVED, t->store.resolved);
    kvx_count(m, KVX_COUNT_BLOCKS_DROPPED, t->store.dropped);
    kvx_count(m, KVX_COUNT_BLOCKS_REMOVED, t->remove.removed);
    kvx_count(m, KVX_COUNT_BLOCKS_SEVERAL, t->remove.several);
    kvx_count(m, KVX_COUNT_BLOCKS_UNKNOWN, t->remove.unknown);
}

static int decode(struct kvx_apply *a, struct kvx_decoder *decoder, struct kvx_metrics *metrics,
                  struct kvx_salts *salts, struct kvx_bytes payload, struct kvx_batch *batch,
                  enum kvx_counter *reason)
{
    struct kvx_decode_context context = {.block_size = a->block_size,
                                         .registered_rank = kvx_feed_rank(a->feed),
                                         .pool = a->pool,
                                         .groups = a->groups,
                                         .salts = salts,
                                         .metrics = metrics};
    if (a->lora_name)
        context.lora_name = kvx_bytes_of(a->lora_name);
    return kvx_decode(decoder, &context, payload, batch, reason);
}

/* The worker of a run of events; NULL if they cannot be applied, with the reason counted and in `result`. */
static struct kvx_known_worker *worker_of(struct kvx_apply *a, const struct kvx_event *run, size_t n,
                                          struct kvx_apply_result *result)
{
    struct kvx_feed_worker *worker = NULL;
    struct kvx_known_worker *k = NULL;
    int rc = kvx_feed_worker(a->feed, run->scope, run->has_rank, run->rank, &worker);
    if (rc == 0 && !(k = remember(a, worker)))
        rc = KVX_NOMEM;
    if (rc == KVX_NOT_FOUND) {
        /* Unregistered a moment ago: nobody asks for these blocks any more. */
        kvx_count(a->metrics, KVX_COUNT_EVENT_STALE, n);
    } else if (rc == KVX_UNAVAILABLE) {
        kvx_count(a->metrics, KVX_COUNT_EVENT_LIMIT, n);
        result->lost |= 1u << KVX_REASON_LIMIT;
    } else if (rc == KVX_CONFLICT) {
        kvx_count(a->metrics, KVX_COUNT_EVENT_STALE, n);
        result->lost |= 1u << KVX_REASON_TWO_SOURCES;
    } else if (rc) {
        kvx_count(a->metrics, KVX_COUNT_EVENT_NOMEM, n);
        result->lost |= 1u << KVX_REASON_MEMORY;
    }
    return k;
}

static void apply_run(struct kvx_apply *a, struct kvx_known_worker *k, const struct kvx_event *run, size_t n,
                      struct tally *t, struct kvx_apply_result *result)
{
    kvx_index_lock(k->worker->index);
    bool stale = k->worker->ref.generation != k->generation;
    for (size_t i = 0; !stale && i < n;) {
        struct kvx_event e;
        size_t events = join_removals(&run[i], n - i, &e);
        bool lost = apply_event(k, &e, events, t) != 0;
        /* What was lost or dropped before a clear is not missing after it. */
        result->cleared |= e.kind == KVX_EVENT_CLEAR && e.tiers == KVX_ALL_TIERS && !lost;
        i += events;
    }
    kvx_index_unlock(k->worker->index);
    if (stale) {
        k->generation = generation_of(k->worker);
        kvx_count(a->metrics, KVX_COUNT_STALE_BATCHES, 1);
        result->emptied = true;
    }
}

static bool same_worker(const struct kvx_event *a, const struct kvx_event *b)
{
    return a->scope == b->scope && a->has_rank == b->has_rank && a->rank == b->rank;
}

static void apply_events(struct kvx_apply *a, const struct kvx_event *events, size_t count,
                         struct kvx_apply_result *result)
{
    struct tally t = {0};
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && same_worker(&events[i], &events[i + n]);)
            n++;
        struct kvx_known_worker *k = worker_of(a, &events[i], n, result);
        if (k)
            apply_run(a, k, &events[i], n, &t, result);
    }
    count_tally(a->metrics, &t);
    result->cleared = result->cleared && a->known_count == 1;
    if (t.nomem)
        result->lost |= 1u << KVX_REASON_MEMORY;
    if (t.store.dropped)
        result->lost |= 1u << KVX_REASON_PENDING_DROPPED;
}

void kvx_apply_batch(struct kvx_apply *a, struct kvx_decoder *decoder, struct kvx_bytes payload,
                     struct kvx_apply_result *result)
{
    *result = (struct kvx_apply_result){0};
    /* Before decoding: what is decoded from here on belongs to the generations seen here. */
    if (list_workers(a, &result->emptied))
        result->lost |= 1u << KVX_REASON_MEMORY;
    struct kvx_batch batch;
    enum kvx_counter reason = KVX_COUNT_PAYLOAD_BROKEN;
    int rc = decode(a, decoder, a->metrics, a->salts, payload, &batch, &reason);
    if (rc) {
        kvx_count(a->metrics, rc == KVX_NOMEM ? KVX_COUNT_PAYLOAD_MEMORY : reason, 1);
        result->lost |= 1u << (rc == KVX_NOMEM ? KVX_REASON_MEMORY : KVX_REASON_BAD_BATCH);
        return;
    }
    result->has_time = batch.has_time;
    result->time_ms = batch.time_ms;
    result->foreign_block_size = batch.foreign_block_size;
    if (batch.foreign_block_size)
        result->lost |= 1u << KVX_REASON_BLOCK_SIZE;
    if (batch.over_limit)
        result->lost |= 1u << KVX_REASON_LIMIT;
    kvx_count(a->metrics, KVX_COUNT_BLOCKS_UNUSABLE, batch.unusable_blocks);
    if (batch.n > 0)
        apply_events(a, batch.events, batch.n, result);
}

bool kvx_apply_time(struct kvx_apply *a, struct kvx_decoder *decoder, struct kvx_bytes payload,
                    uint64_t *time_ms)
{
    struct kvx_batch batch;
    enum kvx_counter reason;
    /* Not counted, and no salts are learned: the batch will be decoded again when it is applied, if it is. */
    if (decode(a, decoder, NULL, NULL, payload, &batch, &reason) || !batch.has_time)
        return false;
    *time_ms = batch.time_ms;
    return true;
}

enum kvx_source_reason kvx_apply_restart(struct kvx_apply *a)
{
    bool emptied;
    bool failed = list_workers(a, &emptied) != 0;
    for (size_t i = 0; i < a->known_count; i++) {
        struct kvx_index *index = a->known[i].worker->index;
        kvx_index_lock(index);
        int rc = begin_generation(&a->known[i]);
        kvx_index_unlock(index);
        failed |= rc != 0 && rc != KVX_STALE;
    }
    kvx_groups_forget(a->groups);
    kvx_salts_forget(a->salts);
    return failed ? KVX_REASON_MEMORY : KVX_REASON_NONE;
}
