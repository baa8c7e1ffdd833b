#include "http_fake_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct kvx_service_dump {
    struct kvx_service *service;
    unsigned next, partition;
    bool begun;
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

/* ---- Records of what was asked; texts too long for the record stay as they are and must not be looked at.
 * ---- */

static void keep(struct fake_record *r, struct kvx_bytes *text)
{
    if (text->len >= sizeof(r->texts) - r->used)
        return;
    char *copy = r->texts + r->used;
    if (text->len)
        memcpy(copy, text->data, text->len);
    copy[text->len] = 0;
    text->data = copy;
    r->used += text->len + 1;
}

static void keep_choice(struct fake_record *r, struct kvx_partition_choice *c)
{
    keep(r, &c->model);
    keep(r, &c->tenant);
    keep(r, &c->additional_salt);
}

int kvx_service_register(struct kvx_service *s, const struct kvx_register_args *a, struct kvx_error *e)
{
    struct fake_record *r = &s->last;
    r->used = 0;
    r->registered = *a;
    keep_choice(r, &r->registered.partition);
    keep(r, &r->registered.endpoint);
    keep(r, &r->registered.replay_endpoint);
    keep(r, &r->registered.lora_name);
    snprintf(r->instance, sizeof(r->instance), "%.*s", (int)a->instance.text.len, a->instance.text.data);
    return outcome(s, e);
}

int kvx_service_unregister(struct kvx_service *s, struct kvx_arena *arena,
                           const struct kvx_unregister_args *a, const struct kvx_removed_worker **removed,
                           size_t *n, struct kvx_error *e)
{
    struct fake_record *r = &s->last;
    r->used = 0;
    r->unregistered = *a;
    keep_choice(r, &r->unregistered.partition);
    snprintf(r->instance, sizeof(r->instance), "%.*s", (int)a->instance.text.len, a->instance.text.data);
    struct kvx_removed_worker *w = kvx_arena_array(arena, 2, sizeof(*w));
    if (!w)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    w[0] = (struct kvx_removed_worker){.instance = {{"node1", 5}, false}, .tenant = {"default", 7}};
    w[1] = (struct kvx_removed_worker){
        .instance = {{"7", 1}, true}, .tenant = {"team", 4}, .dp_rank = 4294967295u};
    *removed = w;
    *n = 2;
    return outcome(s, e);
}

static const struct kvx_instance_id one = {{"1", 1}, true}, pod = {{"pod \"a\"", 7}, false};

#define TEXT(text)               \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* One instance with a registered and a learned rank, one that is lost, and a pool in two partitions. */
static const struct kvx_worker_info workers[] = {
    {.instance = {TEXT("1"), true},
     .endpoint = TEXT("tcp://a:1"),
     .partition = {TEXT("default"), TEXT("default"), {0}, 16},
     .state = KVX_SOURCE_EXACT,
     .since_ms = 7,
     .has_sequence = true,
     .last_sequence = 41,
     .last_event_ms = 9,
     .held_blocks = {5, 1, 0, 0}},
    {.instance = {TEXT("1"), true},
     .dp_rank = 3,
     .learned = true,
     .endpoint = TEXT("tcp://a:1"),
     .partition = {TEXT("default"), TEXT("default"), {0}, 16},
     .state = KVX_SOURCE_DEGRADED,
     .reason = KVX_REASON_GAP},
    {.instance = {TEXT("pod \"a\""), false},
     .dp_rank = 4294967295u,
     .endpoint = TEXT("tcp://a:1"),
     .replay_endpoint = TEXT("tcp://a:2"),
     .lora_name = TEXT("french"),
     .partition = {TEXT("default"), TEXT("default"), {0}, 16},
     .state = KVX_SOURCE_STALE},
    {.instance = {TEXT("pool"), false},
     .kind = KVX_KIND_POOL,
     .endpoint = TEXT("tcp://m:1"),
     .partition = {TEXT("llama"), TEXT("blue"), TEXT("w8a8"), 128},
     .state = KVX_SOURCE_SYNCING},
    {.instance = {TEXT("pool"), false},
     .kind = KVX_KIND_POOL,
     .endpoint = TEXT("tcp://m:1"),
     .partition = {TEXT("llama"), TEXT("blue"), {0}, 128},
     .state = KVX_SOURCE_EXACT},
};

