#include "recover_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void nap(unsigned ms)
{
    poll(NULL, 0, (int)ms);
}

static void read_request(struct peer *p, int fd)
{
    size_t n = 0;
    while (n < sizeof(p->request) - 1 && !p->stop) {
        ssize_t got = read(fd, p->request + n, sizeof(p->request) - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
        p->request[n] = 0;
        if (strstr(p->request, "\r\n\r\n"))
            break;
    }
}

static bool send_all(struct peer *p, int fd, const char *data, size_t len)
{
    while (len && !p->stop) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        len -= (size_t)sent;
    }
    return len == 0;
}

static void answer(struct peer *p, int fd)
{
    size_t len = strlen(p->answer);
    if (p->manner == PEER_DRIPS) {
        for (size_t i = 0; i < len && send_all(p, fd, p->answer + i, 1); i++)
            nap(50);
        return;
    }
    bool open = send_all(p, fd, p->answer, len);
    char last[4096];
    memset(last, p->answer[len ? len - 1 : 0], sizeof(last));
    while (p->manner == PEER_ENDLESS && open)
        open = send_all(p, fd, last, sizeof(last));
    while (p->manner == PEER_HANGS && !p->stop)
        nap(10);
}

static void *serve(void *arg)
{
    struct peer *p = arg;
    const struct timeval patience = {1, 0};
    while (!p->stop) {
        struct pollfd ready = {.fd = p->listener, .events = POLLIN};
        if (poll(&ready, 1, 20) <= 0)
            continue;
        int fd = accept(p->listener, NULL, NULL);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        read_request(p, fd);
        p->requests++;
        answer(p, fd);
        close(fd);
    }
    return NULL;
}

void peer_start(struct peer *p, const char *bytes, enum peer_manner manner)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    memset(p, 0, sizeof(*p));
    p->answer = bytes;
    p->manner = manner;
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(p->listener, (struct sockaddr *)&address, len) || listen(p->listener, 8) ||
        getsockname(p->listener, (struct sockaddr *)&address, &len) ||
        pthread_create(&p->thread, NULL, serve, p)) {
        perror("peer");
        abort();
    }
    p->port = ntohs(address.sin_port);
    snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%u", p->port);
}

void peer_stop(struct peer *p)
{
    p->stop = true;
    pthread_join(p->thread, NULL);
    close(p->listener);
}

char *peer_ok(const char *body)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    size_t size = sizeof(head) + strlen(body);
    char *text = malloc(size);
    snprintf(text, size, "%s%s", head, body);
    return text;
}
