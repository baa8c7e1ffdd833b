#include "base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t kvx_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t kvx_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}
