#include "recover_dump.h"

#include "recover_event.h"
#include "recover_partition.h"
#include "recover_scan.h"

#include <inttypes.h>

/* What comes next in the stream. */
enum place {
    AT_START,
    AT_FIRST_PARTITION, /* or the end of the object */
    AT_PARTITION,       /* its key */
    AT_PARTITION_COLON,
    AT_PARTITION_VALUE,
    AT_PARTITION_END,
    AT_FIRST_MEMBER,
    AT_MEMBER,
    AT_MEMBER_COLON,
    AT_MEMBER_VALUE,
    AT_MEMBER_END,
    AT_FIRST_EVENT,
    AT_EVENT,
    AT_EVENT_END,
    AT_DONE,
};

struct kvx_dump_reader {
    struct kvx_dump_reader_config config;
    struct kvx_value_scan scan;
    struct kvx_peer_event_reader events;
    struct kvx_dump_counts counts;
    enum place place;
    bool scanning;     /* inside a value */
    bool plain;        /* an array of events */
    uint64_t value_at; /* where the value began, in bytes from the dump's start */
    struct kvx_dump_partition partition;
};

int kvx_dump_reader_new(struct kvx_dump_reader **out, const struct kvx_dump_reader_config *config)
{
    struct kvx_dump_reader *r = kvx_alloc_zeroed(config->allocator, sizeof(*r));
    if (!r)
        return KVX_NOMEM;
    r->config = *config;
    kvx_value_scan_init(&r->scan, config->allocator, config->value_bytes_max);
    kvx_peer_event_reader_init(&r->events, config->allocator, config->value_bytes_max);
    kvx_dump_partition_init(&r->partition, config->allocator, config->value_bytes_max);
    *out = r;
    return 0;
}

void kvx_dump_reader_free(struct kvx_dump_reader *r)
{
    if (!r)
        return;
    kvx_value_scan_free(&r->scan);
    kvx_peer_event_reader_free(&r->events);
    kvx_dump_partition_free(&r->partition);
    kvx_dealloc(r->config.allocator, r, sizeof(*r));
}

const struct kvx_dump_counts *kvx_dump_reader_counts(const struct kvx_dump_reader *r)
{
    return &r->counts;
}

/* ---- Events ---- */

static int store_event(struct kvx_dump_reader *r, const struct kvx_peer_event *event, struct kvx_error *e)
{
    r->counts.events++;
    r->counts.other_events += event->kind == KVX_PEER_OTHER;
    r->counts.foreign_events += event->kind == KVX_PEER_FOREIGN;
    if (event->kind != KVX_PEER_STORED || !event->n)
        return 0;
    if (!r->plain && !r->partition.usable) {
        r->counts.nameless_blocks += event->n;
        return 0;
    }
    const struct kvx_recovered_run run = {
        .partition = r->plain ? r->config.plain : r->partition.choice,
        .instance = event->instance,
        .dp_rank = event->dp_rank,
        .tier = event->tier,
        .has_parent = event->has_parent,
        .parent = event->parent,
        .n = event->n,
        .local = event->local,
        .engine = event->engine,
    };
    return r->config.store(r->config.user, &run, e);
}

static int read_event(struct kvx_dump_reader *r, struct kvx_json_cursor *c)
{
    struct kvx_peer_event event;
    int status = kvx_peer_event_read(&r->events, c, &event);
    return status ? status : store_event(r, &event, c->error);
}

static int take_event(struct kvx_dump_reader *r, struct kvx_bytes text, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    if (r->plain && !r->config.plain.block_size)
        return kvx_fail(e, KVX_INVALID,
                        "the dump is an array without partitions, and no block size is known for it");
    kvx_json_begin(&c, text, e);
    int status = read_event(r, &c);
    return status ? status : kvx_json_finish(&c);
}

/* The events that came before the partition's block size. */
static int take_kept_events(struct kvx_dump_reader *r, struct kvx_error *e)
{
    struct kvx_json_cursor c;
    kvx_json_begin(&c, r->partition.kept_events, e);
    if (!kvx_json_take(&c, '['))
        return kvx_fail(e, KVX_INVALID, "`events`: expected an array, not %s", kvx_json_next_name(&c));
    for (bool first = true; !kvx_json_take(&c, ']'); first = false) {
        if (!first && !kvx_json_take(&c, ','))
            return kvx_json_syntax(&c, "expected `,` or `]`");
        int status = read_event(r, &c);
        if (status)
            return status;
    }
    return kvx_json_finish(&c);
}

/* ---- Partitions ---- */

static int end_partition(struct kvx_dump_reader *r, struct kvx_error *e)
{
    bool kept;
    int status = kvx_dump_partition_end(&r->partition, &kept, e);
    return status || !kept ? status : take_kept_events(r, e);
}

/* A value is complete. */
static int take_value(struct kvx_dump_reader *r, struct kvx_bytes text, struct kvx_error *e)
{
    switch (r->place) {
    case AT_EVENT:
        r->place = AT_EVENT_END;
        return take_event(r, text, e);
    case AT_PARTITION:
        r->place = AT_PARTITION_COLON;
        r->counts.partitions++;
        return kvx_dump_partition_begin(&r->partition, text, e);
    case AT_MEMBER:
        r->place = AT_MEMBER_COLON;
        return kvx_dump_partition_member(&r->partition, text, e);
    default:
        r->place = AT_MEMBER_END;
        return kvx_dump_partition_value(&r->partition, text, e);
    }
}

