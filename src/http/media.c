#include "media.h"

#include <strings.h>

static const char json_type[] = "application/json", protobuf_type[] = "application/x-protobuf";

/* Does a media type, with or without parameters behind it, have this name? */
static bool has_name(const char *text, size_t len, const char *name)
{
    size_t n = strlen(name);
    return len >= n && strncasecmp(text, name, n) == 0 && (len == n || strchr("; \t", text[n]));
}

/* `0.5` as 500; what is no weight counts as 1. */
static int weight(const char *p, const char *end)
{
    int value = 0, unit = 1000;
    if (p == end || (*p != '0' && *p != '1'))
        return 1000;
    value = (*p++ - '0') * unit;
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9' && unit > 1; p++)
            value += (*p - '0') * (unit /= 10);
    return value > 1000 ? 1000 : value;
}

static int weight_of(const char *range, size_t len)
{
    const char *end = range + len;
    for (const char *p = range; p < end; p++) {
        if (*p != ';')
            continue;
        do
            p++;
        while (p < end && (*p == ' ' || *p == '\t'));
        if (end - p > 2 && (*p == 'q' || *p == 'Q') && p[1] == '=')
            return weight(p + 2, end);
        p--;
    }
    return 1000;
}

static void read_range(struct accept *a, const char *range, size_t len)
{
    int *which = has_name(range, len, json_type)         ? &a->json
                 : has_name(range, len, protobuf_type)   ? &a->protobuf
                 : has_name(range, len, "application/*") ? &a->application
                 : has_name(range, len, "*/*")           ? &a->any
                                                         : NULL;
    if (which)
        *which = weight_of(range, len);
}

void accept_read(struct accept *a, const char *field)
{
    if (!a->there)
        *a = (struct accept){-1, -1, -1, -1, true};
    while (*field) {
        field += strspn(field, ", \t");
        size_t len = strcspn(field, ",");
        read_range(a, field, len);
        field += len;
    }
}

/* The weight of a type by the narrowest range that fits it; 0 when none does. */
static int wanted(const struct accept *a, int narrow)
{
    int w = narrow >= 0 ? narrow : a->application >= 0 ? a->application : a->any;
    return w < 0 ? 0 : w;
}

static bool offers(const struct kvx_http_route *route, bool for_body)
{
    return for_body ? route->protobuf_body : route->protobuf_status != 0;
}

static int body_type(const struct kvx_http_route *route, const struct content_type *type, bool *protobuf,
                     struct kvx_error *e)
{
    *protobuf = false;
    if (type->n == 0)
        return 0;
    size_t len = strlen(type->value);
    if (type->n == 1 && has_name(type->value, len, json_type))
        return 0;
    *protobuf = type->n == 1 && has_name(type->value, len, protobuf_type) && offers(route, true);
    if (*protobuf)
        return 0;
    return kvx_fail(e, KVX_MEDIA_TYPE, "the body must be JSON%s: send it with the header Content-Type: %s",
                    offers(route, true) ? " or protobuf" : "", json_type);
}

int media_choose(const struct kvx_http_route *route, const struct content_type *type,
                 const struct accept *accept, bool *protobuf, struct kvx_error *e)
{
    *protobuf = false;
    int r = route->max_body ? body_type(route, type, protobuf, e) : 0;
    if (r || !accept->there)
        return r;
    int json = wanted(accept, accept->json), binary = wanted(accept, accept->protobuf);
    bool only_binary = accept->protobuf > 0 && json == 0;
    if (!route->max_body && offers(route, false)) {
        *protobuf = accept->protobuf > 0 && (binary > json || accept->json < 0);
        return 0;
    }
    if (*protobuf && binary == 0)
        return kvx_fail(e, KVX_NOT_ACCEPTABLE,
                        "header Accept: the answer to a request in %s has that type too", protobuf_type);
    if (!*protobuf && only_binary)
        return kvx_fail(e, KVX_NOT_ACCEPTABLE, "header Accept: the answer is %s", route->media_type);
    return 0;
}
