/* GetHealth: whether the answers can be trusted right now, and why not. */
#include "base/clock.h"
#include "partitions.h"

#include <stdio.h>

enum { REASONS_MAX = 32, REASON_BYTES = 512 };

struct reasons {
    struct kvx_arena *arena;
    struct kvx_bytes list[REASONS_MAX + 1];
    size_t n, left_out;
    bool failed;
};

static void add_reason(struct reasons *r, const char *text)
{
    if (r->n >= REASONS_MAX) {
        r->left_out++;
        return;
    }
    char *copy = kvx_arena_text(r->arena, kvx_bytes_of(text));
    if (copy)
        r->list[r->n++] = kvx_bytes_of(copy);
    else
        r->failed = true;
}

static void add_worker_reason(struct reasons *r, const struct kvx_worker *w, enum kvx_source_state state)
{
    char text[REASON_BYTES];
    int reason = atomic_load_explicit(&kvx_worker_feed(w)->status.reason, memory_order_relaxed);
    bool why = state == KVX_SOURCE_DEGRADED && reason != KVX_REASON_NONE;
    snprintf(text, sizeof(text), "worker %s dp_rank %u is %s%s%s", w->id, w->dp_rank,
             kvx_source_state_name(state), why ? ": " : "",
             why ? kvx_source_reason_text((enum kvx_source_reason)reason) : "");
    add_reason(r, text);
}

/* A first replay holds readiness back, but not for ever. */
static bool holds_back(const struct kvx_service *s, const struct kvx_feed *feed, uint64_t now)
{
    return feed->replay_endpoint &&
           !atomic_load_explicit(&feed->status.first_sync_done, memory_order_relaxed) &&
           now - feed->opened_ns < s->config.ready_timeout_ns;
}

static void look_at_workers(struct kvx_service *s, struct kvx_health *out, struct reasons *r)
{
    uint64_t now = kvx_now_ns();
    pthread_mutex_lock(&s->table);
    for (size_t i = 0; i < s->n_instances; i++)
        for (size_t k = 0; k < s->instances[i]->n; k++) {
            const struct kvx_worker *w = s->instances[i]->workers[k];
            enum kvx_source_state state = (enum kvx_source_state)atomic_load_explicit(
                &kvx_worker_feed(w)->status.state, memory_order_relaxed);
            out->workers++;
            out->workers_by_state[state]++;
            if (holds_back(s, kvx_worker_feed(w), now))
                out->ready = false;
            if (state != KVX_SOURCE_EXACT)
                add_worker_reason(r, w, state);
        }
    pthread_mutex_unlock(&s->table);
}

static void look_at_recovery(struct kvx_service *s, struct kvx_health *out, struct reasons *r)
{
    char text[REASON_BYTES];
    pthread_mutex_lock(&s->table);
    const char *from = s->recovering_from;
    if (from)
        snprintf(text, sizeof(text), "recovering%s%s", *from ? " from " : "", from);
    pthread_mutex_unlock(&s->table);
    if (!from)
        return;
    out->ready = false;
    add_reason(r, text);
}

int kvx_service_health(struct kvx_service *s, struct kvx_arena *arena, struct kvx_health *out,
                       struct kvx_error *e)
{
    struct reasons r = {.arena = arena};
    struct kvx_health health = {.ready = true};
    health.draining = atomic_load_explicit(&s->draining, memory_order_relaxed);
    if (health.draining)
        add_reason(&r, "shutting down");
    if (!atomic_load_explicit(&s->started, memory_order_relaxed)) {
        health.ready = false;
        add_reason(&r, "starting");
    }
    look_at_recovery(s, &health, &r);
    look_at_workers(s, &health, &r);
    health.ready = health.ready && !health.draining;
    if (r.left_out) {
        char text[REASON_BYTES];
        snprintf(text, sizeof(text), "and %zu more", r.left_out);
        char *copy = kvx_arena_text(arena, kvx_bytes_of(text));
        r.failed = r.failed || !copy;
        if (copy)
            r.list[r.n++] = kvx_bytes_of(copy);
    }
    struct kvx_bytes *list = kvx_arena_array(arena, r.n, sizeof(*list));
    if (!list || r.failed)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    memcpy(list, r.list, r.n * sizeof(*list));
    health.reasons = list;
    health.n_reasons = r.n;
    *out = health;
    return KVX_OK;
}
