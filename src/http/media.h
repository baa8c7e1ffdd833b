/* Encodings of bodies: what a request is in and what its answer may be in. */
#ifndef MEDIA_H
#define MEDIA_H

#include "base/err.h"
#include "route.h"

/* How much of the Accept fields matters here: the weight of an encoding in thousandths, -1: not named. */
struct accept {
    int json, protobuf, application, any; /* the last two: application/x, and everything */
    bool there;
};

/* One Accept field; several add up. */
void accept_read(struct accept *, const char *field);

/* How many Content-Type fields there are, and the last one. */
struct content_type {
    unsigned n;
    const char *value;
};

/* Sets *protobuf when request and answer are in protobuf; JSON otherwise. KVX_MEDIA_TYPE when the body has a
 * type that the operation does not take, KVX_NOT_ACCEPTABLE when the answer may not have the request's
 * encoding. Who asks for something that is neither gets JSON. */
int media_choose(const struct kvx_http_route *, const struct content_type *, const struct accept *,
                 bool *protobuf, struct kvx_error *) KVX_MUST_CHECK;

#endif /* MEDIA_H */
