/* Names of the numbers in answers, the same words as in the REST API. */
#include "kvindex/client.h"

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

static const char *name_of(const char *const *names, size_t n, int number)
{
    return number >= 0 && (size_t)number < n && names[number] ? names[number] : "unknown";
}

const char *kvindex_state_name(int state)
{
    static const char *const names[] = {NULL, "connecting", "syncing", "exact", "degraded", "stale"};
    return name_of(names, COUNT(names), state);
}

const char *kvindex_reason_name(int reason)
{
    static const char *const names[] = {"",           "late_join", "gap",         "pending_dropped",
                                        "memory",     "backlog",   "two_sources", "unsequenced",
                                        "block_size", "bad_batch", "limit"};
    return name_of(names, COUNT(names), reason);
}

const char *kvindex_kind_name(int kind)
{
    static const char *const names[] = {NULL, "engine", "pool"};
    return name_of(names, COUNT(names), kind);
}

const char *kvindex_tier_name(int tier)
{
    static const char *const names[] = {NULL, "device", "host", "disk", "external"};
    return name_of(names, COUNT(names), tier);
}

const char *kvindex_code_name(int code)
{
    static const char *const names[] = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    return name_of(names, COUNT(names), code);
}
