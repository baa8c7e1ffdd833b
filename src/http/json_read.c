#include "json_read.h"

#include <stdint.h>

void kvx_json_begin(struct kvx_json_cursor *c, struct kvx_bytes text, struct kvx_error *e)
{
    const char *start = text.data ? text.data : ""; /* an empty body has no memory */
    *c = (struct kvx_json_cursor){start, start, start + text.len, e};
}

int kvx_json_syntax(struct kvx_json_cursor *c, const char *text)
{
    return kvx_fail(c->error, KVX_INVALID, "the body is not valid JSON: byte %zu: %s",
                    (size_t)(c->p - c->start), text);
}

char kvx_json_peek(struct kvx_json_cursor *c)
{
    kvx_json_space(c);
    return c->p < c->end ? *c->p : 0;
}

bool kvx_json_take(struct kvx_json_cursor *c, char wanted)
{
    if (kvx_json_peek(c) != wanted || c->p == c->end)
        return false;
    c->p++;
    return true;
}

int kvx_json_finish(struct kvx_json_cursor *c)
{
    kvx_json_space(c);
    return c->p == c->end ? 0 : kvx_json_syntax(c, "expected the end");
}

static int hex4(struct kvx_json_cursor *c, unsigned *out)
{
    unsigned value = 0;
    if (c->end - c->p < 4)
        return kvx_json_syntax(c, "the text ends inside a string");
    for (int i = 0; i < 4; i++) {
        unsigned char ch = (unsigned char)c->p[i];
        unsigned digit = ch >= '0' && ch <= '9'   ? ch - (unsigned)'0'
                         : ch >= 'a' && ch <= 'f' ? ch - (unsigned)'a' + 10
                         : ch >= 'A' && ch <= 'F' ? ch - (unsigned)'A' + 10
                                                  : 16;
        if (digit == 16)
            return kvx_json_syntax(c, "\\u needs four hexadecimal digits");
        value = value << 4 | digit;
    }
    c->p += 4;
    *out = value;
    return 0;
}

/* After "\u": one code point, from one or two escapes. */
static int code_point(struct kvx_json_cursor *c, unsigned *out)
{
    unsigned high, low;
    int r = hex4(c, &high);
    if (r)
        return r;
    if (high == 0)
        return kvx_json_syntax(c, "NUL in a string");
    if (high >= 0xDC00 && high <= 0xDFFF)
        return kvx_json_syntax(c, "half of a surrogate pair");
    if (high < 0xD800 || high > 0xDFFF) {
        *out = high;
        return 0;
    }
    if (c->end - c->p < 2 || c->p[0] != '\\' || c->p[1] != 'u')
        return kvx_json_syntax(c, "half of a surrogate pair");
    c->p += 2;
    r = hex4(c, &low);
    if (r)
        return r;
    if (low < 0xDC00 || low > 0xDFFF)
        return kvx_json_syntax(c, "half of a surrogate pair");
    *out = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 0;
}

