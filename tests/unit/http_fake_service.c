#include "http_fake_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct kvx_service_dump {
    struct kvx_service *service;
    unsigned next;
};

int kvx_caller_new(struct kvx_caller **out, struct kvx_service *s)
{
    (void)s;
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : KVX_NOMEM;
}

void kvx_caller_free(struct kvx_caller *c)
{
    free(c);
}

static void enter(struct kvx_caller *c)
{
    if (atomic_exchange(&c->busy, true))
        abort();
}

static void leave(struct kvx_caller *c)
{
    atomic_store(&c->busy, false);
}

int kvx_service_begin(struct kvx_service *s, struct kvx_error *e)
{
    int code = atomic_load(&s->begin_code);
    if (code)
        return kvx_fail(e, code, "too many requests in flight");
    atomic_fetch_add(&s->inflight, 1);
    atomic_fetch_add(&s->begun, 1);
    return 0;
}

void kvx_service_end(struct kvx_service *s)
{
    if (atomic_fetch_sub(&s->inflight, 1) == 0)
        abort();
}

static int outcome(struct kvx_service *s, struct kvx_error *e)
{
    int code = atomic_load(&s->call_code);
    return code ? kvx_fail(e, code, "fault: %s", kvx_code_text(code)) : 0;
}

int kvx_service_register(struct kvx_service *s, const struct kvx_register_args *a, struct kvx_error *e)
{
    s->registered = *a;
    snprintf(s->instance, sizeof(s->instance), "%.*s", (int)a->instance.text.len, a->instance.text.data);
    snprintf(s->endpoint, sizeof(s->endpoint), "%.*s", (int)a->endpoint.len, a->endpoint.data);
    return outcome(s, e);
}

int kvx_service_unregister(struct kvx_service *s, const struct kvx_unregister_args *a, size_t *removed,
                           struct kvx_error *e)
{
    s->unregistered = *a;
    snprintf(s->instance, sizeof(s->instance), "%.*s", (int)a->instance.text.len, a->instance.text.data);
    if (removed)
        *removed = 1;
    return outcome(s, e);
}

static const struct kvx_instance_id one = {{"1", 1}, true}, pod = {{"pod \"a\"", 7}, false};

int kvx_service_list_workers(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                             const struct kvx_worker_info **out, size_t *n, struct kvx_error *e)
{
    enter(c);
    struct kvx_worker_info *w = kvx_arena_array(arena, 3, sizeof(*w));
    leave(c);
    if (!w)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    const struct kvx_bytes def = kvx_bytes_of("default"), a = kvx_bytes_of("tcp://a:1");
    w[0] = (struct kvx_worker_info){.instance = one,
                                    .endpoint = a,
                                    .model = def,
                                    .tenant = def,
                                    .block_size = 16,
                                    .state = KVX_SOURCE_EXACT,
                                    .since_ms = 7,
                                    .has_sequence = true,
                                    .last_sequence = 41,
                                    .last_event_ms = 9,
                                    .held_blocks = {5, 1, 0, 0}};
    w[1] = (struct kvx_worker_info){.instance = one,
                                    .dp_rank = 3,
                                    .learned = true,
                                    .endpoint = a,
                                    .model = def,
                                    .tenant = def,
                                    .block_size = 16,
                                    .state = KVX_SOURCE_DEGRADED,
                                    .reason = KVX_REASON_GAP};
    w[2] = (struct kvx_worker_info){.instance = pod,
                                    .dp_rank = 4294967295u,
                                    .endpoint = a,
                                    .replay_endpoint = kvx_bytes_of("tcp://a:2"),
                                    .model = def,
                                    .tenant = def,
                                    .block_size = 16,
                                    .state = KVX_SOURCE_STALE};
    *out = w;
    *n = 3;
    return outcome(s, e);
}

