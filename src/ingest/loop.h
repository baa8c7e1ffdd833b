/* One ingest thread: epoll over the descriptors of its sources, their timers, and commands from other
 * threads.
 *
 * ZMQ's descriptors tell of changes only, so a woken source is *ready* until it has found all of its sockets
 * empty. Ready sources are served in turn, a bounded amount of work each, so that none starves the others.
 */
#ifndef INGEST_LOOP_H
#define INGEST_LOOP_H

#include "ingest/decode.h"
#include "ingest/ingest.h"
#include "timers.h"

#include <pthread.h>

struct kvx_loop {
    /* Set at the start; read only. */
    void *zmq_context;
    struct kvx_ingest_config config;
    int epoll_fd, wake_fd;
    pthread_t thread;
    /* The thread's own. */
    struct kvx_decoder *decoder;
    struct kvx_timers timers;
    struct kvx_source *sources; /* all */
    struct kvx_source *ready, **ready_tail;
    bool held; /* as last commanded */
    uint64_t held_since_ns;
    /* Commands: `lock` guards them and nothing else is done under it. It also is the fence that hands sockets
     * over to this thread. */
    pthread_mutex_t lock;
    struct kvx_source *opening, *closing;
    bool stopping, hold;
    /* How many sources were given to this thread; under the ingest's lock. */
    size_t load;
};

int kvx_loop_start(struct kvx_loop *, void *zmq_context, const struct kvx_ingest_config *,
                   struct kvx_error *) KVX_MUST_CHECK;
/* Closes all sources, ends the thread. */
void kvx_loop_stop(struct kvx_loop *);

/* Any thread: the loop takes over the source. Cannot fail. */
void kvx_loop_open(struct kvx_loop *, struct kvx_source *);
void kvx_loop_close(struct kvx_loop *, struct kvx_source *);

/* Any thread: see kvx_ingest_hold. */
void kvx_loop_hold(struct kvx_loop *, bool hold);

/* The loop's thread: wakes the source when `fd` has news. 0 or -1. */
int kvx_loop_watch(struct kvx_loop *, struct kvx_source *, int fd);
void kvx_loop_unwatch(struct kvx_loop *, int fd);

#endif /* INGEST_LOOP_H */
