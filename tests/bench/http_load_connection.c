#include "http_load_connection.h"

#include "need.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 20 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "http_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

void connection_open(struct connection *c, const char *address, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    *c = (struct connection){.fd = socket(AF_INET, SOCK_STREAM, 0), .in = need(malloc(ANSWER_MAX + 1))};
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || c->fd < 0 ||
        connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) ||
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) || fcntl(c->fd, F_SETFL, O_NONBLOCK))
        fail("connect");
}

void connection_close(struct connection *c)
{
    close(c->fd);
    free(c->in);
}

bool connection_is_sending(const struct connection *c)
{
    return c->sent < c->request->len;
}

static void send_more(struct connection *c)
{
    ssize_t n = send(c->fd, c->request->bytes + c->sent, c->request->len - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        fail("send");
    c->sent += n > 0 ? (size_t)n : 0;
}

void connection_send(struct connection *c, const struct request *request, uint64_t from_ns)
{
    c->request = request;
    c->from_ns = from_ns;
    c->sent = c->n_in = c->head = c->answer = 0;
    send_more(c);
}

static void read_head(struct connection *c)
{
    c->in[c->n_in] = 0;
    const char *end = strstr(c->in, "\r\n\r\n");
    if (!end)
        return;
    c->head = (size_t)(end - c->in) + 4;
    const char *length = strcasestr(c->in, "\r\ncontent-length:");
    if (strncmp(c->in, "HTTP/1.1 ", 9) != 0 || !length || length > end) {
        errno = EPROTO;
        fail("the answer has no status or no length");
    }
    c->status = (int)strtol(c->in + 9, NULL, 10);
    c->answer = c->head + strtoul(length + 17, NULL, 10);
    if (c->answer > ANSWER_MAX) {
        errno = EMSGSIZE;
        fail("answer");
    }
}

bool connection_progress(struct connection *c)
{
    if (connection_is_sending(c))
        send_more(c);
    ssize_t n = recv(c->fd, c->in + c->n_in, ANSWER_MAX - c->n_in, 0);
    if (n == 0) {
        errno = ECONNRESET;
        fail("the server closed a connection");
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        fail("receive");
    c->n_in += n > 0 ? (size_t)n : 0;
    if (!c->head)
        read_head(c);
    return c->head && c->n_in >= c->answer;
}

bool connection_answer_has(const struct connection *c, const char *part)
{
    return memmem(c->in + c->head, c->answer - c->head, part, strlen(part)) != NULL;
}
