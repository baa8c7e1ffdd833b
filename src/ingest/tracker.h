/* The state machine of one source: what to do with each numbered batch, and how far the source can be
 * trusted.
 *
 * Pure: no socket, no clock, no allocation, no lock. Whoever drives it owns it, in one thread, passes the
 * time in, and carries out the verdicts. Sequence numbers are those of the engine; `expected` is the next one
 * to apply.
 *
 * A live batch passes twice: `kvx_tracker_read` when it leaves the socket (is it a restart? a repetition?
 * nonsense?) and `kvx_tracker_next` when it stands at the head of the queue (apply, skip, or wait for a
 * replay). A replay is a series of *rounds*, each one request on a fresh connection, because engines lose
 * replayed batches beyond their send queue; it goes on from the first hole until nothing is missing or a
 * round brings nothing new.
 *
 * After a reconnect the replay begins at the last applied batch itself. If the engine now has other bytes
 * under that number, or only newer batches with an older time, or only smaller numbers, it was restarted in
 * between.
 */
#ifndef INGEST_TRACKER_H
#define INGEST_TRACKER_H

#include "service/source.h"

#include <stdbool.h>
#include <stdint.h>

/* The number that engines use as the end marker of a replay; never a batch. */
#define KVX_SEQUENCE_END UINT64_MAX

/* One numbered batch, as the tracker sees it. */
struct kvx_track_batch {
    uint64_t seq;
    uint64_t digest; /* of the payload bytes */
};

/* What is known of a batch's time. */
struct kvx_track_time {
    bool known;
    uint64_t ms; /* since 1970 */
};

enum kvx_track_action {
    KVX_TRACK_APPLY,     /* apply it, then call kvx_tracker_applied */
    KVX_TRACK_QUEUE,     /* read only: put it behind the other live batches */
    KVX_TRACK_WAIT,      /* next only: leave it at the head until the replay has ended */
    KVX_TRACK_SKIP,      /* it was applied already */
    KVX_TRACK_MALFORMED, /* no engine can have sent this number: drop it */
    KVX_TRACK_NOTHING,   /* for inputs that bring no batch */
};

/* Carried out in this order: end_replay, restart, ask, then the action. */
struct kvx_track_verdict {
    enum kvx_track_action action;
    bool end_replay; /* close the replay connection */
    bool complete;   /* with end_replay: nothing is missing any more */
    bool restart;    /* the engine is new: empty the queue, begin a new generation of its workers */
    bool ask;        /* close the replay connection if one is open, and ask for everything from `ask_from` */
    bool gap;        /* a gap was seen just now */
    uint64_t ask_from;
    uint64_t missing; /* batches given up just now */
};

/* How a round of a replay ended. */
enum kvx_round_end {
    KVX_ROUND_MARKED,   /* by the end marker */
    KVX_ROUND_SILENT,   /* nothing came for too long */
    KVX_ROUND_DEADLINE, /* the whole replay takes too long */
    KVX_ROUND_FAILED,   /* no connection could be made */
};

/* All fields private to tracker.c; tests read them. */
struct kvx_tracker {
    bool has_replay;
    bool from_one; /* the first number may be 1 */
    uint64_t max_jump;
    uint64_t stale_after_ns;

    /* What was applied in the current life of the engine. */
    bool has_applied;
    uint64_t applied; /* highest number applied */
    uint64_t applied_digest;
    struct kvx_track_time applied_time;

    /* The last number that left the SUB socket in this life. Kept over reconnects: publishers never send
     * twice. */
    bool has_live;
    uint64_t live;
    uint64_t live_digest;

    bool connected, ever_connected, stale;
    uint64_t lost_ns; /* when the connection was lost */

