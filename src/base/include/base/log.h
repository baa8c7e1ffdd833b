/* The log: one line per event, to stderr or a file, as text or JSON.
 *
 * A line is a constant message and key-value fields, so that both formats carry the same facts:
 *     kvx_log(log, KVX_LOG_WARN, "gap in the event stream", KVX_S("instance", id), KVX_U("missing", n));
 * Any thread may log; each line is one write(2). A call site that can repeat without bound asks kvx_log_due
 * first.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdatomic.h>

enum kvx_log_level { KVX_LOG_DEBUG, KVX_LOG_INFO, KVX_LOG_WARN, KVX_LOG_ERROR };
enum kvx_log_format { KVX_LOG_TEXT, KVX_LOG_JSON };

struct kvx_log;

/* `path` NULL means stderr. */
int kvx_log_new(struct kvx_log **out, const char *path, enum kvx_log_level, enum kvx_log_format,
                struct kvx_error *);
void kvx_log_free(struct kvx_log *);
/* Opens the file again (log rotation). The old one stays in use when that fails. Any thread. */
int kvx_log_reopen(struct kvx_log *, struct kvx_error *);
bool kvx_log_enabled(const struct kvx_log *, enum kvx_log_level);

struct kvx_log_value {
    enum kvx_log_kind { KVX_LOG_STRING, KVX_LOG_UINT, KVX_LOG_INT } kind;
    struct kvx_bytes text;
    uint64_t u;
    int64_t i;
};
struct kvx_log_field {
    const char *key; /* NULL ends the list */
    struct kvx_log_value value;
};

static inline struct kvx_log_value kvx_log_string(const char *s)
{
    return (struct kvx_log_value){.kind = KVX_LOG_STRING, .text = kvx_bytes_of(s ? s : "")};
}
static inline struct kvx_log_value kvx_log_uint(uint64_t u)
{
    return (struct kvx_log_value){.kind = KVX_LOG_UINT, .u = u};
}
static inline struct kvx_log_value kvx_log_int(int64_t i)
{
    return (struct kvx_log_value){.kind = KVX_LOG_INT, .i = i};
}

void kvx_log_write(struct kvx_log *, enum kvx_log_level, const char *message,
                   const struct kvx_log_field *fields);

#define KVX_S(key, value)          \
    {                              \
        key, kvx_log_string(value) \
    }
#define KVX_U(key, value)        \
    {                            \
        key, kvx_log_uint(value) \
    }
#define KVX_I(key, value)       \
    {                           \
        key, kvx_log_int(value) \
    }
/* kvx_log(log, KVX_LOG_INFO, "listening", KVX_S("rest", address), KVX_U("port", port)); `log` may be NULL. */
#define kvx_log(log, level, message, ...)                                                 \
    do {                                                                                  \
        if (kvx_log_enabled(log, level))                                                  \
            kvx_log_write(log, level, message,                                            \
                          (const struct kvx_log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}}); \
    } while (0)

/* Rate limit of one call site, which owns the struct (zero-initialised). True when the line is due;
 * `*suppressed` is then how many were held back since the last one. */
struct kvx_log_limit {
    _Atomic uint64_t next_ns, held;
};
bool kvx_log_due(struct kvx_log_limit *, uint64_t every_ns, uint64_t *suppressed);

#endif /* BASE_LOG_H */
