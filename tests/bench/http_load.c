/* Posts JSON to one HTTP server over connections that stay open, and prints one line of JSON about the
 * answers.
 *
 *     http_load [--connections N] [--rate R] [--seconds S] ADDRESS PORT PATH FILE
 *
 * FILE has one request a line: what the answer must contain (may be empty), a tab, the body; they are sent in
 * turn. Without --rate the loop is closed: every connection sends its next request as soon as it has an
 * answer. With
 * --rate it is open: request k is due at k / R whether or not earlier ones were answered, waits for a free
 * connection if there is none, and its latency counts from the moment it was due. A server that stalls
 * therefore pays for every request that it kept waiting (no coordinated omission). */
#include "base/clock.h"
#include "http_load_connection.h"
#include "need.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum { CONNECTIONS_MAX = 1024 };

struct times {
    uint64_t *ns;
    size_t n, cap;
};

struct load {
    unsigned connections;
    double rate, seconds;
    struct request *requests;
    size_t n_requests;
    struct connection pool[CONNECTIONS_MAX];
    uint64_t start_ns, end_ns;
    uint64_t sent, planned; /* planned: UINT64_MAX in a closed loop */
    struct times latency,
        late; /* late: how long after its due time a request went out though a connection was free */
    uint64_t wrong, errors;
};

/* ---- The requests ---- */

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) || (*size = (size_t)ftell(f)) == 0) {
        fprintf(stderr, "http_load: %s: cannot be read, or is empty\n", path);
        exit(1);
    }
    rewind(f);
    char *text = need(malloc(*size + 1));
    if (fread(text, 1, *size, f) != *size)
        exit(1);
    fclose(f);
    text[*size] = 0;
    return text;
}

static struct request make_request(const char *host, const char *path, const char *expected, const char *body)
{
    static const char form[] = "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                               "Content-Length: %zu\r\n\r\n%s";
    size_t n = strlen(body), room = sizeof(form) + strlen(path) + strlen(host) + 24 + n;
    struct request r = {.bytes = need(malloc(room)), .expected = expected};
    r.len = (size_t)snprintf(r.bytes, room, form, path, host, n, body);
    return r;
}

/* `text` stays: the expected parts are in it. */
static void make_requests(struct load *l, char *text, const char *host, const char *path)
{
    for (char *line, *rest = text; (line = strtok_r(rest, "\n", &rest));) {
        char *body = strchr(line, '\t');
        if (!body) {
            fprintf(stderr, "http_load: a line without a tab\n");
            exit(1);
        }
        *body++ = 0;
        l->requests = need(realloc(l->requests, (l->n_requests + 1) * sizeof(*l->requests)));
        l->requests[l->n_requests++] = make_request(host, path, line, body);
    }
}

/* ---- The loop ---- */

static uint64_t due_ns(const struct load *l, uint64_t k)
{
    return l->start_ns + (uint64_t)((double)k * 1e9 / l->rate);
}

/* Whether another request is to be sent now, and from when on its latency counts. */
static bool next_due(const struct load *l, uint64_t now, uint64_t *from)
{
    if (l->planned == UINT64_MAX) {
        *from = now;
        return now < l->end_ns;
    }
    *from = due_ns(l, l->sent);
    return l->sent < l->planned && *from <= now;
}

static void note(struct times *t, uint64_t ns)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 1 << 16;
        t->ns = need(realloc(t->ns, t->cap * sizeof(*t->ns)));
    }
    t->ns[t->n++] = ns;
}

static void send_due(struct load *l)
{
    uint64_t now = kvx_now_ns(), from;
    for (unsigned i = 0; i < l->connections; i++) {
        struct connection *c = &l->pool[i];
        if (c->request || !next_due(l, now, &from))
            continue;
        if (c->free_ns <= from)
            note(&l->late, now - from);
        connection_send(c, &l->requests[l->sent++ % l->n_requests], from);
    }
}

static void finish(struct load *l, struct connection *c)
{
    c->free_ns = kvx_now_ns();
    note(&l->latency, c->free_ns - c->from_ns);
    l->errors += c->status != 200;
    l->wrong += c->status == 200 && !connection_answer_has(c, c->request->expected);
    c->request = NULL;
}

