/* Memory for a tool: running out of it ends the process with a message, so no caller has an error path for
 * it.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stddef.h>

/* n items of `size` bytes, zeroed. Freed with free(). */
void *sim_alloc(size_t n, size_t size);
/* `p` with room for n items; the contents stay, new room is uninitialised. */
void *sim_grow(void *p, size_t n, size_t size);
/* Prints "kvindex-simulator: ..." to stderr and exits with status 1. */
_Noreturn void sim_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* SIM_MEMORY_H */
