/* Lookups beside a writer: one line of JSON.
 *
 *     beside_bench [REQUESTS WORKERS BLOCKS]
 *
 * The first half of a trace's events fill the index as fast as they can: the writer's limit. Then lookups of
 * the workload's own prompts are timed in random order, alone; while a second thread applies the other half
 * of the events at half that limit; and alone again. `times_idle` compares with the mean of both times alone,
 * because the index has grown meanwhile. */
#include "base/clock.h"
#include "index_player.h"
#include "need.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { PASSES = 3, PASSES_BESIDE = 200 };

struct writer {
    struct player *player;
    struct window events;
    size_t from;          /* events before it fill the index */
    double blocks_per_ns; /* the limit */
    _Atomic bool done;    /* release: what the writer has counted is complete */
    uint64_t blocks, ns;
};

static void take_events(struct window *events, const struct workload *work)
{
    for (size_t at = 0; at < work->size;) {
        struct workload_record r = workload_record(work->data + at);
        if (r.type != WORKLOAD_QUERY)
            window_add(events, &r);
        at += r.size;
    }
}

static void fill(struct writer *w)
{
    uint64_t blocks = 0, then = kvx_now_ns();
    for (size_t i = 0; i < w->from; i++) {
        player_event(w->player, &w->events.records[i]);
        blocks += w->events.records[i].n;
    }
    w->blocks_per_ns = (double)blocks / (double)(kvx_now_ns() - then);
}

/* Each event is due when all blocks before it would have been applied at half the limit. */
static void *write_paced(void *arg)
{
    struct writer *w = arg;
    uint64_t start = kvx_now_ns();
    for (size_t i = w->from; i < w->events.count; i++) {
        uint64_t due = start + (uint64_t)((double)w->blocks / (w->blocks_per_ns / 2));
        while (kvx_now_ns() < due) {
        }
        player_event(w->player, &w->events.records[i]);
        w->blocks += w->events.records[i].n;
    }
    w->ns = kvx_now_ns() - start;
    atomic_store_explicit(&w->done, true, memory_order_release);
    return NULL;
}

static bool still_writing(void *arg)
{
    struct writer *w = arg;
    return !atomic_load_explicit(&w->done, memory_order_acquire);
}

static void print_times(const char *name, const struct lookup_times *t)
{
    printf("\"%s\":{\"lookups\":%zu,\"p50\":%.2f,\"p99\":%.2f},", name, t->count, (double)t->p50 / 1e3,
           (double)t->p99 / 1e3);
}

static double over_idle(uint64_t beside, uint64_t before, uint64_t after)
{
    return (double)beside * 2 / (double)(before + after);
}

static void measure(struct writer *w, const struct window *queries)
{
    struct player *p = w->player;
    pthread_t thread;
    fill(w);
    player_lookups(p, queries, false, 1, NULL, NULL); /* what is asked for the first time is a page fault */
    struct lookup_times before = player_lookups(p, queries, false, PASSES, NULL, NULL);
    require(pthread_create(&thread, NULL, write_paced, w) == 0, "no thread");
    struct lookup_times beside = player_lookups(p, queries, false, PASSES_BESIDE, still_writing, w);
    pthread_join(thread, NULL);
    struct lookup_times after = player_lookups(p, queries, false, PASSES, NULL, NULL);
    printf("{\"workers\":%u,\"limit_mblocks\":%.2f,\"written_mblocks\":%.2f,", p->workers,
           w->blocks_per_ns * 1e3, (double)w->blocks * 1e3 / (double)w->ns);
    print_times("alone_before", &before);
    print_times("beside_writer", &beside);
    print_times("alone_after", &after);
    printf("\"times_idle_p50\":%.2f,\"times_idle_p99\":%.2f}\n", over_idle(beside.p50, before.p50, after.p50),
           over_idle(beside.p99, before.p99, after.p99));
}

int main(int argc, char **argv)
{
    const struct workload_shape shape = {.requests = number_or(argv, argc, 1, 12000),
                                         .workers = number_or(argv, argc, 2, 128),
                                         .cache = number_or(argv, argc, 3, 32768)};
    struct workload work = workload_trace(&shape, 1);
    struct player player;
    struct writer writer = {.player = &player};
    struct window queries = {0};
    take_events(&writer.events, &work);
    writer.from = writer.events.count / 2;
    window_shuffle(&queries, &work);
    player_init(&player, shape.workers, false);
    player_restart(&player);
    measure(&writer, &queries);
    player_fini(&player);
    window_fini(&writer.events);
    window_fini(&queries);
    workload_free(&work);
    return 0;
}
