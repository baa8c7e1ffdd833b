/* The ZMQ sockets of a source, made with every option set before they connect. A socket belongs to one thread
 * at a time; handing it over needs a lock or another full fence. */
#ifndef INGEST_SOCKETS_H
#define INGEST_SOCKETS_H

#include "ingest/ingest.h"

#include <stdbool.h>

/* SUB for everything that `endpoint` publishes, without a high-water mark: what is not read in time waits
 * with us, behind the bound of our own queue, instead of being dropped by the engine. `*monitor` (PAIR)
 * brings the connection's changes; NULL for inproc, which ZMQ does not monitor. KVX_INVALID, KVX_UNAVAILABLE
 * (out of sockets or files). */
int kvx_socket_subscribe(void *zmq_context, const struct kvx_ingest_tunables *, const char *endpoint,
                         void **subscriber, void **monitor, struct kvx_error *) KVX_MUST_CHECK;

/* Begins the connection anew. After what it takes for a breach of protocol, a frame above the limit for one,
 * ZMQ gives an endpoint up for good and says no more than that the connection was lost. False: not possible
 * now. */
bool kvx_socket_reconnect(void *subscriber, const char *endpoint);

/* Closes both; `monitor` may be NULL. */
void kvx_socket_unsubscribe(void *subscriber, void *monitor);

/* DEALER for one round of a replay. */
int kvx_socket_dealer(void *zmq_context, const struct kvx_ingest_tunables *, const char *endpoint,
                      void **dealer, struct kvx_error *) KVX_MUST_CHECK;

/* The descriptor that says "look at ZMQ_EVENTS"; -1 on failure. */
int kvx_socket_fd(void *socket);
/* A message can be received now. Must be asked again after every other call on the socket before its
 * descriptor is waited for: the descriptor reports changes only, and any call may consume them. */
bool kvx_socket_readable(void *socket);

enum kvx_link_change { KVX_LINK_NONE, KVX_LINK_UP, KVX_LINK_DOWN };
/* The next change a monitor has to report. */
enum kvx_link_change kvx_socket_monitor_next(void *monitor);

#endif /* INGEST_SOCKETS_H */
