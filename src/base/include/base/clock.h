/* Time: monotonic for intervals, wall clock for what people read. Both in nanoseconds; any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t kvx_now_ns(void);  /* CLOCK_MONOTONIC */
uint64_t kvx_wall_ns(void); /* CLOCK_REALTIME, since 1970 */

#define KVX_MS(n) ((uint64_t)(n)*1000000u)
#define KVX_SECONDS(n) ((uint64_t)(n)*1000000000u)

#endif /* BASE_CLOCK_H */
