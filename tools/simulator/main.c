#include "base/clock.h"
#include "control.h"
#include "memory.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    signalled = number;
}

/* One item for standard input, then the two sockets of each engine that is up. Returns how many. */
static int poll_items(const struct sim_fleet *f, zmq_pollitem_t *items, bool read_stdin)
{
    int n = 0;
    items[n++] = (zmq_pollitem_t){.fd = STDIN_FILENO, .events = read_stdin ? ZMQ_POLLIN : 0};
    for (uint32_t i = 0; i < f->options.workers; i++) {
        const struct sim_wire *w = &f->engines[i].wire;
        if (w->events)
            items[n++] = (zmq_pollitem_t){.socket = w->events, .events = ZMQ_POLLIN};
        if (w->replay)
            items[n++] = (zmq_pollitem_t){.socket = w->replay, .events = ZMQ_POLLIN};
    }
    return n;
}

static long timeout_ms(uint64_t wait_ns, const struct sim_control *c)
{
    /* A waiting command looks at the fleet now and then; a signal interrupts the poll by itself. */
    uint64_t ms = wait_ns == UINT64_MAX ? 1000 : (wait_ns + 999999) / 1000000;
    if (c->waiting && ms > 5)
        ms = 5;
    return (long)(ms > 1000 ? 1000 : ms);
}

/* The poll set is looked at only every few milliseconds while there is work to send: with many sockets a poll
 * costs more than a batch. */
static void loop(struct sim_fleet *f, struct sim_control *c, zmq_pollitem_t *items)
{
    uint64_t next_poll = 0;
    while (!c->quit && !signalled) {
        uint64_t wait = sim_fleet_step(f);
        if (!wait && kvx_now_ns() < next_poll)
            continue;
        int n = poll_items(f, items, !f->options.no_stdin);
        int ready = zmq_poll(items, n, timeout_ms(wait, c));
        if (ready < 0 && errno != EINTR)
            sim_die("poll: %s", zmq_strerror(errno));
        for (uint32_t i = 0; ready > 0 && i < f->options.workers; i++)
            sim_wire_poll(&f->engines[i].wire);
        if (ready > 0 && items[0].revents)
            sim_control_read(c);
        sim_control_run(c);
        next_poll = kvx_now_ns() + KVX_MS(2);
    }
}

int main(int argc, char **argv)
{
    struct sim_options options;
    sim_options_parse(&options, argc, argv);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    struct sim_fleet fleet;
    struct sim_control control;
    sim_fleet_init(&fleet, &options);
    sim_control_init(&control, &fleet);
    sim_control_hello(&control);
    if (options.go)
        sim_fleet_go(&fleet, 0);
    zmq_pollitem_t *items = sim_alloc(2 * (size_t)options.workers + 1, sizeof *items);
    loop(&fleet, &control, items);
    free(items);
    sim_control_free(&control);
    sim_fleet_free(&fleet);
    return 0;
}
