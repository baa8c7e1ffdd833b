/* Ctrl-C ends a dump in order: the stream is cancelled, the unfinished file removed. */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include "kvindex/client.h"

#include <pthread.h>
#include <stdatomic.h>

/* A thread waits for SIGINT and SIGTERM. It then sets `seen`, cancels the client's calls, and keeps waking
 * the thread that started it from a blocking write until ctl_interrupt_end. */
struct ctl_interrupt {
    atomic_bool seen; /* written by the waiting thread only; stands alone, so any order is enough */
    struct kvindex_client *client;
    pthread_t waiting, started_by;
};

/* Blocks the signals in the calling thread: call it before any other thread exists. */
void ctl_interrupt_block(void);
int ctl_interrupt_begin(struct ctl_interrupt *, struct kvindex_client *); /* 0, or -1: no thread */
void ctl_interrupt_end(struct ctl_interrupt *);

#endif /* CTL_INTERRUPT_H */
