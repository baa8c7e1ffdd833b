/* Completion scripts, made from the tables of the command line. */
#ifndef CTL_COMPLETION_H
#define CTL_COMPLETION_H

#include "base/buf.h"

/* Appends the script for "bash", "zsh" or "fish"; KVX_INVALID for another shell. */
int ctl_completion(struct kvx_buf *out, const char *shell, struct kvx_error *) KVX_MUST_CHECK;

#endif /* CTL_COMPLETION_H */
