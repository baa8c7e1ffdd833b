#include "connections.h"

#include "base/clock.h"

#include <sys/socket.h>
#include <time.h>

/* Called with the lock held. connection_close takes it before the descriptor is closed, so `fd` is still the
 * connection's own. */
static void shut_expired(struct connections *cs)
{
    uint64_t now = kvx_now_ns();
    for (struct connection *c = cs->first; c; c = c->next)
        if (atomic_load_explicit(&c->deadline_ns, memory_order_relaxed) <= now)
            shutdown(c->fd, SHUT_RDWR);
}

static void *watch(void *arg)
{
    struct connections *cs = arg;
    pthread_mutex_lock(&cs->lock);
    while (!cs->stop) {
        struct timespec until;
        uint64_t at = kvx_now_ns() + cs->tick_ns;
        until.tv_sec = (time_t)(at / KVX_SECONDS(1));
        until.tv_nsec = (long)(at % KVX_SECONDS(1));
        pthread_cond_timedwait(&cs->wake, &cs->lock, &until);
        shut_expired(cs);
    }
    pthread_mutex_unlock(&cs->lock);
    return NULL;
}

int connections_init(struct connections *cs, const struct kvx_allocator *allocator, uint32_t max,
                     uint64_t grace_ns, uint64_t tick_ns, struct kvx_error *e)
{
    pthread_condattr_t attributes;
    *cs = (struct connections){.allocator = allocator, .max = max, .grace_ns = grace_ns, .tick_ns = tick_ns};
    pthread_mutex_init(&cs->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&cs->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&cs->watcher, NULL, watch, cs) == 0)
        return 0;
    pthread_cond_destroy(&cs->wake);
    pthread_mutex_destroy(&cs->lock);
    return kvx_fail(e, KVX_UNAVAILABLE, "no thread for the REST server's time-outs");
}

void connections_fini(struct connections *cs)
{
    pthread_mutex_lock(&cs->lock);
    cs->stop = true;
    pthread_cond_signal(&cs->wake);
    pthread_mutex_unlock(&cs->lock);
    pthread_join(cs->watcher, NULL);
    pthread_cond_destroy(&cs->wake);
    pthread_mutex_destroy(&cs->lock);
}

struct connection *connection_open(struct connections *cs, int fd)
{
    struct connection *c = kvx_alloc(cs->allocator, sizeof(*c));
    if (!c)
        return NULL;
    *c = (struct connection){.fd = fd};
    connection_until(c, kvx_now_ns() + cs->grace_ns);
    atomic_fetch_add_explicit(&cs->open, 1, memory_order_relaxed);
    pthread_mutex_lock(&cs->lock);
    c->next = cs->first;
    if (c->next)
        c->next->previous = c;
    cs->first = c;
    pthread_mutex_unlock(&cs->lock);
    return c;
}

void connection_close(struct connections *cs, struct connection *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&cs->lock);
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        cs->first = c->next;
    pthread_mutex_unlock(&cs->lock);
    atomic_fetch_sub_explicit(&cs->open, 1, memory_order_relaxed);
    kvx_dealloc(cs->allocator, c, sizeof(*c));
}

bool connections_full(const struct connections *cs)
{
    return atomic_load_explicit(&cs->open, memory_order_relaxed) >= cs->max;
}

void connection_until(struct connection *c, uint64_t deadline_ns)
{
    if (c)
        atomic_store_explicit(&c->deadline_ns, deadline_ns, memory_order_relaxed);
}
