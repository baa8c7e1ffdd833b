#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int open_one(const struct addrinfo *address)
{
    const int yes = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int bound_port(int fd, uint16_t *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t len = sizeof(address);
    memset(&address, 0, sizeof(address));
    if (getsockname(fd, &address.any, &len) < 0)
        return -1;
    *port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    return 0;
}

int listen_open(const char *bind_address, uint16_t *port, int *fd, struct kvx_error *e)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list;
    char service[8];
    int s = -1;
    snprintf(service, sizeof(service), "%u", *port);
    int code = getaddrinfo(bind_address, service, &hints, &list);
    if (code)
        return kvx_fail(e, KVX_INVALID, "cannot listen on %s: %s", bind_address, gai_strerror(code));
    for (const struct addrinfo *a = list; a && s < 0; a = a->ai_next)
        s = open_one(a);
    freeaddrinfo(list);
    if (s < 0 || bound_port(s, port) < 0) {
        int saved = errno;
        if (s >= 0)
            close(s);
        return kvx_fail(e, KVX_UNAVAILABLE, "cannot listen on %s port %s: %s", bind_address, service,
                        strerror(saved));
    }
    *fd = s;
    return 0;
}