static int hits(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                struct kvx_query_result *r, struct kvx_error *e)
{
    enter(c);
    unsigned ms = atomic_load(&s->delay_ms);
    if (ms)
        usleep(ms * 1000);
    struct kvx_hit *h = kvx_arena_array(arena, 4, sizeof(*h));
    leave(c);
    if (!h)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    h[0] = (struct kvx_hit){.instance = one, .dp_rank = 0, .blocks = {2, 3, 3, 3}, .total_blocks = 5};
    h[1] = (struct kvx_hit){.instance = one, .dp_rank = 7, .blocks = {0, 1, 1, 1}, .total_blocks = 0};
    h[2] = (struct kvx_hit){.instance = {{"2", 1}, true}, .blocks = {0, 1, 1, 1}};
    h[3] =
        (struct kvx_hit){.instance = pod, .dp_rank = 1, .blocks = {1, 1, 1, 1}, .total_blocks = UINT64_MAX};
    *r = (struct kvx_query_result){.hits = h, .n = 4, .block_size = 16};
    return outcome(s, e);
}

int kvx_service_query(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                      const struct kvx_query_args *a, struct kvx_query_result *r, struct kvx_error *e)
{
    s->n_tokens = a->n_tokens;
    s->last_token = a->n_tokens ? a->tokens[a->n_tokens - 1] : 0;
    return hits(s, c, arena, r, e);
}

int kvx_service_query_by_hash(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                              const struct kvx_query_args *a, struct kvx_query_result *r, struct kvx_error *e)
{
    s->n_hashes = a->n_hashes;
    s->first_hash = a->n_hashes ? a->block_hashes[0] : 0;
    return hits(s, c, arena, r, e);
}

int kvx_service_dump_open(struct kvx_service *s, struct kvx_caller *c, struct kvx_service_dump **out,
                          struct kvx_error *e)
{
    (void)c;
    int r = outcome(s, e);
    if (r)
        return r;
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    (*out)->service = s;
    atomic_fetch_add(&s->dumps_open, 1);
    return 0;
}

int kvx_service_dump_next(struct kvx_service_dump *d, struct kvx_caller *c, size_t blocks,
                          void (*emit)(void *, const struct kvx_dump_record *), void *user,
                          struct kvx_error *e)
{
    uint64_t local[64], engine[64];
    enter(c);
    for (size_t done = 0; done < blocks && d->next < d->service->dump_events; done += 64) {
        if (++d->next == d->service->dump_fail_at) {
            leave(c);
            return kvx_fail(e, KVX_INTERNAL, "fault");
        }
        for (unsigned i = 0; i < 64; i++) {
            local[i] = (uint64_t)d->next << 32 | i;
            engine[i] = ~local[i];
        }
        const struct kvx_dump_record record = {.event_id = d->next - 1,
                                               .instance = d->next % 2 ? one : pod,
                                               .dp_rank = 2,
                                               .tier = (enum kvx_tier)(d->next % KVX_TIER_COUNT),
                                               .has_parent = d->next > 1,
                                               .parent = UINT64_MAX,
                                               .n = 64,
                                               .local = local,
                                               .engine = engine};
        emit(user, &record);
    }
    leave(c);
    return d->next < d->service->dump_events;
}

void kvx_service_dump_close(struct kvx_service_dump *d)
{
    atomic_fetch_sub(&d->service->dumps_open, 1);
    free(d);
}

int kvx_service_health(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                       struct kvx_health *h, struct kvx_error *e)
{
    static const struct kvx_bytes reasons[] = {{"starting", 8}};
    (void)c, (void)arena;
    *h = (struct kvx_health){.ready = !s->not_ready,
                             .reasons = reasons,
                             .n_reasons = s->not_ready,
                             .workers = 3,
                             .workers_by_state = {0, 0, 1, 1, 1}};
    return outcome(s, e);
}

int kvx_service_metrics(struct kvx_service *s, struct kvx_caller *c, struct kvx_buf *b)
{
    (void)c;
    kvx_buf_text(b, "# TYPE x gauge\nx 1\n");
    return atomic_load(&s->call_code);
}
