/* Opens the listening socket. */
#ifndef LISTEN_H
#define LISTEN_H

#include "base/err.h"

#include <stdint.h>

/* `*port` 0 takes any free port; the one in use is stored there. The caller closes `*fd`. */
int listen_open(const char *bind_address, uint16_t *port, int *fd, struct kvx_error *) KVX_MUST_CHECK;

#endif /* LISTEN_H */
