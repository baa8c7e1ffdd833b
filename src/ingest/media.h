/* From the medium names of engines to tiers. Pure; any thread. */
#ifndef INGEST_MEDIA_H
#define INGEST_MEDIA_H

#include "base/bytes.h"
#include "index/index.h"

/* ASCII case does not matter; an empty name means the device. False for a name we do not know, which must
 * never count as the device. */
bool kvx_medium_tier(struct kvx_bytes name, enum kvx_tier *out);

#endif /* INGEST_MEDIA_H */
