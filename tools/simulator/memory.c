#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *sim_alloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        sim_die("out of memory for %zu items of %zu bytes", n, size);
    return p;
}

void *sim_grow(void *p, size_t n, size_t size)
{
    void *q = reallocarray(p, n ? n : 1, size);
    if (!q)
        sim_die("out of memory for %zu items of %zu bytes", n, size);
    return q;
}

void sim_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("kvindex-simulator: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}
