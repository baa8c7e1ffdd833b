/* Answers as text: tables for people, JSON for programs. Pure: from structs to a buffer.
 *
 * The keys of the JSON are part of the interface (see the manual page): they may grow in number and never
 * change. */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include "base/buf.h"
#include "kvindex/client.h"

/* `now_unix_ms` is what ages are measured against. All append to `out`, which is failed when memory is out.
 */
void ctl_view_workers(struct kvx_buf *out, const struct kvindex_workers *, uint64_t now_unix_ms);
void ctl_json_workers(struct kvx_buf *out, const struct kvindex_workers *);

void ctl_view_partitions(struct kvx_buf *out, const struct kvindex_partitions *);
void ctl_json_partitions(struct kvx_buf *out, const struct kvindex_partitions *);

void ctl_view_peers(struct kvx_buf *out, const struct kvindex_peers *);
void ctl_json_peers(struct kvx_buf *out, const struct kvindex_peers *);

/* The table has the best first. */
void ctl_view_result(struct kvx_buf *out, const struct kvindex_result *);
void ctl_json_result(struct kvx_buf *out, const struct kvindex_result *);

void ctl_view_health(struct kvx_buf *out, const struct kvindex_health *);
void ctl_json_health(struct kvx_buf *out, const struct kvindex_health *);

void ctl_json_stored(struct kvx_buf *out, const struct kvindex_stored *); /* one line */

/* "850ms", "12s", "3m", "2h" or "5d"; "-" for times that are not known or lie in the future. */
void ctl_age(char out[24], uint64_t then_unix_ms, uint64_t now_unix_ms);

#endif /* CTL_VIEW_H */
