/* JSON for programs. */
#include "view.h"

/* Keys begin with the character that stands before them: `{` or `,`. */
static void json_text(struct kvx_buf *out, const char *key, const char *value)
{
    kvx_buf_text(out, key);
    kvx_buf_json(out, kvx_bytes_of(value));
}

static void json_u64(struct kvx_buf *out, const char *key, uint64_t value)
{
    kvx_buf_text(out, key);
    kvx_buf_u64(out, value);
}

static void json_bool(struct kvx_buf *out, const char *key, bool value)
{
    kvx_buf_text(out, key);
    kvx_buf_text(out, value ? "true" : "false");
}

/* `null` when there is none. */
static void json_maybe_u64(struct kvx_buf *out, const char *key, bool present, uint64_t value)
{
    kvx_buf_text(out, key);
    if (present)
        kvx_buf_u64(out, value);
    else
        kvx_buf_text(out, "null");
}

static void json_tiers(struct kvx_buf *out, const char *key, const struct kvindex_tier_blocks *t)
{
    kvx_buf_text(out, key);
    json_u64(out, "{\"device\":", t->device);
    json_u64(out, ",\"host\":", t->host);
    json_u64(out, ",\"disk\":", t->disk);
    json_u64(out, ",\"external\":", t->external);
    kvx_buf_char(out, '}');
}

/* Without the bracket before it and the one behind. */
static void json_partition(struct kvx_buf *out, const struct kvindex_partition *p)
{
    json_text(out, "\"model\":", p->model);
    json_text(out, ",\"tenant\":", p->tenant);
    json_text(out, ",\"additional_salt\":", p->additional_salt);
    json_u64(out, ",\"block_size_tokens\":", p->block_size_tokens);
}

static void json_worker(struct kvx_buf *out, const struct kvindex_worker *w)
{
    const struct kvindex_tier_blocks held = {w->device_blocks, w->host_blocks, w->disk_blocks,
                                             w->external_blocks};
    json_text(out, "{\"instance_id\":", w->instance_id);
    json_u64(out, ",\"dp_rank\":", w->dp_rank);
    json_text(out, ",\"endpoint\":", w->endpoint);
    json_text(out, ",\"replay_endpoint\":", w->replay_endpoint);
    json_bool(out, ",\"learned\":", w->learned);
    json_text(out, ",\"state\":", kvindex_state_name(w->state));
    json_text(out, ",\"reason\":", kvindex_reason_name(w->reason));
    json_u64(out, ",\"since_unix_ms\":", w->since_unix_ms);
    json_maybe_u64(out, ",\"last_sequence\":", w->has_sequence, w->last_sequence);
    json_u64(out, ",\"missing_batches\":", w->missing_batches);
    json_u64(out, ",\"applied_batches\":", w->applied_batches);
    json_u64(out, ",\"restarts\":", w->restarts);
    json_u64(out, ",\"last_event_unix_ms\":", w->last_event_unix_ms);
    json_u64(out, ",\"block_size_tokens\":", w->block_size_tokens);
    json_text(out, ",\"model\":", w->model);
    json_text(out, ",\"tenant\":", w->tenant);
    json_tiers(out, ",\"held_blocks\":", &held);
    json_text(out, ",\"additional_salt\":", w->additional_salt);
    json_text(out, ",\"lora_name\":", w->lora_name);
    json_text(out, ",\"kind\":", kvindex_kind_name(w->kind));
    kvx_buf_char(out, '}');
}

void ctl_json_workers(struct kvx_buf *out, const struct kvindex_workers *workers)
{
    kvx_buf_char(out, '[');
    for (size_t i = 0; i < workers->n; i++) {
        if (i)
            kvx_buf_char(out, ',');
        json_worker(out, &workers->items[i]);
    }
    kvx_buf_text(out, "]\n");
}

/* ---- Partitions and peers ---- */

