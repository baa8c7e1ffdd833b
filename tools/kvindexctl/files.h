/* Reading a file whole, and writing one whole or not at all. */
#ifndef CTL_FILES_H
#define CTL_FILES_H

#include "base/buf.h"

#include <limits.h>
#include <stdatomic.h>

enum { CTL_INPUT_MAX = 64 << 20 };

/* Appends the file, "-" being standard input, to `out`. KVX_INVALID, KVX_TOO_LARGE or KVX_NOMEM, with the
 * reason. */
int ctl_read(const char *path, struct kvx_buf *out, struct kvx_error *) KVX_MUST_CHECK;

/* Standard output, or a file that appears under its name only when it is whole. What exists already and is no
 * regular file (a pipe, a device) is written directly. One thread. */
struct ctl_output {
    int fd;
    const atomic_bool *interrupted; /* may be NULL; when true, waiting for a slow reader ends */
    char path[PATH_MAX];            /* "" for standard output */
    char temporary[PATH_MAX + 8];   /* "" when written directly */
};

/* `path` NULL: standard output. Close or discard it afterwards. */
int ctl_output_open(struct ctl_output *, const char *path, struct kvx_error *) KVX_MUST_CHECK;
/* KVX_CANCELLED when the reader of a pipe has gone away or the program was interrupted; else KVX_INTERNAL. */
int ctl_output_write(struct ctl_output *, const char *data, size_t len, struct kvx_error *) KVX_MUST_CHECK;
/* Gives the file its name. */
int ctl_output_close(struct ctl_output *, struct kvx_error *) KVX_MUST_CHECK;
/* Leaves nothing behind, and what had the name before stays. */
void ctl_output_discard(struct ctl_output *);

#endif /* CTL_FILES_H */
