#include "fleet.h"
#include "base/clock.h"
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <zmq.h>

/* A worker takes two listening sockets and one connection for each subscriber. */
static void raise_limits(void *context, uint32_t workers)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit))
            sim_die("cannot raise the number of open files: %m");
    }
    if (zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)(2 * workers + 16)))
        sim_die("%u workers need more sockets than ZMQ allows: %s", workers, zmq_strerror(errno));
}

static struct sim_engine *engine_for(struct sim_fleet *f, size_t request)
{
    uint64_t key = f->options.round_robin ? request : sim_mix(request);
    return &f->engines[key % f->options.workers];
}

/* Runs one request through its engine; the batches wait in the queue. An engine that is down loses its
 * request.
 */
static void serve_next(struct sim_fleet *f)
{
    size_t request = f->next_request++;
    struct sim_engine *e = engine_for(f, request);
    if (!e->up)
        return;
    sim_workload_prompt(&f->workload, request % f->workload.n_requests, &f->prompt);
    sim_prompt_hash(&f->prompt, f->options.block_size);
    sim_engine_serve(e, &f->encoder, &f->prompt, &f->queue);
}

void sim_fleet_init(struct sim_fleet *f, const struct sim_options *o)
{
    *f = (struct sim_fleet){.options = *o, .random = sim_mix(o->seed ^ 0x73616d706c65u)};
    f->encoder = (struct sim_encoder){.format = o->format,
                                      .byte_hashes = o->byte_hashes,
                                      .has_rank = o->has_rank,
                                      .rank = o->rank,
                                      .block_size = o->block_size};
    sim_encoder_init(&f->encoder);
    if (o->trace)
        sim_workload_load(&f->workload, o->trace, o->requests);
    else
        sim_workload_generate(&f->workload, o->requests, o->seed);
    f->context = zmq_ctx_new();
    if (!f->context)
        sim_die("zmq context: %s", zmq_strerror(errno));
    raise_limits(f->context, o->workers);
    f->engines = sim_alloc(o->workers, sizeof *f->engines);
    for (uint32_t i = 0; i < o->workers; i++) {
        f->engines[i].number = i;
        sim_engine_start(&f->engines[i], f->context, &f->options);
    }
    while (o->prepare && f->next_request < f->workload.n_requests)
        serve_next(f);
}

void sim_fleet_free(struct sim_fleet *f)
{
    sim_queue_free(&f->queue);
    for (uint32_t i = 0; i < f->options.workers; i++)
        sim_engine_free(&f->engines[i]);
    free(f->engines);
    sim_prompt_free(&f->prompt);
    sim_encoder_free(&f->encoder);
    sim_workload_free(&f->workload);
    zmq_ctx_term(f->context);
}

void sim_fleet_go(struct sim_fleet *f, size_t n)
{
    if (n)
        f->stop_at = f->next_request + n;
    else
        f->stop_at = f->options.loop ? SIZE_MAX : f->workload.n_requests;
    if (!f->options.loop && f->stop_at > f->workload.n_requests)
        f->stop_at = f->workload.n_requests;
    f->playing = true;
    f->started_ns = f->last_ns = kvx_now_ns();
    f->paced = 0;
}

bool sim_fleet_idle(const struct sim_fleet *f)
{
    return !f->playing;
}

static bool send_one(struct sim_fleet *f)
{
    struct sim_batch sent;
    if (!sim_queue_send(&f->queue, &sent))
        return false;
    f->batches++;
    f->stored += sent.stored;
    f->removed += sent.removed;
    f->paced += sent.stored + sent.removed;
    return true;
}

void sim_fleet_flush(struct sim_fleet *f)
{
    while (send_one(f)) {
    }
}

uint64_t sim_fleet_step(struct sim_fleet *f)
{
    enum { BURST = 16 };
    if (!f->playing) /* what is queued was prepared for the next `go` */
        return UINT64_MAX;
    for (int i = 0; i < BURST; i++) {
        while (f->playing && f->queue.first == f->queue.n) {
            if (f->next_request < f->stop_at)
                serve_next(f);
            else
                f->playing = false;
        }
        if (f->queue.first == f->queue.n)
            return UINT64_MAX;
        if (f->options.rate > 0) {
            uint64_t due = f->started_ns + (uint64_t)((double)f->paced / f->options.rate * 1e9);
            uint64_t now = kvx_now_ns();
            if (now < due)
                return due - now;
        }
        send_one(f);
        f->last_ns = kvx_now_ns();
    }
    return 0;
}

static uint64_t pick(struct sim_fleet *f, uint64_t below)
{
    return below ? sim_mix(f->random++) % below : 0;
}

void sim_fleet_sample(struct sim_fleet *f, struct sim_prompt *p, size_t max_tokens)
{
    size_t played = f->next_request < f->workload.n_requests ? f->next_request : f->workload.n_requests;
    sim_workload_prompt(&f->workload, pick(f, played ? played : f->workload.n_requests), p);
    if (max_tokens && p->n_tokens > max_tokens)
        sim_prompt_resize(p, max_tokens);
    switch (pick(f, 4)) {
    case 0:
        sim_prompt_resize(p, pick(f, p->n_tokens + 1));
        break;
    case 1:
        if (p->n_tokens)
            p->tokens[pick(f, p->n_tokens)] ^= 1;
        break;
    default:
        break;
    }
    sim_prompt_hash(p, f->options.block_size);
}