int kvx_service_list_workers(struct kvx_service *s, struct kvx_arena *arena,
                             const struct kvx_partition_choice *choice, const struct kvx_worker_info **out,
                             size_t *n, struct kvx_error *e)
{
    s->last.used = 0;
    s->last.listed = *choice;
    keep_choice(&s->last, &s->last.listed);
    struct kvx_worker_info *w = kvx_arena_array(arena, 5, sizeof(*w));
    if (!w)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    memcpy(w, workers, sizeof(workers));
    *out = w;
    *n = 5;
    return outcome(s, e);
}

int kvx_service_list_partitions(struct kvx_service *s, struct kvx_arena *arena,
                                const struct kvx_partition_info **out, size_t *n, struct kvx_error *e)
{
    static const struct kvx_partition_info infos[] = {
        {.name = {TEXT("llama"), TEXT("blue"), TEXT("w8a8"), 128},
         .workers = 2,
         .pools = 1,
         .held_blocks = {4, 3, 2, 1},
         .pool_blocks = {0, 9, 8, 7},
         .positions = UINT64_MAX,
         .bytes = 65536},
        {.name = {TEXT("default"), TEXT("default"), {0}, 16}},
    };
    struct kvx_partition_info *p = kvx_arena_array(arena, 2, sizeof(*p));
    if (!p)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    memcpy(p, infos, sizeof(infos));
    *out = p;
    *n = 2;
    return outcome(s, e);
}

static void record_query(struct kvx_service *s, const struct kvx_query_args *a)
{
    struct fake_record *r = &s->last;
    const size_t room = sizeof(r->candidates) / sizeof(*r->candidates);
    r->used = 0;
    r->query = *a;
    keep_choice(r, &r->query.partition);
    keep(r, &r->query.lora_name);
    keep(r, &r->query.cache_salt);
    for (size_t i = 0; i < a->n_candidates && i < room; i++) {
        r->candidates[i] = a->candidates[i];
        keep(r, &r->candidates[i].instance);
    }
    for (size_t i = 0; i < a->n_hashes && i < room; i++)
        r->hashes[i] = a->hashes[i];
}

/* In the order of the real service: by instance, or best first. */
static void fill_hits(struct kvx_hit *h, bool best)
{
    const struct kvx_hit all[] = {
        {.instance = one, .dp_rank = 0, .blocks = {2, 3, 3, 3, 3}, .total_blocks = 5},
        {.instance = one, .dp_rank = 7, .blocks = {0, 1, 1, 4, 6}, .total_blocks = 0},
        {.instance = {{"2", 1}, true}, .blocks = {0, 1, 1, 1, 1}},
        {.instance = pod, .dp_rank = 1, .blocks = {1, 1, 1, 1, 1}, .total_blocks = UINT64_MAX},
    };
    static const unsigned best_order[] = {0, 3, 1, 2};
    for (unsigned i = 0; i < 4; i++)
        h[i] = all[best ? best_order[i] : i];
}

int kvx_service_query(struct kvx_service *s, struct kvx_caller *c, struct kvx_arena *arena,
                      const struct kvx_query_args *a, struct kvx_query_result *r, struct kvx_error *e)
{
    s->n_tokens = a->n_tokens;
    s->last_token = a->n_tokens ? a->tokens[a->n_tokens - 1] : 0;
    s->n_hashes = a->n_hashes;
    s->first_hash = a->n_hashes ? a->hashes[0] : 0;
    if (s->record_queries)
        record_query(s, a);
    enter(c);
    unsigned ms = atomic_load(&s->delay_ms);
    if (ms)
        usleep(ms * 1000);
    struct kvx_hit *h = kvx_arena_array(arena, 4, sizeof(*h));
    leave(c);
    if (!h)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    fill_hits(h, a->max_hits > 0);
    *r = (struct kvx_query_result){
        .hits = h, .n = s->no_hits ? 0 : 4, .block_size = 16, .tenant = kvx_bytes_of("team \"x\"")};
    return outcome(s, e);
}

