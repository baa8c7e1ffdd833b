#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16384 };

struct kvx_log {
    enum kvx_log_level level;
    enum kvx_log_format format;
    char *path;     /* NULL: stderr */
    _Atomic int fd; /* reopen makes the same number point to the new file (dup2), so writers need no lock */
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static int open_file(const char *path, struct kvx_error *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return kvx_fail(e, KVX_INVALID, "cannot open log file %s: %s", path, strerror(errno));
    return fd;
}

int kvx_log_new(struct kvx_log **out, const char *path, enum kvx_log_level level, enum kvx_log_format format,
                struct kvx_error *e)
{
    struct kvx_log *log = calloc(1, sizeof(*log));
    int status = KVX_NOMEM;
    if (!log)
        return kvx_fail(e, KVX_NOMEM, "out of memory");
    log->level = level;
    log->format = format;
    atomic_store_explicit(&log->fd, STDERR_FILENO, memory_order_relaxed);
    if (path) {
        log->path = strdup(path);
        if (!log->path) {
            kvx_fail(e, status, "out of memory");
            goto fail_path;
        }
        status = open_file(path, e);
        if (status < 0)
            goto fail_open;
        atomic_store_explicit(&log->fd, status, memory_order_relaxed);
    }
    *out = log;
    return KVX_OK;

fail_open:
    free(log->path);
fail_path:
    free(log);
    return status;
}

void kvx_log_free(struct kvx_log *log)
{
    if (!log)
        return;
    if (log->path)
        close(atomic_load_explicit(&log->fd, memory_order_relaxed));
    free(log->path);
    free(log);
}

int kvx_log_reopen(struct kvx_log *log, struct kvx_error *e)
{
    if (!log->path)
        return KVX_OK;
    int fd = open_file(log->path, e);
    if (fd < 0)
        return fd;
    int moved = dup3(fd, atomic_load_explicit(&log->fd, memory_order_relaxed), O_CLOEXEC);
    close(fd);
    return moved < 0 ? kvx_fail(e, KVX_INTERNAL, "cannot switch log files: %s", strerror(errno)) : KVX_OK;
}

bool kvx_log_enabled(const struct kvx_log *log, enum kvx_log_level level)
{
    return log && level >= log->level;
}

static void write_time(struct kvx_buf *line)
{
    uint64_t wall = kvx_wall_ns();
    time_t seconds = (time_t)(wall / 1000000000u);
    struct tm utc;
    char text[32];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    kvx_buf_printf(line, "%s.%03uZ", text, (unsigned)(wall / 1000000u % 1000u));
}

static void write_value(struct kvx_buf *line, const struct kvx_log_value *v)
{
    if (v->kind == KVX_LOG_UINT)
        kvx_buf_u64(line, v->u);
    else if (v->kind == KVX_LOG_INT)
        kvx_buf_i64(line, v->i);
    else
        kvx_buf_json(line, v->text); /* quoted in both formats, so that a hostile id cannot forge a line */
}

static void write_line(struct kvx_buf *line, const struct kvx_log *log, enum kvx_log_level level,
                       const char *message, const struct kvx_log_field *fields)
{
    bool json = log->format == KVX_LOG_JSON;
    kvx_buf_text(line, json ? "{\"ts\":\"" : "");
    write_time(line);
    kvx_buf_printf(line, json ? "\",\"level\":\"%s\",\"msg\":" : " %-5s ", level_names[level]);
    if (json)
        kvx_buf_json(line, kvx_bytes_of(message));
    else
        kvx_buf_text(line, message);
    for (; fields->key; fields++) {
        kvx_buf_printf(line, json ? ",\"%s\":" : " %s=", fields->key);
        write_value(line, &fields->value);
    }
    kvx_buf_text(line, json ? "}\n" : "\n");
}

void kvx_log_write(struct kvx_log *log, enum kvx_log_level level, const char *message,
                   const struct kvx_log_field *fields)
{
    struct kvx_buf line;
    kvx_buf_init(&line, &kvx_system_allocator, LINE_MAX_BYTES);
    write_line(&line, log, level, message, fields);
    if (!kvx_buf_ok(&line)) { /* too long or no memory: the message alone */
        kvx_buf_clear(&line);
        write_line(&line, log, level, message, &(const struct kvx_log_field){0});
    }
    ssize_t written = write(atomic_load_explicit(&log->fd, memory_order_relaxed), line.data, line.len);
    (void)written; /* a full disk must not stop the service; there is nowhere to report it */
    kvx_buf_free(&line);
}

bool kvx_log_due(struct kvx_log_limit *limit, uint64_t every_ns, uint64_t *suppressed)
{
    uint64_t now = kvx_now_ns();
    /* Relaxed: at worst two threads log the same line at the same moment. */
    uint64_t next = atomic_load_explicit(&limit->next_ns, memory_order_relaxed);
    if (now < next || !atomic_compare_exchange_strong_explicit(&limit->next_ns, &next, now + every_ns,
                                                               memory_order_relaxed, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&limit->held, 1, memory_order_relaxed);
        return false;
    }
    *suppressed = atomic_exchange_explicit(&limit->held, 0, memory_order_relaxed);
    return true;
}
