/* A peer that answers as a test wants: any bytes, at any pace. One connection after another, on a thread of
 * its own. */
#ifndef RECOVER_PEER_H
#define RECOVER_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum peer_manner {
    PEER_CLOSES,  /* sends the answer and closes */
    PEER_HANGS,   /* sends it and keeps the connection */
    PEER_DRIPS,   /* sends it a byte every 50 ms */
    PEER_ENDLESS, /* sends its last byte again and again */
};

struct peer {
    int listener;
    unsigned port;
    char url[64];
    const char *answer; /* from the status line on */
    enum peer_manner manner;
    pthread_t thread;
    _Atomic bool stop;
    _Atomic unsigned requests;
    char request[4096]; /* the last one's head; read after peer_stop */
};

void peer_start(struct peer *, const char *bytes, enum peer_manner);
void peer_stop(struct peer *);
/* A status line, a JSON content type and the body, which ends with the connection. malloc'ed. */
char *peer_ok(const char *body);

#endif /* RECOVER_PEER_H */
