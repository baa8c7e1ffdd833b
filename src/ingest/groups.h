/* What a source has learned about its engine's attention groups, and the rule for what that means.
 *
 * Engines with hybrid attention announce every block once per group, under one hash. Only the groups with
 * full attention say that a prefix can be reused. Stores name the kind, removals only the group, so the kind
 * is remembered per (rank, group). Bounded: beyond KVX_GROUPS_MAX entries nothing more is learned. Owned by
 * one thread at a time.
 */
#ifndef INGEST_GROUPS_H
#define INGEST_GROUPS_H

#include "ingest/decode.h"

enum { KVX_GROUPS_MAX = 4096 };

enum kvx_group_kind {
    KVX_GROUP_UNKNOWN, /* not said, or not learned */
    KVX_GROUP_FULL,    /* holds whole prefixes */
    KVX_GROUP_PARTIAL, /* sliding windows, recurrent states, and whatever else an engine names */
};

/* From kv_cache_spec_kind. */
enum kvx_group_kind kvx_group_kind_named(struct kvx_bytes name);

/* Remembers the kind. KVX_NOMEM; a full table is no error. */
int kvx_groups_learn(struct kvx_groups *, uint32_t rank, uint32_t group, enum kvx_group_kind) KVX_MUST_CHECK;
enum kvx_group_kind kvx_groups_kind(const struct kvx_groups *, uint32_t rank, uint32_t group);

#endif /* INGEST_GROUPS_H */
