/* What Register and Unregister share. */
#ifndef SERVICE_REGISTRY_H
#define SERVICE_REGISTRY_H

#include "service_private.h"

/* KVX_INVALID for an id that is empty, too long or no text. */
int kvx_check_id(const struct kvx_instance_id *, struct kvx_error *) KVX_MUST_CHECK;
/* Under `table`: may this registration enter, and with which block size? KVX_EXISTS, KVX_CONFLICT,
 * KVX_INVALID. That its partition has the rank already is left to the caller, who can make room. */
int kvx_admit(const struct kvx_service *, const struct kvx_register_args *, uint32_t *block_size,
              struct kvx_error *) KVX_MUST_CHECK;
/* Some worker in the table whose events this feed brings. Under `table`. */
struct kvx_worker *kvx_registry_fed_by(const struct kvx_service *, const struct kvx_feed *);
/* Under `admin` and `table`. Out of the table with the workers its source taught; the caller closes the
 * source. */
void kvx_registry_remove(struct kvx_service *, struct kvx_worker *);

#endif /* SERVICE_REGISTRY_H */