int kvx_service_dump_open(struct kvx_service *s, const struct kvx_partition_choice *choice,
                          struct kvx_service_dump **out, struct kvx_error *e)
{
    int r = outcome(s, e);
    if (r)
        return r;
    s->last.used = 0;
    s->last.dumped = *choice;
    keep_choice(&s->last, &s->last.dumped);
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    (*out)->service = s;
    atomic_fetch_add(&s->dumps_open, 1);
    return 0;
}

/* The partitions of a dump: each in a slice of its own, the last one with all events. */
static const struct kvx_partition_name dumped[] = {
    {TEXT("llama"), TEXT("blue"), {0}, 16},          {TEXT("llama"), TEXT("blue"), {0}, 32},
    {TEXT("llama"), TEXT("blue"), TEXT("w\"8"), 32}, {TEXT("llama"), TEXT("blue"), TEXT("w4"), 32},
    {TEXT("llama"), TEXT("blue:32"), {0}, 16},       {TEXT("default"), TEXT("default"), {0}, 16},
};
enum { DUMPED = sizeof(dumped) / sizeof(*dumped) };

static int next_records(struct kvx_service_dump *d, size_t blocks, const struct kvx_dump_sink *sink,
                        struct kvx_error *e)
{
    uint64_t local[64], engine[64];
    for (size_t done = 0; done < blocks && d->next < d->service->dump_events; done += 64) {
        if (++d->next == d->service->dump_fail_at)
            return kvx_fail(e, KVX_INTERNAL, "fault");
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
        sink->record(sink->user, &record);
    }
    return d->next < d->service->dump_events;
}

int kvx_service_dump_next(struct kvx_service_dump *d, struct kvx_caller *c, size_t blocks,
                          const struct kvx_dump_sink *sink, struct kvx_error *e)
{
    enter(c);
    int r = 1;
    if (!d->begun) {
        d->begun = true;
        d->partition = d->service->dump_partitions ? 0 : DUMPED - 1;
        sink->partition(sink->user, &dumped[d->partition]);
    } else if (d->partition < DUMPED - 1) {
        sink->partition(sink->user, &dumped[++d->partition]);
    }
    if (d->partition == DUMPED - 1)
        r = next_records(d, blocks, sink, e);
    leave(c);
    return r;
}

void kvx_service_dump_close(struct kvx_service_dump *d)
{
    atomic_fetch_sub(&d->service->dumps_open, 1);
    free(d);
}

int kvx_service_add_peer(struct kvx_service *s, struct kvx_bytes url, struct kvx_error *e)
{
    snprintf(s->last.url, sizeof(s->last.url), "+%.*s", (int)url.len, url.data);
    return outcome(s, e);
}

int kvx_service_remove_peer(struct kvx_service *s, struct kvx_bytes url, struct kvx_error *e)
{
    snprintf(s->last.url, sizeof(s->last.url), "-%.*s", (int)url.len, url.data);
    return outcome(s, e);
}

int kvx_service_list_peers(struct kvx_service *s, struct kvx_arena *arena, const struct kvx_bytes **out,
                           size_t *n, struct kvx_error *e)
{
    struct kvx_bytes *urls = kvx_arena_array(arena, 2, sizeof(*urls));
    if (!urls)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    urls[0] = kvx_bytes_of("http://a:1");
    urls[1] = kvx_bytes_of("http://b:2");
    *out = urls;
    *n = 2;
    return outcome(s, e);
}

int kvx_service_health(struct kvx_service *s, struct kvx_arena *arena, struct kvx_health *h,
                       struct kvx_error *e)
{
    static const struct kvx_bytes reasons[] = {{"starting", 8}};
    (void)arena;
    *h = (struct kvx_health){.ready = !s->not_ready,
                             .reasons = reasons,
                             .n_reasons = s->not_ready,
                             .workers = 3,
                             .workers_by_state = {0, 0, 1, 1, 1}};
    return outcome(s, e);
}

int kvx_service_metrics(struct kvx_service *s, struct kvx_arena *arena, struct kvx_buf *b)
{
    (void)arena;
    kvx_buf_text(b, "# TYPE x gauge\nx 1\n");
    return atomic_load(&s->call_code);
}
