#include "loop.h"

#include "base/clock.h"
#include "source.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 128 };

static void mark_ready(struct kvx_loop *l, struct kvx_source *s)
{
    if (s->is_ready)
        return;
    s->is_ready = true;
    s->ready_next = NULL;
    *l->ready_tail = s;
    l->ready_tail = &s->ready_next;
}

static void unmark_ready(struct kvx_loop *l, struct kvx_source *s)
{
    if (!s->is_ready)
        return;
    struct kvx_source **link = &l->ready;
    while (*link != s)
        link = &(*link)->ready_next;
    *link = s->ready_next;
    if (l->ready_tail == &s->ready_next)
        l->ready_tail = link;
    s->is_ready = false;
}

int kvx_loop_watch(struct kvx_loop *l, struct kvx_source *s, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void kvx_loop_unwatch(struct kvx_loop *l, int fd)
{
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void wake(struct kvx_loop *l)
{
    uint64_t one = 1;
    /* Fails only when the counter is full, and then the thread is awake. */
    while (write(l->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void adopt(struct kvx_loop *l, struct kvx_source *s)
{
    s->prev = NULL;
    s->next = l->sources;
    if (s->next)
        s->next->prev = s;
    l->sources = s;
    kvx_source_adopt(s);
    mark_ready(l, s); /* what came before the descriptors were watched */
}

static void retire(struct kvx_loop *l, struct kvx_source *s)
{
    unmark_ready(l, s);
    if (s->prev)
        s->prev->next = s->next;
    else
        l->sources = s->next;
    if (s->next)
        s->next->prev = s->prev;
    kvx_source_retire(s);
}

static void follow_hold(struct kvx_loop *l, bool hold)
{
    uint64_t now_ns = kvx_now_ns();
    if (hold && !l->held)
        l->held_since_ns = now_ns;
    bool released = l->held && !hold;
    l->held = hold;
    for (struct kvx_source *s = released ? l->sources : NULL; s; s = s->next) {
        kvx_source_released(s, now_ns);
        mark_ready(l, s);
    }
}

/* Returns false when the thread is to end. Opening comes first: a source may be closed before it was seen
 * here. Holding comes before that: a source that is opened afterwards must not begin. */
static bool take_commands(struct kvx_loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct kvx_source *opening = l->opening, *closing = l->closing;
    bool stopping = l->stopping, hold = l->hold;
    l->opening = l->closing = NULL;
    pthread_mutex_unlock(&l->lock);
    follow_hold(l, hold);
    for (struct kvx_source *s = opening, *next; s; s = next) {
        next = s->opening_next;
        adopt(l, s);
    }
    for (struct kvx_source *s = closing, *next; s; s = next) {
        next = s->closing_next;
        retire(l, s);
    }
    return !stopping;
}

/* Every source that is ready now gets one turn. */
static void serve_ready(struct kvx_loop *l, uint64_t now_ns)
{
    struct kvx_source *s = l->ready;
    l->ready = NULL;
    l->ready_tail = &l->ready;
    while (s) {
        struct kvx_source *next = s->ready_next;
        s->is_ready = false;
        if (kvx_source_serve(s, now_ns))
            mark_ready(l, s);
        s = next;
    }
}

/* False when there are commands. */
static bool wait_for_events(struct kvx_loop *l)
{
    struct epoll_event events[EVENTS_MAX];
    bool quiet = true;
    int timeout = l->ready ? 0 : kvx_timers_wait_ms(&l->timers, kvx_now_ns());
    int n = epoll_wait(l->epoll_fd, events, EVENTS_MAX, timeout);
    for (int i = 0; i < n; i++) {
        uint64_t count;
        if (events[i].data.ptr)
            mark_ready(l, events[i].data.ptr);
        else
            quiet = read(l->wake_fd, &count, sizeof count) < 0;
    }
    return quiet;
}

static void *run(void *arg)
{
    struct kvx_loop *l = arg;
    bool running = true;
    while (running) {
        bool quiet = wait_for_events(l);
        uint64_t now_ns = kvx_now_ns();
        struct kvx_timer *timer;
        while ((timer = kvx_timers_due(&l->timers, now_ns)) != NULL)
            mark_ready(l, (struct kvx_source *)((char *)timer - offsetof(struct kvx_source, timer)));
        serve_ready(l, now_ns);
        if (!quiet)
            running = take_commands(l);
    }
    while (l->sources)
        retire(l, l->sources);
    return NULL;
}

int kvx_loop_start(struct kvx_loop *l, void *zmq_context, const struct kvx_ingest_config *config,
                   struct kvx_error *err)
{
    *l = (struct kvx_loop){.zmq_context = zmq_context, .config = *config, .epoll_fd = -1, .wake_fd = -1};
    l->ready_tail = &l->ready;
    kvx_timers_init(&l->timers);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0)
        goto fail;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake_fd < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &event))
        goto fail_wake;
    if (kvx_decoder_new(&l->decoder, config->allocator)) {
        errno = ENOMEM;
        goto fail_wake;
    }
    pthread_mutex_init(&l->lock, NULL);
    /* Signals are the main thread's business. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) {
        errno = rc;
        goto fail_thread;
    }
    pthread_setname_np(l->thread, "kvx-ingest");
    return 0;
fail_thread:
    pthread_mutex_destroy(&l->lock);
    kvx_decoder_free(l->decoder);
fail_wake:
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    close(l->epoll_fd);
fail:
    return kvx_fail(err, errno == ENOMEM ? KVX_NOMEM : KVX_UNAVAILABLE, "cannot start an ingest thread: %s",
                    strerror(errno));
}

void kvx_loop_stop(struct kvx_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_mutex_unlock(&l->lock);
    wake(l);
    pthread_join(l->thread, NULL);
    pthread_mutex_destroy(&l->lock);
    kvx_decoder_free(l->decoder);
    close(l->wake_fd);
    close(l->epoll_fd);
}

void kvx_loop_open(struct kvx_loop *l, struct kvx_source *s)
{
    pthread_mutex_lock(&l->lock);
    s->opening_next = l->opening;
    l->opening = s;
    pthread_mutex_unlock(&l->lock);
    wake(l);
}

void kvx_loop_close(struct kvx_loop *l, struct kvx_source *s)
{
    pthread_mutex_lock(&l->lock);
    s->closing_next = l->closing;
    l->closing = s;
    pthread_mutex_unlock(&l->lock);
    wake(l);
}

void kvx_loop_hold(struct kvx_loop *l, bool hold)
{
    pthread_mutex_lock(&l->lock);
    l->hold = hold;
    pthread_mutex_unlock(&l->lock);
    wake(l);
}
