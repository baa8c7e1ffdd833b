/* The syntax of ZMQ endpoints that a source can connect to. Pure; any thread. */
#ifndef INGEST_ENDPOINT_H
#define INGEST_ENDPOINT_H

#include "base/err.h"

#include <stdbool.h>

/* tcp://host:port, tcp://[v6]:port, ipc://path or inproc://name. KVX_INVALID with a sentence that
 * names the field, `endpoint` or `replay_endpoint`. */
int kvx_endpoint_check(const char *endpoint, bool replay, struct kvx_error *) KVX_MUST_CHECK;

/* Of a valid endpoint. */
bool kvx_endpoint_is_ipv6(const char *endpoint);   /* the host is bracketed */
bool kvx_endpoint_is_inproc(const char *endpoint); /* connections to it are not monitored by ZMQ */

#endif /* INGEST_ENDPOINT_H */
