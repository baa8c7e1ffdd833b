#include "head.h"

#include <string.h>
#include <strings.h>

static enum MHD_Result see_field(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct request_head *h = arg;
    (void)kind; /* only header fields were asked for */
    value = value ? value : "";
    if (strcasecmp(key, "Content-Length") == 0) {
        h->lengths++;
        h->length = value;
    } else if (strcasecmp(key, "Transfer-Encoding") == 0) {
        h->encodings++;
        h->encoding = value;
    } else if (strcasecmp(key, "Content-Type") == 0) {
        h->type.n++;
        h->type.value = value;
    } else if (strcasecmp(key, "Accept") == 0) {
        accept_read(&h->accept, value);
    } else if (strcasecmp(key, "Host") == 0) {
        h->hosts++;
    } else if (strcasecmp(key, "Expect") == 0) {
        h->expects_continue = strcasecmp(value, "100-continue") == 0;
    }
    return MHD_YES;
}

void head_read(struct request_head *h, struct MHD_Connection *connection)
{
    *h = (struct request_head){0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, see_field, h);
}

static int read_length(struct request_head *h, struct kvx_error *e)
{
    uint64_t n = 0;
    const char *p = h->length;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (unsigned)(*p - '0'), &n))
            return kvx_fail(e, KVX_INVALID, "header Content-Length: not a length");
    if (*p || p == h->length)
        return kvx_fail(e, KVX_INVALID, "header Content-Length: not a length");
    h->body_len = n;
    h->has_body = n > 0;
    return 0;
}

int head_judge(struct request_head *h, struct kvx_error *e)
{
    if (h->lengths && h->encodings)
        return kvx_fail(e, KVX_INVALID, "header Content-Length together with Transfer-Encoding");
    if (h->lengths > 1)
        return kvx_fail(e, KVX_INVALID, "header Content-Length appears twice");
    if (h->hosts > 1)
        return kvx_fail(e, KVX_INVALID, "header Host appears twice");
    if (h->encodings > 1 || (h->encodings && strcasecmp(h->encoding, "chunked") != 0))
        return kvx_fail(e, KVX_INVALID, "header Transfer-Encoding: only `chunked` is accepted");
    h->chunked = h->has_body = h->encodings == 1;
    return h->lengths ? read_length(h, e) : 0;
}
