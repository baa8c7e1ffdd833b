/* A raw HTTP client for tests: sends any bytes, reads answers with a length or in chunks. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer {
    int status; /* 0: the connection ended before an answer; -1: in the middle of one */
    char head[4096];
    char *body; /* NUL-terminated; NULL without an answer */
    size_t len;
};

int client_connect(uint16_t port);
void client_send(int fd, const void *data, size_t len);
void client_text(int fd, const char *text);
/* Reads one answer; `head_only` for answers to HEAD. */
struct answer client_read(int fd, bool head_only);
void answer_free(struct answer *);
/* The value of a header field, or NULL; in a static buffer of the calling thread. */
const char *answer_field(const struct answer *, const char *name);
/* True when the server closes within `ms`. */
bool client_closed(int fd, int ms);
/* POST with a body, or GET when `body` is NULL, on a connection of its own. `type` NULL: no Content-Type. */
struct answer client_ask(uint16_t port, const char *path, const char *body, const char *type);

#endif /* HTTP_CLIENT_H */
