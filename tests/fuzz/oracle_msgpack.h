/* msgpack for the second decoder: msgpack-c's object trees, behind a scan that bounds what msgpack-c may
 * allocate. */
#ifndef ORACLE_MSGPACK_H
#define ORACLE_MSGPACK_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

extern const msgpack_object oracle_nil;

/* One value that fills the bytes, `open` containers being around it. False: broken, too deep, or bytes left
 * over. */
bool oracle_unpack(msgpack_zone *, const char *data, size_t size, unsigned open, msgpack_object *out);

/* The value of a key, the last one if there are several; nil if there is none or `map` is no map. */
const msgpack_object *oracle_get(const msgpack_object *map, const char *key);
const msgpack_object *oracle_at(const msgpack_object *array, uint32_t i); /* nil behind the end */

bool oracle_is(const msgpack_object *, const char *text);
bool oracle_is_integer(const msgpack_object *);
bool oracle_is_u32(const msgpack_object *);
bool oracle_absent(const msgpack_object *);

/* An engine hash in any of its forms. */
bool oracle_hash_of(const msgpack_object *, uint64_t *out);

#endif /* ORACLE_MSGPACK_H */