    bool replaying;
    enum {
        KVX_CONFIRM_NONE,
        KVX_CONFIRM_LAST,
        KVX_CONFIRM_SEARCH
    } confirm;        /* see above; SEARCH asks from 0 */
    bool found_older; /* SEARCH: the engine holds batches, all older than `applied` */
    bool round_begun; /* this round has brought a batch that was expected, or a later one */
    bool progress;    /* this round has brought a batch that was applied */
    bool from_start;  /* the replay began with nothing applied, at 0 */
    bool synced;      /* a replay, or batch 0, has shown the start of the stream */

    bool waiting;  /* a live batch, or a known hole, waits for the replay ... */
    uint64_t head; /* ... with this number */
    bool gave_up;  /* the replay could not fill the gap before `head` */
    bool backlog;  /* live batches were dropped since the queue was last empty */

    unsigned reasons; /* 1 << enum kvx_source_reason */
    bool unconfirmed; /* a replay after a reconnect failed, so something may be missing; the next number will
                         tell */
    uint64_t missing;
};

void kvx_tracker_init(struct kvx_tracker *, bool has_replay, uint64_t max_jump, uint64_t stale_after_ns);

/* Of a source whose stream may begin at 1 as well as at 0: storage pools count so. */
void kvx_tracker_may_begin_at_one(struct kvx_tracker *);

/* ---- The connection. ---- */

struct kvx_track_verdict kvx_tracker_connected(struct kvx_tracker *);
void kvx_tracker_disconnected(struct kvx_tracker *, uint64_t now_ns);
void kvx_tracker_tick(struct kvx_tracker *, uint64_t now_ns);
uint64_t kvx_tracker_deadline(const struct kvx_tracker *); /* when to tick next; 0: not needed */

/* ---- Live batches. ---- */

/* A numbered batch has left the socket. QUEUE, SKIP or MALFORMED. */
struct kvx_track_verdict kvx_tracker_read(struct kvx_tracker *, struct kvx_track_batch);
/* It did not fit into the queue and was dropped. */
void kvx_tracker_overflow(struct kvx_tracker *);
/* The batch at the head of the queue. APPLY, SKIP or WAIT. */
struct kvx_track_verdict kvx_tracker_next(struct kvx_tracker *, struct kvx_track_batch);
/* The queue is empty: finds out whether the last batches read were dropped. NOTHING. */
struct kvx_track_verdict kvx_tracker_drained(struct kvx_tracker *);
/* A batch without a number: always applied. */
void kvx_tracker_unsequenced(struct kvx_tracker *);

/* ---- Replayed batches. ---- */

/* True if kvx_tracker_reply must know the time of batch `seq` to judge it. */
bool kvx_tracker_wants_time(const struct kvx_tracker *, uint64_t seq);
/* APPLY, SKIP or MALFORMED. */
struct kvx_track_verdict kvx_tracker_reply(struct kvx_tracker *, struct kvx_track_batch,
                                           struct kvx_track_time);
struct kvx_track_verdict kvx_tracker_round_over(struct kvx_tracker *, enum kvx_round_end);

/* ---- What became of the batches. ---- */

/* The batch was handed to the index (or could not be decoded: its number is used up all the same). */
void kvx_tracker_applied(struct kvx_tracker *, struct kvx_track_batch, struct kvx_track_time);
/* Something of a batch was lost. */
void kvx_tracker_lost(struct kvx_tracker *, enum kvx_source_reason);
/* The engine holds nothing any more, so nothing is missing. */
void kvx_tracker_cleared(struct kvx_tracker *);
/* Another source of the same worker saw its engine restart and emptied it. */
struct kvx_track_verdict kvx_tracker_emptied(struct kvx_tracker *);

enum kvx_source_state kvx_tracker_state(const struct kvx_tracker *);
enum kvx_source_reason kvx_tracker_reason(const struct kvx_tracker *); /* NONE unless DEGRADED */
/* Every first replay that can be had has ended. */
bool kvx_tracker_first_sync_done(const struct kvx_tracker *);

#endif /* INGEST_TRACKER_H */
