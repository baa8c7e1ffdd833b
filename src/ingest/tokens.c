/* Token lists: the inner loop of ingest. */
#include "decoder.h"

static bool is_token(const struct kvx_value *v)
{
    return v->type == KVX_WIRE_INT && !v->negative && v->u <= UINT32_MAX;
}

/* Integers of 1 to 5 bytes in a row, while 9 bytes can be loaded. Returns how many were read. Their lengths
 * follow no pattern, so they are computed: a branch on each would be guessed wrong half of the time. */
static size_t read_short_forms(struct kvx_cursor *c, uint32_t *out, size_t n)
{
    const uint8_t *p = c->p;
    size_t i = 0;
    for (; i < n && c->end - p >= 9; i++) {
        unsigned lead = *p, form = lead - 0xcc; /* 0 to 2: 1, 2 or 4 bytes follow */
        unsigned alone = lead < 0x80;
        if (!alone && form > 2)
            break;
        unsigned bytes = alone ? 1 : 1U << (form & 3);
        p += 1 - alone;
        out[i] = (uint32_t)(kvx_load_be64(p) >> (64 - 8 * bytes));
        p += bytes;
    }
    c->p = p;
    return i;
}

/* Plain tokens from the i-th on. Stops early, at a header, when one is not a token. */
static bool read_plain(struct kvx_tokens *t, struct kvx_cursor *c, uint32_t *i, unsigned depth)
{
    while (*i < t->count) {
        *i += (uint32_t)read_short_forms(c, t->at + *i, t->count - *i);
        if (*i == t->count)
            break;
        struct kvx_value v;
        if (!kvx_cursor_next(c, &v))
            return false;
        if (!is_token(&v)) {
            t->form = KVX_TOKENS_UNUSABLE;
            ++*i;
            return kvx_cursor_skip_content(c, &v, depth);
        }
        t->at[(*i)++] = (uint32_t)v.u;
    }
    return true;
}

static bool read_pairs(struct kvx_tokens *t, struct kvx_cursor *c, uint32_t *i, unsigned depth)
{
    for (; *i < t->count; ++*i) {
        struct kvx_value v, first, second;
        if (!kvx_cursor_next(c, &v))
            return false;
        if (v.type != KVX_WIRE_ARRAY || v.count != 2) {
            t->form = KVX_TOKENS_UNUSABLE;
            ++*i;
            return kvx_cursor_skip_content(c, &v, depth);
        }
        if (!kvx_cursor_next(c, &first) || !kvx_cursor_skip_content(c, &first, depth + 1) ||
            !kvx_cursor_next(c, &second) || !kvx_cursor_skip_content(c, &second, depth + 1))
            return false;
        if (!is_token(&first) || !is_token(&second)) {
            t->form = KVX_TOKENS_UNUSABLE;
            ++*i;
            return true;
        }
        t->at[*i] = (uint32_t)first.u;
        t->at[*i + 1] = (uint32_t)second.u;
    }
    return true;
}

static bool begins_with_pair(struct kvx_cursor c)
{
    struct kvx_value first;
    return kvx_cursor_next(&c, &first) && first.type == KVX_WIRE_ARRAY;
}

int kvx_tokens_read(struct kvx_decoder *d, struct kvx_cursor *c, const struct kvx_value *head, unsigned depth)
{
    struct kvx_tokens *t = &d->tokens;
    t->count = 0;
    t->form = KVX_TOKENS_PLAIN;
    if (head->type != KVX_WIRE_ARRAY) {
        t->form = head->type == KVX_WIRE_NIL ? KVX_TOKENS_PLAIN : KVX_TOKENS_UNUSABLE;
        t->count = head->type != KVX_WIRE_NIL;
        return kvx_cursor_skip_content(c, head, depth) ? KVX_OK : KVX_INVALID;
    }
    if (head->count == 0)
        return KVX_OK;
    /* one more: the second number of the last pair */
    uint32_t *at = kvx_scratch_grow(d->allocator, t->at, &t->cap, (size_t)head->count + 1, sizeof *at);
    if (!at)
        return KVX_NOMEM;
    t->at = at;
    t->count = head->count;
    t->form = begins_with_pair(*c) ? KVX_TOKENS_BIGRAM : KVX_TOKENS_PLAIN;
    uint32_t i = 0;
    bool whole =
        t->form == KVX_TOKENS_BIGRAM ? read_pairs(t, c, &i, depth + 1) : read_plain(t, c, &i, depth + 1);
    return whole && kvx_cursor_skip(c, t->count - i, depth + 1) ? KVX_OK : KVX_INVALID;
}
