#include "http_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int client_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct timeval limit = {20, 0};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return fd;
}

void client_send(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the server may close early: what it answered counts */
        p += n;
        len -= (size_t)n;
    }
}

void client_text(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

static bool read_exactly(int fd, char *out, size_t len)
{
    while (len) {
        ssize_t n = recv(fd, out, len, 0);
        if (n <= 0)
            return false;
        out += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_line(int fd, char *out, size_t size)
{
    for (size_t n = 0; n + 1 < size; n++) {
        if (!read_exactly(fd, out + n, 1))
            return false;
        out[n + 1] = 0;
        if (out[n] == '\n')
            return true;
    }
    return false;
}

static bool read_piece(int fd, struct answer *a, size_t len)
{
    a->body = realloc(a->body, a->len + len + 1);
    if (!read_exactly(fd, a->body + a->len, len))
        return false;
    a->len += len;
    a->body[a->len] = 0;
    return true;
}

static bool read_chunks(int fd, struct answer *a)
{
    char line[64];
    for (;;) {
        if (!read_line(fd, line, sizeof(line)))
            return false;
        size_t len = strtoul(line, NULL, 16);
        if (len && !read_piece(fd, a, len))
            return false;
        if (!read_line(fd, line, sizeof(line)))
            return false;
        if (!len)
            return true;
    }
}

struct answer client_read(int fd, bool head_only)
{
    struct answer a = {0};
    char line[1024];
    size_t used = 0;
    while (read_line(fd, line, sizeof(line))) {
        if (strcmp(line, "\r\n") == 0) {
            a.status = strncmp(a.head, "HTTP/1.1 ", 9) == 0 ? (int)strtol(a.head + 9, NULL, 10) : 0;
            break;
        }
        used += (size_t)snprintf(a.head + used, sizeof(a.head) - used, "%s", line);
    }
    if (!a.status)
        return a;
    if (a.status == 100)
        return client_read(fd, head_only);
    a.body = calloc(1, 1);
    const char *length = answer_field(&a, "Content-Length");
    bool ok = head_only || (length ? read_piece(fd, &a, strtoul(length, NULL, 10)) : read_chunks(fd, &a));
    if (!ok)
        a.status = -1;
    return a;
}

void answer_free(struct answer *a)
{
    free(a->body);
    a->body = NULL;
}

const char *answer_field(const struct answer *a, const char *name)
{
    static _Thread_local char value[256];
    size_t len = strlen(name);
    for (const char *p = a->head; (p = strchr(p, '\n')) != NULL;) {
        p++;
        if (strncasecmp(p, name, len) == 0 && p[len] == ':') {
            sscanf(p + len + 1, " %255[^\r\n]", value);
            return value;
        }
    }
    return NULL;
}

bool client_closed(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;
    return poll(&p, 1, ms) > 0 && recv(fd, &byte, 1, 0) <= 0;
}

struct answer client_ask(uint16_t port, const char *path, const char *body, const char *type)
{
    char head[512];
    int fd = client_connect(port);
    int n = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: x\r\n", body ? "POST" : "GET", path);
    if (body && type)
        n += snprintf(head + n, sizeof(head) - (size_t)n, "Content-Type: %s\r\n", type);
    if (body)
        n += snprintf(head + n, sizeof(head) - (size_t)n, "Content-Length: %zu\r\n", strlen(body));
    snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
    client_text(fd, head);
    if (body)
        client_text(fd, body);
    struct answer a = client_read(fd, false);
    close(fd);
    return a;
}
