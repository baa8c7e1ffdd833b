#include "candidates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool ctl_rank_parse(const char *text, uint32_t *rank)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value > UINT32_MAX)
        return false;
    *rank = (uint32_t)value;
    return true;
}

static int parse(const char *text, struct kvx_arena *arena, struct kvindex_candidate *out, uint32_t *rank,
                 struct kvx_error *e)
{
    const char *colon = strrchr(text, ':');
    struct kvx_bytes id = kvx_bytes_of(text);
    if (colon && colon[1 + strspn(colon + 1, "0123456789")] == 0) {
        id.len = (size_t)(colon - text);
        if (colon[1] && !ctl_rank_parse(colon + 1, rank))
            return kvx_fail(e, KVX_INVALID, "--candidate: the rank of `%s` is not in 0..4294967295", text);
        out->dp_rank = colon[1] ? rank : NULL;
    }
    if (id.len == 0)
        return kvx_fail(e, KVX_INVALID, "--candidate: `%s` has no ID; it is ID or ID:RANK", text);
    out->instance_id = kvx_arena_text(arena, id);
    return out->instance_id ? KVX_OK : kvx_fail(e, KVX_NOMEM, "out of memory");
}

int ctl_candidates_parse(const char *const *texts, size_t n, struct kvx_arena *arena,
                         const struct kvindex_candidate **out, struct kvx_error *e)
{
    struct kvindex_candidate *items = kvx_arena_array(arena, n, sizeof(*items));
    uint32_t *ranks = kvx_arena_array(arena, n, sizeof(*ranks));
    int status = KVX_OK;
    if (!items || !ranks)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    for (size_t i = 0; i < n && status == KVX_OK; i++)
        status = parse(texts[i], arena, &items[i], &ranks[i], e);
    if (status == KVX_OK)
        *out = n ? items : NULL; /* none is everybody */
    return status;
}
