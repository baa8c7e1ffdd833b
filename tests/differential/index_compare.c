#include "index_compare.h"

#include <stdlib.h>
#include <string.h>

static bool wanted(void *user, const void *label)
{
    struct world *w = user;
    size_t worker = (size_t)((const struct kvx_worker_ref *)label - w->worker);
    if (worker >= WORKERS)
        world_fail(w, "a lookup asks for what is no worker");
    if (w->asked[worker]++)
        world_fail(w, "a lookup asks twice for worker %zu", worker);
    return w->wanted >> worker & 1;
}

/* A question about `*n` blocks of `q`; known: how many of them the reference is to be asked for. */
static struct kvx_prompt draw_question(struct world *w, struct prompt *q, size_t *known)
{
    if (draw(w, 4) == 0)
        q->local[draw(w, q->n)] ^= 1;
    name_sequences(q);
    size_t n = draw(w, 3) ? q->n : draw(w, q->n + 1);
    struct kvx_prompt prompt = {.hashes = q->local, .n = n, .every_worker = draw(w, 4) == 0};
    *known = n;
    w->wanted = ~0u;
    memset(w->asked, 0, sizeof(w->asked));
    if (draw(w, 3) == 0) {
        w->wanted = (unsigned)draw(w, 1u << WORKERS);
        prompt.wanted = wanted;
        prompt.user = w;
    }
    if (draw(w, 2)) {
        prompt.sequence = true;
        prompt.hashes = q->sequence;
        if (n && draw(w, 4) == 0) { /* a name of nothing, in front of true ones */
            *known = draw(w, n);
            q->sequence[*known] ^= 2;
        }
    }
    return prompt;
}

void compare_match(struct world *w)
{
    struct prompt q = w->prompt[draw(w, w->prompts)];
    size_t n, count;
    struct kvx_prompt prompt = draw_question(w, &q, &n);
    const struct kvx_match *matches;
    if (prompt.sequence && !w->sequences) {
        if (kvx_index_match(w->ix, w->lookup, &prompt, &matches, &count) != KVX_UNAVAILABLE)
            world_fail(w, "sequence hashes are off, and there is an answer");
        return;
    }
    bool entered = !w->reading;
    if (entered)
        kvx_rcu_enter(w->reader);
    if (kvx_index_match(w->ix, w->lookup, &prompt, &matches, &count))
        world_fail(w, "match failed");
    size_t expected = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        uint32_t want[REF_REACHES];
        reference_match(w->ref, i, q.local, n, want);
        const struct kvx_match *m = NULL;
        for (size_t k = 0; k < count; k++)
            if (matches[k].label == &w->worker[i]) {
                if (m)
                    world_fail(w, "worker %u has two matches", i);
                m = &matches[k];
            }
        bool expect = w->wanted >> i & 1 && (want[REF_REACHES - 1] || prompt.every_worker);
        if (expect != (m != NULL))
            world_fail(w, "worker %u is %s the answer (%s hashes, %zu of %zu known%s%s)", i,
                       m ? "wrongly in" : "missing from", prompt.sequence ? "sequence" : "local", n, prompt.n,
                       prompt.wanted ? ", some wanted" : "", prompt.every_worker ? ", everyone" : "");
        for (unsigned t = 0; m && t < REF_REACHES; t++)
            CHECK_EQUAL(w, "blocks", m->blocks[t], want[t]);
        if (m) {
            CHECK_EQUAL(w, "held_blocks", m->held_blocks, reference_held(w->ref, i, KVX_TIER_DEVICE));
            CHECK_EQUAL(w, "worker id", m->worker, w->worker[i].id);
        }
        expected += m != NULL;
    }
    CHECK_EQUAL(w, "matches", count, expected);
    if (entered)
        kvx_rcu_leave(w->reader);
    w->queried += n;
}

