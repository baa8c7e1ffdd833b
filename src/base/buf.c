#include "base/buf.h"

#include "utf8.h"

#include <stdio.h>

enum { FIRST_SIZE = 256 };

void kvx_buf_init(struct kvx_buf *b, const struct kvx_allocator *allocator, size_t max)
{
    *b = (struct kvx_buf){.allocator = allocator, .max = max};
}

void kvx_buf_free(struct kvx_buf *b)
{
    kvx_dealloc(b->allocator, b->data, b->cap);
    kvx_buf_init(b, b->allocator, b->max);
}

void kvx_buf_clear(struct kvx_buf *b)
{
    b->len = 0;
    b->failed = false;
}

bool kvx_buf_ok(const struct kvx_buf *b)
{
    return !b->failed;
}

static bool grow(struct kvx_buf *b, size_t n)
{
    if (n > b->max || b->len > b->max - n)
        return false;
    size_t cap = b->cap ? b->cap : FIRST_SIZE;
    while (cap < b->len + n)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    char *data = kvx_realloc(b->allocator, b->data, b->cap, cap);
    if (!data)
        return false;
    b->data = data;
    b->cap = cap;
    return true;
}

char *kvx_buf_reserve(struct kvx_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (b->cap - b->len < n && !grow(b, n)) {
        b->failed = true;
        return NULL;
    }
    return b->data + b->len;
}

void kvx_buf_bytes(struct kvx_buf *b, const void *data, size_t len)
{
    char *p = len ? kvx_buf_reserve(b, len) : NULL;
    if (p) {
        memcpy(p, data, len);
        b->len += len;
    }
}

void kvx_buf_text(struct kvx_buf *b, const char *cstring)
{
    kvx_buf_bytes(b, cstring, strlen(cstring));
}

void kvx_buf_char(struct kvx_buf *b, char c)
{
    kvx_buf_bytes(b, &c, 1);
}

void kvx_buf_u64(struct kvx_buf *b, uint64_t v)
{
    char digits[20];
    size_t i = sizeof(digits);
    do
        digits[--i] = (char)('0' + v % 10);
    while (v /= 10);
    kvx_buf_bytes(b, digits + i, sizeof(digits) - i);
}

void kvx_buf_i64(struct kvx_buf *b, int64_t v)
{
    if (v < 0)
        kvx_buf_char(b, '-');
    kvx_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void kvx_buf_printf(struct kvx_buf *b, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n < sizeof(text)) {
        kvx_buf_bytes(b, text, (size_t)n);
        return;
    }
    char *p = kvx_buf_reserve(b, (size_t)n + 1);
    if (p) {
        va_start(args, format);
        vsnprintf(p, (size_t)n + 1, format, args);
        va_end(args);
        b->len += (size_t)n;
    }
}

static void escape(struct kvx_buf *b, char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        kvx_buf_text(b, "\\\"");
        break;
    case '\\':
        kvx_buf_text(b, "\\\\");
        break;
    case '\n':
        kvx_buf_text(b, "\\n");
        break;
    case '\r':
        kvx_buf_text(b, "\\r");
        break;
    case '\t':
        kvx_buf_text(b, "\\t");
        break;
    default:
        kvx_buf_text(b, "\\u00");
        kvx_buf_char(b, hex[(uint8_t)c >> 4]);
        kvx_buf_char(b, hex[c & 15]);
    }
}

/* Text runs are copied whole; only what JSON cannot carry as it is goes character by character. */
void kvx_buf_json(struct kvx_buf *b, struct kvx_bytes text)
{
    size_t start = 0, i = 0;
    kvx_buf_char(b, '"');
    while (i < text.len) {
        uint8_t c = (uint8_t)text.data[i];
        size_t n = kvx_utf8_length(text.data + i, text.len - i);
        if (n && c >= 0x20 && c != '"' && c != '\\') {
            i += n;
            continue;
        }
        kvx_buf_bytes(b, text.data + start, i - start);
        if (n)
            escape(b, (char)c);
        else
            kvx_buf_text(b, "\xef\xbf\xbd");
        start = ++i;
    }
    if (i > start) /* an empty text may have no address */
        kvx_buf_bytes(b, text.data + start, i - start);
    kvx_buf_char(b, '"');
}
