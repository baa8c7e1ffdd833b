#include "numbers.h"

enum { SHOWN_MAX = 24 };

struct scan {
    struct ctl_numbers *out;
    bool hashes;
    const char *begin, *at, *end;
    const char *place;
    struct kvx_error *error;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && is_space(*s->at))
        s->at++;
}

/* The word at `at`, short and printable enough for a message. */
static size_t shown_word(const char *at, const char *end, char out[SHOWN_MAX + 1])
{
    size_t n = 0;
    while (at + n < end && n < SHOWN_MAX && !is_space(at[n]) && at[n] != ',' && at[n] != ']') {
        out[n] = at[n] >= 0x20 && at[n] < 0x7f ? at[n] : '?';
        n++;
    }
    if (n == 0 && at < end)
        out[n++] = *at >= 0x20 && *at < 0x7f ? *at : '?';
    out[n] = 0;
    return n;
}

static int bad(const struct scan *s, const char *at, const char *what)
{
    char word[SHOWN_MAX + 1];
    size_t line = 1, column = 1;
    for (const char *p = s->begin; p < at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    if (shown_word(at, s->end, word) == 0)
        return kvx_fail(s->error, KVX_INVALID, "%s: line %zu, column %zu: %s, not the end", s->place, line,
                        column, what);
    return kvx_fail(s->error, KVX_INVALID, "%s: line %zu, column %zu: %s, not `%s`", s->place, line, column,
                    what, word);
}

static int push(struct scan *s, uint64_t value)
{
    struct ctl_numbers *o = s->out;
    size_t item = s->hashes ? sizeof(*o->hashes) : sizeof(*o->tokens);
    if (o->n == CTL_NUMBERS_MAX)
        return kvx_fail(s->error, KVX_TOO_LARGE, "%s: more than %d numbers", s->place, (int)CTL_NUMBERS_MAX);
    if (o->n == o->cap) {
        size_t cap = o->cap ? o->cap * 2 : 64;
        void *old = s->hashes ? (void *)o->hashes : (void *)o->tokens;
        void *grown = kvx_realloc(o->allocator, old, o->cap * item, cap * item);
        if (!grown)
            return kvx_fail(s->error, KVX_NOMEM, "out of memory");
        o->cap = cap;
        if (s->hashes)
            o->hashes = grown;
        else
            o->tokens = grown;
    }
    if (s->hashes)
        o->hashes[o->n++] = value;
    else
        o->tokens[o->n++] = (uint32_t)value;
    return KVX_OK;
}

static bool ends_number(const struct scan *s)
{
    return s->at == s->end || is_space(*s->at) || *s->at == ',' || *s->at == ']';
}

static int number(struct scan *s)
{
    const char *what = s->hashes ? "a hash is a number in -9223372036854775808..18446744073709551615"
                                 : "a token id is a number in 0..4294967295";
    const char *start = s->at;
    bool negative = s->hashes && s->at < s->end && *s->at == '-';
    uint64_t max = negative ? UINT64_C(1) << 63 : s->hashes ? UINT64_MAX : UINT32_MAX, value = 0;
    s->at += negative;
    const char *digits = s->at;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
        uint64_t digit = (uint64_t)(*s->at - '0');
        if (value > (max - digit) / 10)
            return bad(s, start, what);
        value = value * 10 + digit;
    }
    if (s->at == digits || !ends_number(s))
        return bad(s, start, what);
    return push(s, negative ? 0 - value : value);
}

/* Behind a number: to the next one, or to the end. In an array only a comma leads on. */
static int separator(struct scan *s, bool array, bool *more)
{
    skip_space(s);
    bool comma = s->at < s->end && *s->at == ',';
    if (comma) {
        s->at++;
        skip_space(s);
        *more = true;
        return KVX_OK;
    }
    if (array && (s->at == s->end || *s->at != ']'))
        return bad(s, s->at, "`,` or `]` is expected here");
    *more = !array && s->at < s->end;
    return KVX_OK;
}

static int list(struct scan *s, bool array)
{
    bool more = s->at < s->end && !(array && *s->at == ']');
    int status = KVX_OK;
    while (more && status == KVX_OK) {
        status = number(s);
        if (status == KVX_OK)
            status = separator(s, array, &more);
    }
    return status;
}

int ctl_numbers_parse(struct ctl_numbers *out, const struct kvx_allocator *allocator, bool hashes,
                      struct kvx_bytes text, const char *place, struct kvx_error *e)
{
    const char *begin = text.len ? text.data : "";
    struct scan s = {out, hashes, begin, begin, begin + text.len, place, e};
    *out = (struct ctl_numbers){.allocator = allocator};
    skip_space(&s);
    bool array = s.at < s.end && *s.at == '[';
    s.at += array;
    skip_space(&s);
    int status = list(&s, array);
    if (status < 0 || !array)
        return status;
    if (s.at == s.end)
        return bad(&s, s.at, "`]` is expected here");
    s.at++;
    skip_space(&s);
    return s.at == s.end ? KVX_OK : bad(&s, s.at, "nothing may follow the array");
}

void ctl_numbers_free(struct ctl_numbers *o)
{
    kvx_dealloc(o->allocator, o->tokens, o->cap * sizeof(*o->tokens));
    kvx_dealloc(o->allocator, o->hashes, o->cap * sizeof(*o->hashes));
    *o = (struct ctl_numbers){.allocator = o->allocator};
}
