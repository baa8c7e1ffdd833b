/* One client connection of http_load: one request under way at a time. Failures end the program with a
 * message. */
#ifndef HTTP_LOAD_CONNECTION_H
#define HTTP_LOAD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request {
    char *bytes; /* head and body */
    size_t len;
    const char *expected; /* a part of the right answer; "" for any */
};

struct connection {
    int fd;
    const struct request *request; /* NULL: free */
    uint64_t from_ns;              /* from when on the latency counts */
    uint64_t free_ns;              /* since when it has no request */
    size_t sent;                   /* bytes of the request */
    char *in;                      /* what arrived of the answer */
    size_t n_in, head, answer;     /* bytes; head and answer: 0 until known, the whole answer's size */
    int status;
};

void connection_open(struct connection *, const char *address, uint16_t port);
void connection_close(struct connection *);
void connection_send(struct connection *, const struct request *, uint64_t from_ns);
/* Whether a part of the request waits for room in the socket. */
bool connection_is_sending(const struct connection *);
/* Sends and receives what is possible; true when the answer is whole. */
bool connection_progress(struct connection *);
bool connection_answer_has(const struct connection *, const char *part);

#endif /* HTTP_LOAD_CONNECTION_H */
