#include "recover_scan.h"

void kvx_value_scan_init(struct kvx_value_scan *s, const struct kvx_allocator *allocator, size_t bytes_max)
{
    *s = (struct kvx_value_scan){.bytes_max = bytes_max};
    kvx_buf_init(&s->kept, allocator, bytes_max);
}

void kvx_value_scan_free(struct kvx_value_scan *s)
{
    kvx_buf_free(&s->kept);
}

void kvx_value_scan_begin(struct kvx_value_scan *s, char first)
{
    kvx_buf_clear(&s->kept);
    s->depth = 0;
    s->in_string = s->escaped = false;
    s->scalar = first != '{' && first != '[' && first != '"';
}

static bool ends_scalar(char ch)
{
    return ch == ',' || ch == ']' || ch == '}' || ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t';
}

/* Inside a string: behind its closing quote, or at the end of the chunk. */
static const char *pass_string(struct kvx_value_scan *s, const char *p, const char *end)
{
    while (p < end && s->in_string) {
        char ch = *p++;
        if (s->escaped)
            s->escaped = false;
        else if (ch == '\\')
            s->escaped = true;
        else if (ch == '"')
            s->in_string = false;
    }
    return p;
}

/* Behind the value's last byte with *done, or `end`; NULL when it is nested too deeply. */
static const char *find_end(struct kvx_value_scan *s, const char *p, const char *end, bool *done)
{
    *done = false;
    if (s->scalar) {
        while (p < end && !(*done = ends_scalar(*p)))
            p++;
        return p;
    }
    while (p < end && !*done) {
        if (s->in_string) {
            p = pass_string(s, p, end);
            *done = !s->in_string && s->depth == 0;
            continue;
        }
        char ch = *p++;
        if (ch == '"')
            s->in_string = true;
        else if ((ch == '{' || ch == '[') && s->depth++ == KVX_JSON_DEPTH_MAX)
            return NULL;
        else if (ch == '}' || ch == ']')
            *done = --s->depth == 0;
    }
    return p;
}

int kvx_value_scan_pass(struct kvx_value_scan *s, const char **p, const char *end, struct kvx_bytes *out,
                        struct kvx_error *e)
{
    bool done;
    const char *from = *p, *to = find_end(s, from, end, &done);
    if (!to)
        return kvx_fail(e, KVX_INVALID, "nested too deeply");
    size_t n = (size_t)(to - from);
    *p = to;
    if (n > s->bytes_max - s->kept.len)
        return kvx_fail(e, KVX_TOO_LARGE, "a value of more than %zu bytes", s->bytes_max);
    if (done && !s->kept.len) {
        *out = (struct kvx_bytes){from, n};
        return 1;
    }
    kvx_buf_bytes(&s->kept, from, n);
    if (!kvx_buf_ok(&s->kept))
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    *out = (struct kvx_bytes){s->kept.data, s->kept.len};
    return done;
}
