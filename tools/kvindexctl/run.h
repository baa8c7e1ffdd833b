/* One run of one command: what its parts share. */
#ifndef CTL_RUN_H
#define CTL_RUN_H

#include "base/buf.h"
#include "cli.h"
#include "kvindex/client.h"

struct run {
    const struct ctl_settings *settings;
    const char *const *words;
    struct kvindex_client *client;
    struct kvx_buf text; /* what will be written */
    struct kvindex_error remote;
    struct kvx_error local;
};

/* Say what went wrong, here or there, and return the exit code. */
int ctl_local_failure(const struct run *);
int ctl_remote_failure(const struct run *);
/* Writes the text to standard output and returns `exit_code`, when that works. */
int ctl_show(struct run *, int exit_code);

/* query.c */
int ctl_run_query(struct run *);
/* dump.c */
int ctl_run_dump(struct run *);

/* The partition that the options name. */
struct kvindex_partition ctl_partition(const struct ctl_settings *);

#endif /* CTL_RUN_H */