/* ---- The stream ---- */

static int expected(const char *what, struct kvx_error *e)
{
    return kvx_fail(e, KVX_INVALID, "not valid JSON: expected %s", what);
}

/* Moves on when `ch` is the mark that goes on or the one that ends; else KVX_INVALID. */
static int after(struct kvx_dump_reader *r, char ch, enum place on, char end, enum place ended,
                 struct kvx_error *e)
{
    if (ch == ',')
        r->place = on;
    else if (ch == end)
        r->place = ended;
    else
        return expected(end == ']' ? "`,` or `]`" : "`,` or `}`", e);
    return 0;
}

static int start(struct kvx_dump_reader *r, char ch, struct kvx_error *e)
{
    if (ch != '[' && ch != '{')
        return expected("an array of events or an object of partitions", e);
    r->plain = ch == '[';
    r->place = r->plain ? AT_FIRST_EVENT : AT_FIRST_PARTITION;
    return 0;
}

/* Behind an opening brace. As `mark`. */
static int first_key(struct kvx_dump_reader *r, char ch, struct kvx_error *e)
{
    bool member = r->place == AT_FIRST_MEMBER;
    if (ch == '}') {
        r->place = member ? AT_PARTITION_END : AT_DONE;
        return member ? end_partition(r, e) : 0;
    }
    r->place = member ? AT_MEMBER : AT_PARTITION;
    return ch == '"' ? 1 : expected("a key or `}`", e);
}

/* As `mark`. */
static int member_value(struct kvx_dump_reader *r, char ch, struct kvx_error *e)
{
    if (ch != '[' || !kvx_dump_partition_streams(&r->partition))
        return 1;
    r->place = AT_FIRST_EVENT;
    return kvx_dump_partition_settle(&r->partition, e);
}

/* 1: `ch` belongs to a value that begins here. Else it was taken, or is wrong. */
static int mark(struct kvx_dump_reader *r, char ch, struct kvx_error *e)
{
    switch (r->place) {
    case AT_START:
        return start(r, ch, e);
    case AT_FIRST_PARTITION:
    case AT_FIRST_MEMBER:
        return first_key(r, ch, e);
    case AT_PARTITION:
    case AT_MEMBER:
        return ch == '"' ? 1 : expected("a key", e);
    case AT_PARTITION_COLON:
    case AT_MEMBER_COLON:
        r->place = r->place == AT_MEMBER_COLON ? AT_MEMBER_VALUE : AT_PARTITION_VALUE;
        return ch == ':' ? 0 : expected("`:`", e);
    case AT_PARTITION_VALUE:
        r->place = AT_FIRST_MEMBER;
        return ch == '{' ? 0 : kvx_fail(e, KVX_INVALID, "a partition must be an object with a block size");
    case AT_PARTITION_END:
        return after(r, ch, AT_PARTITION, '}', AT_DONE, e);
    case AT_MEMBER_VALUE:
        return member_value(r, ch, e);
    case AT_MEMBER_END: {
        int status = after(r, ch, AT_MEMBER, '}', AT_PARTITION_END, e);
        return status || r->place == AT_MEMBER ? status : end_partition(r, e);
    }
    case AT_FIRST_EVENT:
        if (ch == ']') {
            r->place = r->plain ? AT_DONE : AT_MEMBER_END;
            return 0;
        }
        r->place = AT_EVENT;
        return 1;
    case AT_EVENT:
        return 1;
    case AT_EVENT_END:
        return after(r, ch, AT_EVENT, ']', r->plain ? AT_DONE : AT_MEMBER_END, e);
    default:
        return expected("the end", e);
    }
}

static bool is_space(char ch)
{
    return ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t';
}

/* One step from *p on: through a value as far as the chunk goes, or over one byte between values. */
static int step(struct kvx_dump_reader *r, const char **p, const char *end, struct kvx_error *e)
{
    struct kvx_bytes text = {0};
    int status;
    if (!r->scanning) {
        if (is_space(**p)) {
            ++*p;
            return 0;
        }
        if ((status = mark(r, **p, e)) <= 0) {
            *p += status == 0;
            return status;
        }
        r->scanning = true;
        kvx_value_scan_begin(&r->scan, **p);
    }
    status = kvx_value_scan_pass(&r->scan, p, end, &text, e);
    if (status <= 0)
        return status;
    r->scanning = false;
    return take_value(r, text, e);
}

int kvx_dump_reader_feed(struct kvx_dump_reader *r, struct kvx_bytes chunk, struct kvx_error *e)
{
    const char *p = chunk.data, *end = p + chunk.len;
    while (p < end) {
        struct kvx_error why = {0};
        if (!r->scanning)
            r->value_at = r->counts.bytes + (uint64_t)(p - chunk.data);
        int status = step(r, &p, end, &why);
        if (status < 0)
            return kvx_fail(e, status, "the dump, at byte %" PRIu64 ": %s", r->value_at, why.text);
    }
    r->counts.bytes += chunk.len;
    return 0;
}

int kvx_dump_reader_finish(struct kvx_dump_reader *r, struct kvx_error *e)
{
    if (r->place == AT_DONE)
        return 0;
    return kvx_fail(e, KVX_INVALID, "the dump is cut short after %" PRIu64 " bytes", r->counts.bytes);
}