void compare_state(struct world *w)
{
    struct kvx_index_stats s;
    kvx_index_stats(w->ix, &s);
    for (unsigned t = 0; t < REF_TIERS; t++) {
        uint64_t held = 0;
        for (unsigned i = 0; i < WORKERS; i++)
            held += reference_held(w->ref, i, t);
        CHECK_EQUAL(w, "held blocks", s.held[t], held);
    }
    CHECK_EQUAL(w, "pending blocks", s.pending_blocks, reference_pending(w->ref));
    CHECK_EQUAL(w, "unresolved blocks", s.unresolved, reference_unresolved(w->ref));
    CHECK_EQUAL(w, "workers", s.workers, WORKERS);
    const char *reason;
    if (!kvx_index_validate(w->ix, &reason))
        world_fail(w, "invalid: %s", reason);
}

/* The (worker, tier, key) triples that a dump has told so far. */
struct told {
    uint64_t *slots;
    size_t size, count;
};

static bool tell(struct told *t, uint64_t worker, unsigned tier, uint64_t key, bool add)
{
    uint64_t id = mix(key * 64 + worker * 8 + tier) | 1;
    size_t i = id % t->size;
    while (t->slots[i] && t->slots[i] != id)
        i = (i + 1) % t->size;
    if (t->slots[i])
        return false;
    if (add) {
        t->slots[i] = id;
        t->count++;
    }
    return true;
}

/* Do the event's blocks stand below `key`, held and named as it says, and untold? Where a hash names several
 * positions, the parent in the event does not tell which one is meant: then "untold" cannot be asked. */
static bool event_fits(const struct world *w, unsigned worker, const struct kvx_dump_event *e, uint64_t key,
                       struct told *t, bool add)
{
    for (uint32_t i = 0; i < e->n; i++) {
        key = reference_key(key, e->local[i]);
        if (!reference_holds(w->ref, worker, e->tier, key) ||
            !reference_names(w->ref, worker, e->engine[i], key) ||
            (!tell(t, worker, e->tier, key, add) && w->unambiguous))
            return false;
    }
    return true;
}

static bool parent_told(const struct world *w, unsigned worker, uint64_t key, struct told *t)
{
    for (unsigned tier = 0; tier < REF_TIERS; tier++)
        if (reference_holds(w->ref, worker, tier, key) && tell(t, worker, tier, key, false))
            return false;
    return true;
}

/* The parent's engine hash may have named several positions: the event must fit below one whose own event
 * came before. */
static void check_event(const struct world *w, const struct kvx_dump_event *e, struct told *t)
{
    unsigned worker = (unsigned)((struct kvx_worker_ref *)e->label - w->worker);
    uint64_t root = 0;
    size_t count = 1;
    const uint64_t *keys = e->has_parent ? reference_ever_named(w->ref, e->parent, &count) : &root;
    for (size_t i = 0; i < count; i++)
        if (event_fits(w, worker, e, keys[i], t, false) &&
            (!keys[i] || !w->unambiguous || parent_told(w, worker, keys[i], t))) {
            event_fits(w, worker, e, keys[i], t, true);
            return;
        }
    world_fail(w, "dump: an event of worker %u fits below no parent told before", worker);
}

void compare_dump(struct world *w)
{
    struct kvx_dump *d;
    struct kvx_dump_event e;
    uint64_t held = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        for (unsigned t = 0; t < REF_TIERS; t++)
            held += reference_held(w->ref, i, t);
    struct told t = {.size = held * 2 + 1};
    t.slots = calloc(t.size, sizeof(uint64_t));
    int rc = kvx_dump_new(w->ix, &d);
    if (!t.slots || rc)
        world_fail(w, "dump failed");
    bool entered = !w->reading;
    if (entered)
        kvx_rcu_enter(w->reader);
    uint64_t blocks = 0;
    for (; (rc = kvx_dump_next(d, &e)) == 1; blocks += e.n)
        check_event(w, &e, &t);
    if (entered)
        kvx_rcu_leave(w->reader);
    CHECK_EQUAL(w, "dump's end", (uint64_t)rc, 0);
    CHECK_EQUAL(w, "dumped blocks", blocks, held);
    if (w->unambiguous)
        CHECK_EQUAL(w, "different dumped blocks", t.count, held);
    kvx_dump_free(d);
    free(t.slots);
}
