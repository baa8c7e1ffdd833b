#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };

static int read_all(int fd, const char *path, struct kvx_buf *out, struct kvx_error *e)
{
    for (;;) {
        char *where = kvx_buf_reserve(out, CHUNK);
        if (!where)
            return out->len + CHUNK > out->max
                       ? kvx_fail(e, KVX_TOO_LARGE, "%s: more than %d MiB", path, CTL_INPUT_MAX >> 20)
                       : kvx_fail(e, KVX_NOMEM, "out of memory");
        ssize_t n = read(fd, where, CHUNK);
        if (n == 0)
            return KVX_OK;
        if (n < 0 && errno != EINTR)
            return kvx_fail(e, KVX_INVALID, "cannot read %s: %s", path, strerror(errno));
        if (n > 0)
            out->len += (size_t)n;
    }
}

int ctl_read(const char *path, struct kvx_buf *out, struct kvx_error *e)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", out, e);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return kvx_fail(e, KVX_INVALID, "cannot read %s: %s", path, strerror(errno));
    int status = read_all(fd, path, out, e);
    close(fd);
    return status;
}

static int cannot_write(const struct ctl_output *o, struct kvx_error *e)
{
    return kvx_fail(e, KVX_INTERNAL, "cannot write %s: %s", *o->path ? o->path : "standard output",
                    strerror(errno));
}

/* A new file beside the target, with the permissions that a program's new files have. */
static int open_temporary(struct ctl_output *o, struct kvx_error *e)
{
    snprintf(o->temporary, sizeof(o->temporary), "%s.XXXXXX", o->path);
    o->fd = mkostemp(o->temporary, O_CLOEXEC);
    if (o->fd < 0) {
        o->temporary[0] = 0;
        return cannot_write(o, e);
    }
    mode_t mask = umask(0); /* the only way to read it; other threads of this program create no files */
    umask(mask);
    if (fchmod(o->fd, 0666 & ~mask) == 0)
        return KVX_OK;
    int status = cannot_write(o, e);
    ctl_output_discard(o);
    return status;
}

int ctl_output_open(struct ctl_output *o, const char *path, struct kvx_error *e)
{
    struct stat about;
    *o = (struct ctl_output){.fd = STDOUT_FILENO};
    if (!path)
        return KVX_OK;
    if (strlen(path) >= sizeof(o->path))
        return kvx_fail(e, KVX_INTERNAL, "--output: the name is too long");
    bool exists = stat(path, &about) == 0;
    /* Behind a symbolic link the file is replaced, not the link. */
    if (!exists || !realpath(path, o->path))
        snprintf(o->path, sizeof(o->path), "%s", path);
    if (!exists || S_ISREG(about.st_mode))
        return open_temporary(o, e);
    o->fd = open(path, O_WRONLY | O_CLOEXEC);
    return o->fd < 0 ? cannot_write(o, e) : KVX_OK;
}

int ctl_output_write(struct ctl_output *o, const char *data, size_t len, struct kvx_error *e)
{
    while (len) {
        if (o->interrupted && atomic_load(o->interrupted))
            return kvx_fail(e, KVX_CANCELLED, "interrupted");
        ssize_t n = write(o->fd, data, len);
        if (n < 0 && errno == EPIPE)
            return kvx_fail(e, KVX_CANCELLED, "the reader has gone away");
        if (n < 0 && errno != EINTR)
            return cannot_write(o, e);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return KVX_OK;
}

int ctl_output_close(struct ctl_output *o, struct kvx_error *e)
{
    int status = KVX_OK;
    if (!*o->path)
        return KVX_OK; /* standard output ends with the program */
    if (*o->temporary && fsync(o->fd) != 0)
        status = cannot_write(o, e);
    if (close(o->fd) != 0 && status == KVX_OK)
        status = cannot_write(o, e);
    o->fd = -1;
    if (*o->temporary && status == KVX_OK && rename(o->temporary, o->path) != 0)
        status = cannot_write(o, e);
    if (status == KVX_OK)
        o->temporary[0] = 0;
    ctl_output_discard(o);
    return status;
}

void ctl_output_discard(struct ctl_output *o)
{
    if (*o->path && o->fd >= 0)
        close(o->fd);
    if (*o->temporary)
        unlink(o->temporary);
    o->fd = -1;
    o->temporary[0] = 0;
}
