/* Who is connected and until when: what libmicrohttpd's idle time-out does not bound.
 *
 * One thread wakes a few times a second and shuts the socket of each connection whose deadline has passed, so
 * a client that drips bytes cannot hold a connection for ever.
 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include "base/alloc.h"
#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct connection {
    struct connection *previous, *next; /* under the lock */
    int fd;                             /* open as long as the connection is in the list */
    /* Of kvx_now_ns. Relaxed: the watcher may see it a moment late, which only delays a time-out. */
    _Atomic uint64_t deadline_ns;
};

struct connections {
    const struct kvx_allocator *allocator;
    uint64_t grace_ns; /* for a connection's next request to arrive in full */
    uint32_t max;
    _Atomic uint32_t open; /* counts only; nothing is ordered by it */
    pthread_mutex_t lock;  /* the list, `stop` */
    pthread_cond_t wake;
    struct connection *first;
    pthread_t watcher;
    uint64_t tick_ns;
    bool stop;
};

int connections_init(struct connections *, const struct kvx_allocator *, uint32_t max, uint64_t grace_ns,
                     uint64_t tick_ns, struct kvx_error *) KVX_MUST_CHECK;
/* All connections must be closed. */
void connections_fini(struct connections *);

/* NULL when there is no memory: such a connection has no deadline but the idle time-out. */
struct connection *connection_open(struct connections *, int fd);
void connection_close(struct connections *, struct connection *);
bool connections_full(const struct connections *);
/* `c` may be NULL. */
void connection_until(struct connection *c, uint64_t deadline_ns);

#endif /* CONNECTIONS_H */
