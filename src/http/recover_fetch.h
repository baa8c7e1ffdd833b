/* One HTTP GET whose body is handed over while it arrives, with bounds on everything. Blocks; one thread. */
#ifndef RECOVER_FETCH_H
#define RECOVER_FETCH_H

#include "base/bytes.h"
#include "base/err.h"

struct kvx_fetch {
    const char *url;
    uint64_t timeout_ns; /* for all of it */
    uint64_t bytes_max;  /* of the body */
    /* Takes a piece of the body; a negative result ends the transfer with that code. */
    int (*take)(void *user, struct kvx_bytes, struct kvx_error *);
    /* Asked at least every 50 ms, and before each piece: true ends the transfer with KVX_CANCELLED. */
    bool (*stop)(void *user);
    void *user;
};

/* 0: a 200 whose body has come whole, as far as HTTP can tell. KVX_UNAVAILABLE: no connection, another
 * status, too slow, cut short; KVX_TOO_LARGE, KVX_CANCELLED, KVX_NOMEM, or what `take` returned. Redirects
 * are not followed, proxies and credentials not used, compression not accepted. */
int kvx_fetch(const struct kvx_fetch *, struct kvx_error *) KVX_MUST_CHECK;

#endif /* RECOVER_FETCH_H */
