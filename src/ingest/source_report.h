/* What a source tells the world: its status words and its lines in the log, rate-limited. The source's thread
 * only. */
#ifndef INGEST_SOURCE_REPORT_H
#define INGEST_SOURCE_REPORT_H

#include "source.h"

/* Writes the feed's status; logs when the state has changed. */
void kvx_report_status(struct kvx_source *);

void kvx_report_link(struct kvx_source *, bool up); /* its connection */
void kvx_report_restart(struct kvx_source *);
void kvx_report_gap(struct kvx_source *, const struct kvx_track_verdict *);
void kvx_report_replay(struct kvx_source *, bool complete);
void kvx_report_backlog(struct kvx_source *);
void kvx_report_block_size(struct kvx_source *, uint32_t theirs); /* once a source */
/* A message was dropped for its sequence frame: impossible number `seq`, or not a number at all. */
void kvx_report_frame(struct kvx_source *, bool is_number, uint64_t seq);
void kvx_report_failure(struct kvx_source *, const char *what, const struct kvx_error *);

#endif /* INGEST_SOURCE_REPORT_H */
