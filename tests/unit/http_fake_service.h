/* A service of a few fixed answers, so that the REST engine is tested without index and sources. Link it
 * before the service library: its functions take the place of the real ones. */
#ifndef HTTP_FAKE_SERVICE_H
#define HTTP_FAKE_SERVICE_H

#include "service/service.h"

#include <stdatomic.h>

struct kvx_service {
    _Atomic int begin_code;    /* what kvx_service_begin answers */
    _Atomic int call_code;     /* what the next operations answer; 0: as below */
    _Atomic unsigned inflight; /* begun and not ended */
    _Atomic unsigned begun;
    _Atomic unsigned dumps_open;
    _Atomic unsigned delay_ms; /* of queries */
    _Atomic bool not_ready;
    _Atomic unsigned dump_events, dump_fail_at; /* events of 64 blocks; the event that fails, 0: none */
    /* what the last request said; queries run at once, the others one by one */
    struct kvx_register_args registered;
    char instance[300], endpoint[2000];
    struct kvx_unregister_args unregistered;
    _Atomic size_t n_tokens, n_hashes;
    _Atomic uint32_t last_token;
    _Atomic uint64_t first_hash;
};

struct kvx_caller {
    _Atomic bool busy; /* a caller must never serve two threads at once */
};

#endif /* HTTP_FAKE_SERVICE_H */
