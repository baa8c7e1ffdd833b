#include "service/worker_list.h"

static struct kvx_bytes trim(struct kvx_bytes t)
{
    while (t.len && strchr(" \t", t.data[0])) {
        t.data++;
        t.len--;
    }
    while (t.len && strchr(" \t", t.data[t.len - 1]))
        t.len--;
    return t;
}

/* Splits at the first `mark`: the head is returned, the rest stays in `*text`. Without a mark the head has no
 * data. */
static struct kvx_bytes split(struct kvx_bytes *text, char mark)
{
    const char *at = text->len ? memchr(text->data, mark, text->len) : NULL;
    if (!at)
        return (struct kvx_bytes){0};
    struct kvx_bytes head = {text->data, (size_t)(at - text->data)};
    text->len -= head.len + 1;
    text->data = at + 1;
    return head;
}

static int bad_entry(struct kvx_bytes entry, const char *why, struct kvx_error *e)
{
    return kvx_fail(e, KVX_INVALID, "invalid worker entry `%.*s`: %s; expected id[:dp_rank]=endpoint",
                    (int)entry.len, entry.data, why);
}

static int parse_entry(struct kvx_bytes entry, struct kvx_register_args *args, struct kvx_error *e)
{
    struct kvx_bytes rest = entry, id = split(&rest, '=');
    uint64_t number;
    if (!id.data)
        return bad_entry(entry, "no `=`", e);
    args->endpoint = trim(rest);
    if (!args->endpoint.len)
        return bad_entry(entry, "no endpoint", e);
    id = trim(id);
    struct kvx_bytes rank = id, head = split(&rank, ':');
    if (head.data) {
        id = trim(head);
        if (!kvx_bytes_u64(trim(rank), UINT32_MAX, &number))
            return bad_entry(entry, "the dp_rank is not a number in 0..4294967295", e);
        args->dp_rank = (uint32_t)number;
    }
    if (!id.len)
        return bad_entry(entry, "no id", e);
    args->instance = (struct kvx_instance_id){id, kvx_bytes_u64(id, UINT64_MAX, &number)};
    return KVX_OK;
}

int kvx_service_register_list(struct kvx_service *s, const struct kvx_partition_choice *partition,
                              const char *list, struct kvx_error *e)
{
    struct kvx_bytes rest = kvx_bytes_of(list);
    for (bool last = false; !last;) {
        struct kvx_register_args args = {
            .partition = *partition, .one_block_size = true, .one_partition = true};
        struct kvx_bytes entry = split(&rest, ',');
        last = !entry.data;
        entry = trim(last ? rest : entry);
        int status = parse_entry(entry, &args, e);
        struct kvx_error why = {0};
        if (!status) {
            status = kvx_service_register(s, &args, &why);
            if (status < 0)
                return kvx_fail(e, status, "worker entry `%.*s`: %s", (int)entry.len, entry.data, why.text);
        }
        if (status < 0)
            return status;
    }
    return KVX_OK;
}
