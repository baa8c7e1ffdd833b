/* Memory for benchmarks: there, or the end of the program. */
#ifndef BENCH_NEED_H
#define BENCH_NEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *need(void *p)
{
    if (!p) {
        fprintf(stderr, "benchmark: out of memory\n");
        exit(1);
    }
    return p;
}

/* Argument i of `count`, or what is used without it. */
static inline uint32_t number_or(char **arguments, int count, int i, uint32_t otherwise)
{
    return i < count ? (uint32_t)strtoul(arguments[i], NULL, 10) : otherwise;
}

#endif /* BENCH_NEED_H */
