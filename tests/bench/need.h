/* Memory for benchmarks: there, or the end of the program. */
#ifndef BENCH_NEED_H
#define BENCH_NEED_H

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

#endif /* BENCH_NEED_H */
