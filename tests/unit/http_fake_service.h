/* A service of a few fixed answers, so that the REST engine is tested without index and sources. Link it
 * before the service library: its functions take the place of the real ones. */
#ifndef HTTP_FAKE_SERVICE_H
#define HTTP_FAKE_SERVICE_H

#include "service/service.h"

#include <stdatomic.h>

enum { FAKE_TEXTS_MAX = 8192 };

/* What the last request said, its texts copied. Of operations that run one by one. */
struct fake_record {
    struct kvx_register_args registered;
    struct kvx_unregister_args unregistered;
    struct kvx_query_args query;
    struct kvx_partition_choice listed, dumped;
    struct kvx_candidate candidates[8]; /* the first ones of the query */
    uint64_t hashes[8];                 /* the same */
    char instance[300], url[1100];
    char texts[FAKE_TEXTS_MAX]; /* where the copies are */
    size_t used;
};

struct kvx_service {
    _Atomic int begin_code;    /* what kvx_service_begin answers */
    _Atomic int call_code;     /* what the next operations answer; 0: as below */
    _Atomic unsigned inflight; /* begun and not ended */
    _Atomic unsigned begun;
    _Atomic unsigned dumps_open;
    _Atomic unsigned delay_ms; /* of queries */
    _Atomic bool not_ready;
    _Atomic bool no_hits;
    _Atomic bool record_queries;                /* only when no two run at once */
    _Atomic unsigned dump_events, dump_fail_at; /* events of 64 blocks; the event that fails, 0: none */
    _Atomic bool dump_partitions;               /* several, of which some share their names */
    struct fake_record last;
    _Atomic size_t n_tokens, n_hashes;
    _Atomic uint32_t last_token;
    _Atomic uint64_t first_hash;
};

struct kvx_caller {
    _Atomic bool busy; /* a caller must never serve two threads at once */
};

#endif /* HTTP_FAKE_SERVICE_H */
