/* The header fields of a request that decide how its body is read. */
#ifndef HEAD_H
#define HEAD_H

#include "base/err.h"
#include "media.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct request_head {
    unsigned lengths, encodings, hosts; /* how often each field appears */
    const char *length, *encoding;
    struct content_type type;
    struct accept accept;
    bool expects_continue;
    /* after head_judge */
    bool has_body, chunked;
    uint64_t body_len; /* when not chunked */
};

void head_read(struct request_head *, struct MHD_Connection *);
/* Refuses what two servers in a row could read differently: a body with two lengths, or with a length and a
 * transfer coding; any coding but `chunked`. After such a failure the connection must be closed. */
int head_judge(struct request_head *, struct kvx_error *) KVX_MUST_CHECK;

#endif /* HEAD_H */
