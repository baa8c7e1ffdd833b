/* The one table of counters: families with their help, and series with their labels. Add a row, get a metric.
 */
#ifndef BASE_METRICS_TABLE_H
#define BASE_METRICS_TABLE_H

/*    family               name (without the prefix kvindex_)   help */
#define KVX_FAMILIES(X)                                                                                      \
    X(BATCHES, "batches_total", "Event batches received, by where they came from")                           \
    X(BATCH_ERRORS, "batch_errors_total", "Batches or frames that could not be used, by reason")             \
    X(EVENTS, "events_total", "Engine events, by kind and outcome")                                          \
    X(BLOCKS, "event_blocks_total", "Blocks named by engine events, by what became of them")                 \
    X(SALTS, "salted_hashes_dropped_total", "Block hashes whose cache salt was forgotten at the limit")      \
    X(GAPS, "sequence_gaps_total", "Gaps seen in the sequence numbers of sources")                           \
    X(MISSING, "sequence_missing_total", "Batches that a source skipped and no replay has supplied")         \
    X(REPLAYS, "replays_total", "Replays asked of engines, by outcome")                                      \
    X(RESTARTS, "engine_restarts_total", "Engine restarts detected from sequence numbers or replayed bytes") \
    X(DUPLICATES, "duplicate_batches_total", "Batches skipped because they were applied already")            \
    X(STALE, "stale_batches_total", "Batches dropped because their worker had begun a newer generation")     \
    X(CONNECTIONS, "source_connections_total", "Connections to engines, by change")                          \
    X(REQUESTS_SHED, "requests_shed_total", "Requests refused without being looked at, by reason")

/*    series id               family        labels */
#define KVX_COUNTERS(X)                                                                   \
    X(BATCHES_LIVE, BATCHES, "origin=\"live\"")                                           \
    X(BATCHES_REPLAY, BATCHES, "origin=\"replay\"")                                       \
    X(FRAME_COUNT, BATCH_ERRORS, "reason=\"frame_count\"")                                \
    X(FRAME_SEQUENCE, BATCH_ERRORS, "reason=\"sequence_frame\"")                          \
    X(PAYLOAD_BROKEN, BATCH_ERRORS, "reason=\"broken_payload\"")                          \
    X(PAYLOAD_SHAPE, BATCH_ERRORS, "reason=\"not_a_batch\"")                              \
    X(PAYLOAD_MEMORY, BATCH_ERRORS, "reason=\"out_of_memory\"")                           \
    X(STORED_APPLIED, EVENTS, "event=\"stored\",outcome=\"applied\"")                     \
    X(RESIDED_APPLIED, EVENTS, "event=\"resided\",outcome=\"applied\"")                   \
    X(REMOVED_APPLIED, EVENTS, "event=\"removed\",outcome=\"applied\"")                   \
    X(CLEARED_APPLIED, EVENTS, "event=\"cleared\",outcome=\"applied\"")                   \
    X(EVENT_STALE, EVENTS, "event=\"any\",outcome=\"stale\"")                             \
    X(EVENT_NOMEM, EVENTS, "event=\"any\",outcome=\"out_of_memory\"")                     \
    X(EVENT_MALFORMED, EVENTS, "event=\"any\",outcome=\"malformed\"")                     \
    X(EVENT_UNKNOWN_TAG, EVENTS, "event=\"any\",outcome=\"unknown_tag\"")                 \
    X(EVENT_IGNORED, EVENTS, "event=\"any\",outcome=\"ignored\"")                         \
    X(EVENT_BAD_HASH, EVENTS, "event=\"any\",outcome=\"bad_hash\"")                       \
    X(EVENT_SELF_PARENT, EVENTS, "event=\"stored\",outcome=\"self_parent\"")              \
    X(EVENT_BLOCK_SIZE, EVENTS, "event=\"stored\",outcome=\"block_size_mismatch\"")       \
    X(EVENT_EXTRA_KEYS, EVENTS, "event=\"stored\",outcome=\"extra_keys_not_understood\"") \
    X(EVENT_MEDIUM, EVENTS, "event=\"any\",outcome=\"unknown_medium\"")                   \
    X(EVENT_NO_HASH, EVENTS, "event=\"any\",outcome=\"object_without_hash\"")             \
    X(EVENT_LIMIT, EVENTS, "event=\"any\",outcome=\"limit\"")                             \
    X(EVENT_SALT_AMBIGUOUS, EVENTS, "event=\"stored\",outcome=\"salt_ambiguous\"")        \
    X(EVENT_LOCALITY, EVENTS, "event=\"any\",outcome=\"not_local\"")                      \
    X(EVENT_GROUP, EVENTS, "event=\"any\",outcome=\"attention_group\"")                   \
    X(BLOCKS_ADDED, BLOCKS, "outcome=\"added\"")                                          \
    X(BLOCKS_KNOWN, BLOCKS, "outcome=\"known\"")                                          \
    X(BLOCKS_PENDING, BLOCKS, "outcome=\"pending\"")                                      \
    X(BLOCKS_RESOLVED, BLOCKS, "outcome=\"resolved\"")                                    \
    X(BLOCKS_DROPPED, BLOCKS, "outcome=\"pending_dropped\"")                              \
    X(BLOCKS_REMOVED, BLOCKS, "outcome=\"removed\"")                                      \
    X(BLOCKS_SEVERAL, BLOCKS, "outcome=\"removed_several_positions\"")                    \
    X(BLOCKS_UNKNOWN, BLOCKS, "outcome=\"removed_unknown\"")                              \
    X(BLOCKS_UNUSABLE, BLOCKS, "outcome=\"stored_without_usable_tokens\"")                \
    X(SALTS_DROPPED, SALTS, "")                                                           \
    X(GAPS_SEEN, GAPS, "")                                                                \
    X(GAPS_MISSING, MISSING, "")                                                          \
    X(REPLAY_STARTED, REPLAYS, "outcome=\"started\"")                                     \
    X(REPLAY_COMPLETE, REPLAYS, "outcome=\"complete\"")                                   \
    X(REPLAY_INCOMPLETE, REPLAYS, "outcome=\"incomplete\"")                               \
    X(REPLAY_TIMEOUT, REPLAYS, "outcome=\"timeout\"")                                     \
    X(RESTARTS_SEEN, RESTARTS, "")                                                        \
    X(DUPLICATES_SKIPPED, DUPLICATES, "")                                                 \
    X(STALE_BATCHES, STALE, "")                                                           \
    X(CONNECTED, CONNECTIONS, "change=\"connected\"")                                     \
    X(DISCONNECTED, CONNECTIONS, "change=\"disconnected\"")                               \
    X(SHED_INFLIGHT, REQUESTS_SHED, "reason=\"max_inflight\"")                            \
    X(SHED_DRAINING, REQUESTS_SHED, "reason=\"shutting_down\"")                           \
    X(SHED_RECOVERING, REQUESTS_SHED, "reason=\"recovering\"")

#endif /* BASE_METRICS_TABLE_H */
