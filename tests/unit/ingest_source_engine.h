/* An engine for tests: a PUB socket, and a ROUTER that replays what was published, with all the habits real
 * engines have. Blocks have 4 tokens; block i of family f always has the same tokens, hence the same local
 * hash. */
#ifndef INGEST_SOURCE_ENGINE_H
#define INGEST_SOURCE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENGINE_BLOCK_SIZE = 4, ENGINE_BATCHES_MAX = 4096 };

/* Of a replay: three or four frames; a marker with a payload. */
enum engine_layout { LAYOUT_OLD, LAYOUT_TOPIC, LAYOUT_ATOM };

struct engine_batch {
    uint64_t seq;
    void *payload;
    size_t len;
};

struct engine {
    char endpoint[96], replay_endpoint[96];
    void *context, *pub;
    bool has_router;
    /* messages a replay may have on their way before the rest is dropped; 0: no limit */
    _Atomic int router_hwm;
    pthread_t thread;
    _Atomic bool stopping;
    _Atomic unsigned requests;   /* replays asked for */
    _Atomic uint64_t last_start; /* the number the last one asked from */
    pthread_mutex_t lock;        /* guards what follows */
    enum engine_layout layout;
    bool silent, no_marker;
    unsigned lose_every; /* 0, or: of a replay, every n-th reply but the first is lost */
    struct engine_batch batches[ENGINE_BATCHES_MAX];
    size_t count;
    /* The next event's batch; the test's thread only. */
    uint64_t time_ms, naming; /* engine hashes differ by `naming` */
    int rank;                 /* -1: nil */
    bool off_air;             /* keep for the replay only: nobody hears it live */
};

/* `endpoint` NULL: any free TCP port. */
void engine_start(struct engine *, const char *endpoint, const char *replay_endpoint, bool with_replay);
/* The same on free TCP ports; its replays lose what is more than `router_hwm` messages ahead of the reader.
 */
void engine_start_lossy(struct engine *, int router_hwm);
void engine_stop(struct engine *);
/* A new life on the same sockets: nothing published yet. */
void engine_forget(struct engine *);

/* Batches with one event each. A store of blocks [first, first + n) hangs below block first - 1. */
void engine_store(struct engine *, uint64_t seq, uint64_t family, uint64_t first, size_t n);
void engine_remove(struct engine *, uint64_t seq, uint64_t family, uint64_t block);
void engine_clear(struct engine *, uint64_t seq);
void engine_empty(struct engine *, uint64_t seq); /* no events */
/* Any payload. */
void engine_publish(struct engine *, uint64_t seq, const void *payload, size_t len);
/* Any frames, live only. */
void engine_frames(struct engine *, size_t n, const void *const *data, const size_t *len);
/* The payload that engine_store publishes, malloced. */
void *engine_store_payload(struct engine *, uint64_t family, uint64_t first, size_t n, size_t *len);

void engine_local_hashes(uint64_t family, size_t n, uint64_t *out);

#endif /* INGEST_SOURCE_ENGINE_H */