static size_t put_utf8(char *out, unsigned cp)
{
    unsigned char *o = (unsigned char *)out;
    if (cp < 0x80) {
        o[0] = (unsigned char)cp;
        return 1;
    }
    if (cp < 0x800) {
        o[0] = (unsigned char)(0xC0 | cp >> 6);
        o[1] = (unsigned char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        o[0] = (unsigned char)(0xE0 | cp >> 12);
        o[1] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
        o[2] = (unsigned char)(0x80 | (cp & 0x3F));
        return 3;
    }
    o[0] = (unsigned char)(0xF0 | cp >> 18);
    o[1] = (unsigned char)(0x80 | (cp >> 12 & 0x3F));
    o[2] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
    o[3] = (unsigned char)(0x80 | (cp & 0x3F));
    return 4;
}

/* After a backslash: the escape's bytes go to `out` (NULL: nowhere). */
static int escape(struct kvx_json_cursor *c, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    unsigned cp = 0;
    char bytes[4];
    if (c->p == c->end)
        return kvx_json_syntax(c, "the text ends inside a string");
    char ch = *c->p;
    const char *known = ch ? strchr(from, ch) : NULL;
    if (known) {
        c->p++;
        cp = (unsigned char)to[known - from];
    } else if (ch == 'u') {
        c->p++;
        int r = code_point(c, &cp);
        if (r)
            return r;
    } else {
        return kvx_json_syntax(c, "unknown escape in a string");
    }
    size_t n = put_utf8(bytes, cp);
    if (*out) {
        memcpy(*out, bytes, n);
        *out += n;
    }
    return 0;
}

/* Passes a string, its opening quote included; *escaped says whether it holds a backslash. */
static int pass_string(struct kvx_json_cursor *c, bool *escaped)
{
    char *nowhere = NULL;
    *escaped = false;
    if (!kvx_json_take(c, '"'))
        return kvx_json_syntax(c, "expected a string");
    const char *run = c->p;
    for (; c->p < c->end; c->p++) {
        unsigned char ch = (unsigned char)*c->p;
        if (ch >= 0x20 && ch != '"' && ch != '\\')
            continue;
        if (ch < 0x20)
            return kvx_json_syntax(c, "control character in a string");
        if (c->p > run && !kvx_bytes_is_text((struct kvx_bytes){run, (size_t)(c->p - run)}))
            return kvx_json_syntax(c, "the string before here is not UTF-8");
        c->p++;
        if (ch == '"')
            return 0;
        *escaped = true;
        int r = escape(c, &nowhere);
        if (r)
            return r;
        run = c->p--;
    }
    return kvx_json_syntax(c, "the text ends inside a string");
}

int kvx_json_string(struct kvx_json_cursor *c, struct kvx_arena *arena, struct kvx_bytes *out)
{
    bool escaped;
    kvx_json_space(c);
    const char *first = c->p + 1;
    int r = pass_string(c, &escaped);
    if (r)
        return r;
    size_t len = (size_t)(c->p - 1 - first);
    if (!escaped) {
        *out = (struct kvx_bytes){first, len};
        return 0;
    }
    char *text = kvx_arena_alloc(arena, len), *o = text; /* escapes only shrink */
    if (!text)
        return kvx_fail(c->error, KVX_NOMEM, "out of memory");
    struct kvx_json_cursor inner = {c->start, first, c->p - 1, c->error};
    while (inner.p < inner.end) {
        char ch = *inner.p++;
        if (ch != '\\')
            *o++ = ch;
        else if ((r = escape(&inner, &o)) != 0)
            return r;
    }
    *out = (struct kvx_bytes){text, (size_t)(o - text)};
    return 0;
}

static bool digit_at(const struct kvx_json_cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static int pass_digits(struct kvx_json_cursor *c)
{
    if (!digit_at(c))
        return kvx_json_syntax(c, "expected a digit");
    while (digit_at(c))
        c->p++;
    return 0;
}

int kvx_json_integer(struct kvx_json_cursor *c, struct kvx_json_integer *out)
{
    kvx_json_space(c);
    struct kvx_json_integer v = {.literal.data = c->p};
    if (c->p < c->end && *c->p == '-') {
        v.negative = true;
        c->p++;
    }
    const char *first = c->p;
    while (digit_at(c)) {
        unsigned digit = (unsigned)(*c->p++ - '0');
        if (__builtin_mul_overflow(v.magnitude, 10u, &v.magnitude) ||
            __builtin_add_overflow(v.magnitude, digit, &v.magnitude))
            v.huge = true;
    }
    if (c->p == first)
        return kvx_json_syntax(c, "expected a value");
    if (*first == '0' && c->p - first > 1)
        return kvx_json_syntax(c, "a number must not start with 0");
    bool whole = true;
    if (c->p < c->end && *c->p == '.') {
        whole = false;
        c->p++;
        int r = pass_digits(c);
        if (r)
            return r;
    }
    if (c->p < c->end && (*c->p | 0x20) == 'e') {
        whole = false;
        c->p++;
        if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
            c->p++;
        int r = pass_digits(c);
        if (r)
            return r;
    }
    v.literal.len = (size_t)(c->p - v.literal.data);
    *out = v;
    return whole;
}

static int pass_word(struct kvx_json_cursor *c, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0)
        return kvx_json_syntax(c, "expected a value");
    c->p += len;
    return 0;
}

int kvx_json_boolean(struct kvx_json_cursor *c, bool *out)
{
    bool value = kvx_json_peek(c) == 't';
    int r = pass_word(c, value ? "true" : "false");
    if (r)
        return r;
    *out = value;
    return 0;
}

static int skip_scalar(struct kvx_json_cursor *c, char next)
{
    struct kvx_json_integer number;
    bool ignored;
    int r;
    switch (next) {
    case '"':
        return pass_string(c, &ignored);
    case 't':
    case 'f':
        return kvx_json_boolean(c, &ignored);
    case 'n':
        return pass_word(c, "null");
    default:
        r = kvx_json_integer(c, &number);
        return r < 0 ? r : 0;
    }
}

static int pass_key(struct kvx_json_cursor *c)
{
    bool ignored;
    int r = pass_string(c, &ignored);
    if (r)
        return r;
    return kvx_json_take(c, ':') ? 0 : kvx_json_syntax(c, "expected `:`");
}

/* Without recursion: `object` has one bit a level, so the stack stays small whatever the client sends. */
int kvx_json_skip(struct kvx_json_cursor *c)
{
    uint64_t object[KVX_JSON_DEPTH_MAX / 64] = {0};
    unsigned depth = 0;
    for (;;) {
        char next = kvx_json_peek(c);
        int r = 0;
        if (next == '[' || next == '{') {
            c->p++;
            if (depth == KVX_JSON_DEPTH_MAX)
                return kvx_json_syntax(c, "nested too deeply");
            object[depth / 64] &= ~(UINT64_C(1) << depth % 64);
            object[depth / 64] |= (uint64_t)(next == '{') << depth % 64;
            depth++;
            if (!kvx_json_take(c, next == '{' ? '}' : ']')) {
                if (next == '{' && (r = pass_key(c)) != 0)
                    return r;
                continue;
            }
            depth--;
        } else if ((r = skip_scalar(c, next)) != 0) {
            return r;
        }
        for (;;) { /* after a value: close what ends here */
            if (depth == 0)
                return 0;
            bool in_object = object[(depth - 1) / 64] >> (depth - 1) % 64 & 1;
            if (kvx_json_take(c, ',')) {
                if (in_object && (r = pass_key(c)) != 0)
                    return r;
                break;
            }
            if (!kvx_json_take(c, in_object ? '}' : ']'))
                return kvx_json_syntax(c, in_object ? "expected `,` or `}`" : "expected `,` or `]`");
            depth--;
        }
    }
}

const char *kvx_json_next_name(struct kvx_json_cursor *c)
{
    switch (kvx_json_peek(c)) {
    case '[':
        return "an array";
    case '{':
        return "an object";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "a boolean";
    case 'n':
        return "null";
    default:
        return "a number";
    }
}