void ctl_json_partitions(struct kvx_buf *out, const struct kvindex_partitions *partitions)
{
    kvx_buf_char(out, '[');
    for (size_t i = 0; i < partitions->n; i++) {
        const struct kvindex_partition_status *p = &partitions->items[i];
        kvx_buf_text(out, i ? ",{" : "{");
        json_partition(out, &p->partition);
        json_u64(out, ",\"workers\":", p->workers);
        json_u64(out, ",\"pools\":", p->pools);
        json_tiers(out, ",\"held_blocks\":", &p->held_blocks);
        json_tiers(out, ",\"pool_blocks\":", &p->pool_blocks);
        json_u64(out, ",\"positions\":", p->positions);
        json_u64(out, ",\"memory_bytes\":", p->memory_bytes);
        kvx_buf_char(out, '}');
    }
    kvx_buf_text(out, "]\n");
}

void ctl_json_peers(struct kvx_buf *out, const struct kvindex_peers *peers)
{
    kvx_buf_char(out, '[');
    for (size_t i = 0; i < peers->n; i++)
        json_text(out, i ? "," : "", peers->urls[i]);
    kvx_buf_text(out, "]\n");
}

/* ---- Queries, health, dump ---- */

void ctl_json_result(struct kvx_buf *out, const struct kvindex_result *result)
{
    json_u64(out, "{\"asked_blocks\":", result->asked_blocks);
    json_u64(out, ",\"block_size_tokens\":", result->block_size_tokens);
    kvx_buf_text(out, ",\"hits\":[");
    for (size_t i = 0; i < result->n; i++) {
        const struct kvindex_hit *h = &result->hits[i];
        json_text(out, i ? ",{\"instance_id\":" : "{\"instance_id\":", h->instance_id);
        json_u64(out, ",\"dp_rank\":", h->dp_rank);
        json_u64(out, ",\"device_blocks\":", h->device_blocks);
        json_u64(out, ",\"through_host_blocks\":", h->through_host_blocks);
        json_u64(out, ",\"through_disk_blocks\":", h->through_disk_blocks);
        json_u64(out, ",\"through_external_blocks\":", h->through_external_blocks);
        json_u64(out, ",\"total_blocks\":", h->total_blocks);
        json_text(out, ",\"state\":", kvindex_state_name(h->state));
        kvx_buf_char(out, '}');
    }
    kvx_buf_text(out, "]}\n");
}

void ctl_json_health(struct kvx_buf *out, const struct kvindex_health *h)
{
    json_bool(out, "{\"ready\":", h->ready);
    json_bool(out, ",\"draining\":", h->draining);
    kvx_buf_text(out, ",\"reasons\":[");
    for (size_t i = 0; i < h->n_reasons; i++)
        json_text(out, i ? "," : "", h->reasons[i]);
    json_u64(out, "],\"workers\":", h->workers);
    kvx_buf_text(out, ",\"workers_by_state\":{");
    for (size_t i = 0; i < h->n_states; i++) {
        json_text(out, i ? "," : "", kvindex_state_name(h->states[i].state));
        json_u64(out, ":", h->states[i].workers);
    }
    kvx_buf_text(out, "}}\n");
}

static void json_hashes(struct kvx_buf *out, const char *key, const uint64_t *hashes, size_t n)
{
    kvx_buf_text(out, key);
    kvx_buf_char(out, '[');
    for (size_t i = 0; i < n; i++)
        json_u64(out, i ? "," : "", hashes[i]);
    kvx_buf_char(out, ']');
}

void ctl_json_stored(struct kvx_buf *out, const struct kvindex_stored *s)
{
    json_u64(out, "{\"event_id\":", s->event_id);
    json_text(out, ",\"instance_id\":", s->instance_id);
    json_u64(out, ",\"dp_rank\":", s->dp_rank);
    json_text(out, ",\"tier\":", kvindex_tier_name(s->tier));
    json_maybe_u64(out, ",\"parent_engine_hash\":", s->has_parent, s->parent_engine_hash);
    json_hashes(out, ",\"local_hashes\":", s->local_hashes, s->n);
    json_hashes(out, ",\"engine_hashes\":", s->engine_hashes, s->n);
    kvx_buf_char(out, ',');
    json_partition(out, &s->partition);
    kvx_buf_text(out, "}\n");
}