/* Until the next request is due, or something arrives. A closed loop always has something under way. */
static void wait_for_something(struct load *l, struct pollfd *polls)
{
    uint64_t now = kvx_now_ns(), next = now + KVX_MS(100);
    bool idle = false;
    for (unsigned i = 0; i < l->connections; i++) {
        const struct connection *c = &l->pool[i];
        polls[i].events = (short)(c->request ? POLLIN | (connection_is_sending(c) ? POLLOUT : 0) : 0);
        idle |= !c->request;
    }
    if (idle && l->planned != UINT64_MAX && l->sent < l->planned && due_ns(l, l->sent) < next)
        next = due_ns(l, l->sent);
    uint64_t wait = next > now ? next - now : 0;
    struct timespec timeout = {(time_t)(wait / KVX_MS(1000)), (long)(wait % KVX_MS(1000))};
    ppoll(polls, l->connections, &timeout, NULL);
}

static bool under_way(const struct load *l)
{
    for (unsigned i = 0; i < l->connections; i++)
        if (l->pool[i].request)
            return true;
    return false;
}

static void run(struct load *l, const char *address, uint16_t port)
{
    struct pollfd *polls = need(calloc(l->connections, sizeof(*polls)));
    for (unsigned i = 0; i < l->connections; i++) {
        connection_open(&l->pool[i], address, port);
        polls[i].fd = l->pool[i].fd;
    }
    l->start_ns = kvx_now_ns();
    l->end_ns = l->start_ns + (uint64_t)(l->seconds * 1e9);
    l->planned = l->rate > 0 ? (uint64_t)(l->rate * l->seconds) : UINT64_MAX;
    for (;;) {
        send_due(l);
        if (!under_way(l) && (l->planned == UINT64_MAX ? kvx_now_ns() >= l->end_ns : l->sent == l->planned))
            break;
        wait_for_something(l, polls);
        for (unsigned i = 0; i < l->connections; i++)
            if (polls[i].revents && l->pool[i].request && connection_progress(&l->pool[i]))
                finish(l, &l->pool[i]);
    }
    l->end_ns = kvx_now_ns();
    free(polls);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double quantile_us(const struct times *t, double q)
{
    size_t at = (size_t)(q * (double)t->n);
    return t->n ? (double)t->ns[at < t->n ? at : t->n - 1] / 1e3 : 0;
}

static void report(struct load *l)
{
    double seconds = (double)(l->end_ns - l->start_ns) / 1e9;
    const struct times *t = &l->latency;
    if (!t->n) {
        fprintf(stderr, "http_load: not one answer\n");
        exit(1);
    }
    qsort(t->ns, t->n, sizeof(*t->ns), by_value);
    if (l->late.n)
        qsort(l->late.ns, l->late.n, sizeof(*l->late.ns), by_value);
    printf("{\"requests\":%zu,\"seconds\":%.6f,\"per_second\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_"
           "us\":%.1f,"
           "\"p999_us\":%.1f,\"max_us\":%.1f,",
           t->n, seconds, (double)t->n / seconds, quantile_us(t, 0.5), quantile_us(t, 0.9),
           quantile_us(t, 0.99), quantile_us(t, 0.999), quantile_us(t, 1));
    if (l->rate > 0)
        printf("\"sender_late_p50_us\":%.1f,\"sender_late_p99_us\":%.1f,", quantile_us(&l->late, 0.5),
               quantile_us(&l->late, 0.99));
    printf("\"wrong\":%" PRIu64 ",\"errors\":%" PRIu64 "}\n", l->wrong, l->errors);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"connections", required_argument, NULL, 'c'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    static struct load l = {.connections = 1, .seconds = 5};
    size_t size;
    for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (id == 'c')
            l.connections = (unsigned)strtoul(optarg, NULL, 10);
        else if (id == 'r')
            l.rate = strtod(optarg, NULL);
        else if (id == 's')
            l.seconds = strtod(optarg, NULL);
    }
    if (argc - optind != 4 || l.connections < 1 || l.connections > CONNECTIONS_MAX || !(l.seconds > 0)) {
        fprintf(stderr,
                "usage: http_load [--connections N] [--rate R] [--seconds S] ADDRESS PORT PATH FILE\n");
        return 2;
    }
    char **words = argv + optind;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1UL); /* otherwise every sleep is 50 us too long */
    char *text = read_file(words[3], &size);
    make_requests(&l, text, words[0], words[2]);
    run(&l, words[0], (uint16_t)strtoul(words[1], NULL, 10));
    report(&l);
    for (unsigned i = 0; i < l.connections; i++)
        connection_close(&l.pool[i]);
    for (size_t i = 0; i < l.n_requests; i++)
        free(l.requests[i].bytes);
    free(l.requests);
    free(l.latency.ns);
    free(l.late.ns);
    free(text);
    return 0;
}
