#include "endpoint.h"

#include "base/bytes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 150 }; /* bytes of the value, which came from outside */

/* NVIDIA's words behind the field's name. */
static int invalid(const char *endpoint, bool replay, struct kvx_error *err, const char *why)
{
    if (replay)
        return kvx_fail(err, KVX_INVALID,
                        "`replay_endpoint`: invalid replay endpoint `%.*s`: invalid ZMQ endpoint `%.*s`: %s",
                        SHOWN, endpoint, SHOWN, endpoint, why);
    return kvx_fail(err, KVX_INVALID, "`endpoint`: invalid ZMQ endpoint `%.*s`: %s", SHOWN, endpoint, why);
}

static int unsupported(const char *endpoint, struct kvx_bytes scheme, bool replay, struct kvx_error *err)
{
    char why[64];
    snprintf(why, sizeof why, "unsupported scheme `%.*s`", scheme.len < 32 ? (int)scheme.len : 32,
             scheme.data);
    return invalid(endpoint, replay, err, why);
}

static bool valid_port(const char *port)
{
    unsigned value = 0;
    for (const char *c = port; *c; c++) {
        if (!isdigit((unsigned char)*c) || c - port >= 5)
            return false;
        value = value * 10 + (unsigned)(*c - '0');
    }
    return value <= 65535;
}

/* NULL, or what is wrong with the part behind tcp://. */
static const char *check_tcp(const char *address)
{
    const char *colon;
    if (address[0] == '[') {
        const char *bracket = strchr(address, ']');
        if (!bracket)
            return "missing closing `]`";
        if (bracket == address + 1)
            return "missing TCP host";
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
    } else {
        colon = strrchr(address, ':');
        if (colon && memchr(address, ':', (size_t)(colon - address)))
            return "an IPv6 host must stand in brackets";
    }
    if (!colon || !colon[1])
        return "missing TCP port";
    if (colon == address)
        return "missing TCP host";
    if (!valid_port(colon + 1))
        return "invalid TCP port: not a number from 0 to 65535";
    if (address[0] == '*')
        return "a wildcard host can be bound, but not connected to";
    return NULL;
}

int kvx_endpoint_check(const char *endpoint, bool replay, struct kvx_error *err)
{
    const char *separator = strstr(endpoint, "://");
    if (!separator || separator == endpoint)
        return invalid(endpoint, replay, err, "missing scheme");
    struct kvx_bytes scheme = {endpoint, (size_t)(separator - endpoint)};
    const char *address = separator + 3;
    bool tcp = kvx_bytes_is(scheme, "tcp");
    if (!tcp && !kvx_bytes_is(scheme, "ipc") && !kvx_bytes_is(scheme, "inproc"))
        return unsupported(endpoint, scheme, replay, err);
    if (!*address)
        return invalid(endpoint, replay, err, "missing address");
    const char *why = tcp ? check_tcp(address) : NULL;
    return why ? invalid(endpoint, replay, err, why) : 0;
}

bool kvx_endpoint_is_ipv6(const char *endpoint)
{
    return strncmp(endpoint, "tcp://[", 7) == 0;
}

bool kvx_endpoint_is_inproc(const char *endpoint)
{
    return strncmp(endpoint, "inproc://", 9) == 0;
}
